//! Outlines of nuclei on level 0.
//!
//! The way along the pixel edges is `kernels::contour`'s, cut into equal lengths by the same rule;
//! here the corners are first put into the whole image (integers), and positions are computed from
//! them in f64. So an outline does not depend on the window in which it was traced, not even in its
//! last bit, which `f32` positions within a window would.

use contract::{Nucleus, Point, Size};
use kernels::contour::Corner;

/// Distance of an outline's vertices, pixels at the nuclei model's resolution: near half a
/// nucleus' smallest detail; 20 to 30 vertices for a lymphocyte at 0.5 µm/px.
const VERTEX_SPACING_PX: f64 = 1.5;

/// Where a window's pixels lie on level 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placing {
    /// First pixel of the window in the image at the card's resolution.
    pub(crate) origin: (usize, usize),
    /// Level-0 pixels of a pixel at the card's resolution.
    pub(crate) factor: f64,
    /// Level-0 size of the image: the last pixels of the card's grid may reach over its edge, an
    /// outline and a centre may not.
    pub(crate) image: Size,
}

impl Placing {
    /// The level-0 position of a centre, given in pixels of the whole image at the card's
    /// resolution; always on a pixel of the image.
    pub(crate) fn centroid(self, at: (f64, f64)) -> Point {
        let Point { x, y } = self.level_0(at);
        let last = |edge: usize| (edge as f32).next_down();
        Point { x: x.min(last(self.image.width)), y: y.min(last(self.image.height)) }
    }

    fn level_0(self, at: (f64, f64)) -> Point {
        let place = |at: f64, edge: usize| (at * self.factor).min(edge as f64) as f32;
        Point { x: place(at.0, self.image.width), y: place(at.1, self.image.height) }
    }

    /// Evenly spaced vertices along `corners`, which are one pixel edge apart and closed.
    pub(crate) fn outline(self, corners: &[Corner]) -> Vec<Point> {
        let perimeter = corners.len();
        let wanted = (perimeter as f64 / VERTEX_SPACING_PX).round() as usize;
        let wanted = wanted.clamp(3, Nucleus::VERTICES_MAX);
        (0..wanted)
            .map(|vertex| {
                let (edge, part) = (vertex * perimeter / wanted, vertex * perimeter % wanted);
                let share = part as f64 / wanted as f64;
                let from = self.in_image(corners[edge]);
                let to = self.in_image(corners[(edge + 1) % perimeter]);
                self.level_0((from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share))
            })
            .collect()
    }

    fn in_image(self, corner: Corner) -> (f64, f64) {
        let column = self.origin.0 + corner.0 as usize;
        let row = self.origin.1 + corner.1 as usize;
        (column as f64, row as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: Size = Size::new(5000, 5000);

    /// A square of 3 × 3 px whose first pixel is (1, 2).
    fn square() -> Vec<Corner> {
        let (x, y) = (1, 2);
        let top = (0..3).map(|i| (x + i, y));
        let right = (0..3).map(|i| (x + 3, y + i));
        let bottom = (0..3).map(|i| (x + 3 - i, y + 3));
        let left = (0..3).map(|i| (x, y + 3 - i));
        top.chain(right).chain(bottom).chain(left).collect()
    }

    #[test]
    fn vertices_lie_on_pixel_edges_of_level_0_at_equal_distances() {
        let placing = Placing { origin: (10, 20), factor: 2.0, image: IMAGE };

        let outline = placing.outline(&square());

        assert_eq!(outline.len(), 8);
        assert_eq!(outline[0], Point { x: 22.0, y: 44.0 });
        assert_eq!(outline[1], Point { x: 25.0, y: 44.0 });
        assert_eq!(outline[2], Point { x: 28.0, y: 44.0 });
        assert_eq!(outline[3], Point { x: 28.0, y: 47.0 });
    }

    #[test]
    fn an_outline_does_not_depend_on_the_window_it_was_traced_in() {
        let shifted: Vec<Corner> = square().iter().map(|(x, y)| (x + 77, y + 33)).collect();
        for factor in [1.0, 2.173_913_043, 0.7] {
            let one = Placing { origin: (1077, 1033), factor, image: IMAGE }.outline(&square());
            let other = Placing { origin: (1000, 1000), factor, image: IMAGE }.outline(&shifted);
            assert_eq!(one, other);
        }
    }

    #[test]
    fn nothing_reaches_over_the_image_s_edge() {
        let placing = Placing { origin: (0, 0), factor: 2.0, image: Size::new(7, 99) };

        let outline = placing.outline(&square());

        assert!(outline.iter().all(|vertex| vertex.x <= 7.0));
        assert!(outline.iter().any(|vertex| vertex.x > 6.99));
        assert!(placing.centroid((3.5, 4.0)).x < 7.0);
    }

    #[test]
    fn the_smallest_outline_is_a_triangle_and_the_longest_has_the_most_vertices() {
        let placing = Placing { origin: (0, 0), factor: 1.0, image: IMAGE };

        assert_eq!(placing.outline(&[(0, 0), (1, 0), (1, 1), (0, 1)]).len(), 3);
        let long: Vec<Corner> =
            (0..2000).map(|i| (i, 0)).chain((0..2000).map(|i| (2000 - i, 1))).collect();
        assert_eq!(placing.outline(&long).len(), Nucleus::VERTICES_MAX);
    }
}
