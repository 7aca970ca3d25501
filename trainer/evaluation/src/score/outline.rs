//! Outlines of nuclei as points and as a map of instances.

use contract::Size;
use data::source::polygon;

use crate::puma::Polygon;

/// Pixels of a map of instances at most: 8192², 256 MB for each of the two maps.
pub const MAP_PIXELS_MAX: usize = 1 << 26;

/// The centre of area of an outline, in its pixels; of one without an area the mean of its
/// vertices.
pub(super) fn centre(outline: &[[f64; 2]]) -> (f64, f64) {
    let Some(&[x0, y0]) = outline.first() else { return (f64::NAN, f64::NAN) };
    let next = outline.iter().cycle().skip(1);
    let (mut twice_area, mut x_sum, mut y_sum) = (0.0, 0.0, 0.0);
    for (a, b) in outline.iter().zip(next) {
        // About the first vertex, so that nothing is lost far from the origin.
        let (ax, ay, bx, by) = (a[0] - x0, a[1] - y0, b[0] - x0, b[1] - y0);
        let cross = ax * by - bx * ay;
        twice_area += cross;
        x_sum += (ax + bx) * cross;
        y_sum += (ay + by) * cross;
    }
    if twice_area == 0.0 {
        return mean(outline);
    }
    (x0 + x_sum / (3.0 * twice_area), y0 + y_sum / (3.0 * twice_area))
}

/// The smallest image from the origin that holds all `outlines`; none where that is more than
/// [`MAP_PIXELS_MAX`].
pub(super) fn extent<'a>(outlines: impl Iterator<Item = &'a Polygon>) -> Option<Size> {
    let points = outlines.flat_map(|polygon| &polygon.points);
    let (x, y) = points.fold((0.0_f64, 0.0_f64), |(x, y), p| (x.max(p[0]), y.max(p[1])));
    // A saturating cast: what is beyond belief is refused by its product.
    let size = Size::new(x.ceil() as usize, y.ceil() as usize);
    let pixels = size.width.checked_mul(size.height)?;
    (pixels <= MAP_PIXELS_MAX).then_some(size)
}

/// Nucleus n of `outlines`, counted from 1, by its pixels. What lies left of the image or above it
/// is cut; where two outlines share a pixel, the later has it.
pub(super) fn map<'a>(outlines: impl Iterator<Item = &'a Polygon>, size: Size) -> Vec<u32> {
    let mut labels = vec![0; size.pixels()];
    for (label, outline) in (1..).zip(outlines) {
        let ring = std::iter::once(outline.points.as_slice());
        polygon::fill(ring, size, |at| labels[at] = label);
    }
    labels
}

fn mean(outline: &[[f64; 2]]) -> (f64, f64) {
    let count = outline.len() as f64;
    let (x, y) = outline.iter().fold((0.0, 0.0), |(x, y), p| (x + p[0], y + p[1]));
    (x / count, y / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_centre_of_area_does_not_depend_on_the_spacing_of_vertices() {
        let square = [[0.0, 0.0], [8.0, 0.0], [8.0, 8.0], [0.0, 8.0]];
        let uneven = [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [8.0, 0.0], [8.0, 8.0], [0.0, 8.0]];

        assert_eq!(centre(&square), (4.0, 4.0));
        assert_eq!(centre(&uneven), (4.0, 4.0));
        assert_eq!(centre(&[[0.0, 0.0], [4.0, 2.0]]), (2.0, 1.0));
    }

    #[test]
    fn later_outlines_lie_over_earlier_ones_and_are_cut_to_the_image() {
        let nuclei = [square(-2.0, 2.0), square(1.0, 2.0)];

        let size = extent(nuclei.iter()).unwrap();

        assert_eq!((size.width, size.height), (3, 3));
        assert_eq!(map(nuclei.iter(), size), [1, 1, 0, 1, 2, 2, 0, 2, 2]);
    }

    #[test]
    fn an_extent_that_no_memory_holds_is_none() {
        assert_eq!(extent([square(1e300, 1.0)].iter()), None);
        assert_eq!(extent([square(8192.0, 1.0)].iter()), None);
        assert_eq!(extent(std::iter::empty()), Some(Size::new(0, 0)));
    }

    /// A square with its upper left corner at (`at`, `at`), of which `edge` below it and beside it.
    fn square(at: f64, edge: f64) -> Polygon {
        let to = if at < 0.0 { edge } else { at + edge };
        let points = vec![[at, at], [to, at], [to, to], [at, to]];
        Polygon { class: "a".into(), score: 1.0, points }
    }
}
