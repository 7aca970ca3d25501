//! Polygons to pixels.
//!
//! A pixel is inside where its centre is, by the even-odd rule over all rings; a centre on an
//! edge belongs to the side that lies to the right of it and below.

use contract::Size;

/// Calls `paint` with the index of every pixel of an image of `size` that is inside `rings`.
///
/// A ring is positions, closed or not, each of x and y in pixels.
///
/// # Panics
/// If a position has fewer than two numbers.
pub fn fill<'a, P: AsRef<[f64]> + 'a>(
    rings: impl Iterator<Item = &'a [P]>,
    size: Size,
    mut paint: impl FnMut(usize),
) {
    let edges: Vec<Edge> = rings.flat_map(edges_of).collect();
    let top = edges.iter().map(|edge| edge.top).fold(f64::INFINITY, f64::min);
    let bottom = edges.iter().map(|edge| edge.bottom).fold(f64::NEG_INFINITY, f64::max);
    let rows = first_centre(top, size.height)..first_centre(bottom, size.height);

    let mut crossings = Vec::new();
    for row in rows {
        let y = row as f64 + 0.5;
        crossings.clear();
        crossings.extend(edges.iter().filter(|edge| edge.crosses(y)).map(|edge| edge.x_at(y)));
        crossings.sort_unstable_by(f64::total_cmp);
        for pair in crossings.chunks_exact(2) {
            let span = first_centre(pair[0], size.width)..first_centre(pair[1], size.width);
            span.for_each(|column| paint(row * size.width + column));
        }
    }
}

struct Edge {
    top: f64,
    bottom: f64,
    x_top: f64,
    x_per_row: f64,
}

impl Edge {
    /// Half-open, so that a vertex on the line is crossed once.
    fn crosses(&self, y: f64) -> bool {
        self.top <= y && y < self.bottom
    }

    fn x_at(&self, y: f64) -> f64 {
        self.x_top + (y - self.top) * self.x_per_row
    }
}

fn edges_of<P: AsRef<[f64]>>(ring: &[P]) -> impl Iterator<Item = Edge> {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).filter_map(|(a, b)| {
        let (a, b) = (a.as_ref(), b.as_ref());
        let (upper, lower) = if a[1] <= b[1] { (a, b) } else { (b, a) };
        let height = lower[1] - upper[1];
        (height > 0.0).then(|| Edge {
            top: upper[1],
            bottom: lower[1],
            x_top: upper[0],
            x_per_row: (lower[0] - upper[0]) / height,
        })
    })
}

/// The first pixel whose centre is not before `position`, cut to the image.
fn first_centre(position: f64, length: usize) -> usize {
    // A saturating cast: below the image is 0, beyond it is its end.
    ((position - 0.5).ceil() as usize).min(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Ring = Vec<[f64; 2]>;

    fn filled(rings: &[Ring], size: Size) -> Vec<u8> {
        let mut map = vec![0; size.pixels()];
        fill(rings.iter().map(Vec::as_slice), size, |at| map[at] += 1);
        map
    }

    fn ring(points: &[[f64; 2]]) -> Ring {
        points.to_vec()
    }

    #[test]
    fn a_square_covers_the_pixels_between_its_corners() {
        let square = ring(&[[1.0, 1.0], [3.0, 1.0], [3.0, 2.0], [1.0, 2.0], [1.0, 1.0]]);

        assert_eq!(filled(&[square], Size::new(4, 3)), [0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_hole_stays_empty_and_what_is_outside_is_cut() {
        let outer = ring(&[[-9.0, -9.0], [9e9, -9.0], [9e9, 9.0], [-9.0, 9.0]]);
        let hole = ring(&[[1.0, 1.0], [2.0, 1.0], [2.0, 2.0], [1.0, 2.0]]);

        assert_eq!(filled(&[outer, hole], Size::new(3, 3)), [1, 1, 1, 1, 0, 1, 1, 1, 1]);
    }

    proptest! {
        /// The even-odd rule by its definition: a ray to the left crosses an odd number of edges.
        #[test]
        fn a_pixel_is_inside_where_a_ray_from_its_centre_crosses_an_odd_number_of_edges(
            points in prop::collection::vec((-2_i32..12, -2_i32..12), 1..9),
        ) {
            let points: Vec<[f64; 2]> =
                points.iter().map(|&(x, y)| [f64::from(x) / 1.3, f64::from(y) / 1.7]).collect();
            let size = Size::new(8, 8);

            let map = filled(&[ring(&points)], size);

            for (at, &inside) in map.iter().enumerate() {
                let (x, y) = ((at % 8) as f64 + 0.5, (at / 8) as f64 + 0.5);
                let crossings: Vec<f64> = (0..points.len())
                    .map(|i| (points[i], points[(i + 1) % points.len()]))
                    .filter(|([_, y0], [_, y1])| (*y0 <= y) != (*y1 <= y))
                    .map(|([x0, y0], [x1, y1])| x0 + (y - y0) / (y1 - y0) * (x1 - x0))
                    .collect();
                // A centre on an edge is on either side, by the last bit.
                if crossings.iter().all(|crossing| (crossing - x).abs() > 1e-9) {
                    let left = crossings.iter().filter(|crossing| **crossing < x).count();
                    prop_assert_eq!(usize::from(inside), left % 2, "pixel {}", at);
                }
            }
        }
    }
}
