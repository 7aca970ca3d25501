//! Targets from dots: what a point in a nucleus says about the pixels around it.

use contract::Size;

use super::object::{BACKGROUND, IGNORED, ObjectMap};
use super::{IGNORE, PixelRadii};
use crate::Dot;
use crate::sample::UNKNOWN;

/// The nearest dot of a pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Nearest {
    /// Squared distance from the pixel's centre, px²; infinite where no dot is within reach.
    pub(crate) squared: f64,
    /// Index of the dot.
    pub(crate) dot: usize,
}

/// The nearest dot of each pixel, row-major, as far as one lies within `reach` px; of two
/// equally near ones the first.
pub(crate) fn nearest_dots(size: Size, dots: &[Dot], reach: f64) -> Vec<Nearest> {
    let mut nearest = vec![Nearest { squared: f64::INFINITY, dot: 0 }; size.pixels()];
    for (index, dot) in dots.iter().enumerate() {
        for y in around(dot.y, reach, size.height) {
            for x in around(dot.x, reach, size.width) {
                let (dx, dy) = (x as f64 + 0.5 - dot.x, y as f64 + 0.5 - dot.y);
                let squared = dx * dx + dy * dy;
                let known = &mut nearest[y * size.width + x];
                if squared <= reach * reach && squared < known.squared {
                    *known = Nearest { squared, dot: index };
                }
            }
        }
    }
    nearest
}

/// The targets of an image of `size` with `dots`: `np` 1 within the radius of a nucleus, 0 beyond
/// that of background, unknown between; the nearest dot's class within the radius of a class.
pub(super) fn of_dots(size: Size, dots: &[Dot], radii: &PixelRadii) -> ObjectMap {
    let mut map = ObjectMap::filled(size, BACKGROUND);
    map.landmarks = dots
        .iter()
        .filter(|dot| dot.class != UNKNOWN)
        .map(|dot| (dot.class, [dot.x as f32, dot.y as f32]))
        .collect();
    let core = map.add_one_for_each_class(1);
    let rim = map.add_one_for_each_class(IGNORE);
    for (id, near) in map.ids.iter_mut().zip(nearest_dots(size, dots, radii.background)) {
        if near.squared.is_infinite() {
            continue;
        }
        let class = dots[near.dot].class;
        *id = if near.squared <= radii.nucleus * radii.nucleus {
            core(class)
        } else if near.squared <= radii.class * radii.class && class != UNKNOWN {
            rim(class)
        } else {
            IGNORED
        };
    }
    map
}

/// The pixels whose centres lie within `reach` of `position`, cut to the image.
fn around(position: f64, reach: f64, length: usize) -> std::ops::Range<usize> {
    // Saturating casts: before the image is 0.
    let first = (position - reach - 0.5).ceil() as usize;
    let end = (position + reach + 0.5).ceil() as usize;
    first.min(length)..end.min(length)
}
