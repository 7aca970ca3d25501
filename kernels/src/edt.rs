//! The exact Euclidean distance transform.
//!
//! **Contract.** The distance of a pixel is that between its centre and the centre of the nearest
//! set pixel, squared, an integer; 0 on set pixels, [`FAR`] where the mask has none. Squared
//! distances above `FAR - 1` saturate there (images beyond 46,340 px on an edge).
//!
//! Meijster, Roerdink, Hesselink 2000: distances along columns, then the lower envelope of one
//! parabola per column along each row. All in integers, so the order does not matter.

mod cpu;

use contract::Size;

use crate::Mask;

/// The squared distance where there is nothing to be near to.
pub const FAR: u32 = u32::MAX;

/// Squared distances of an image's pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distances {
    size: Size,
    squared: Vec<u32>,
}

impl Distances {
    /// Width and height.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Squared distances in px², row-major.
    pub fn squared(&self) -> &[u32] {
        &self.squared
    }

    /// The squared distance at column `x`, row `y`.
    pub fn at(&self, x: usize, y: usize) -> u32 {
        self.squared[y * self.size.width + x]
    }
}

/// Squared distances to the nearest set pixel.
pub fn to_set(mask: &Mask) -> Distances {
    Distances { size: mask.size(), squared: cpu::squared(mask, 0) }
}

/// Squared distances to the nearest pixel that is not set, which is 0 outside of the mask.
/// What lies beyond the image is no pixel, so the image's border is no edge.
pub fn to_clear(mask: &Mask) -> Distances {
    Distances { size: mask.size(), squared: cpu::squared(mask, !0) }
}

/// Signed distances in px: from outside to the nearest set pixel, positive; from inside to the
/// nearest pixel that is not set, negative. Infinite where there is none. For rings around a mask.
pub fn signed(mask: &Mask) -> Vec<f32> {
    let (outside, inside) = (to_set(mask), to_clear(mask));
    let root = |squared: u32| if squared == FAR { f32::INFINITY } else { (squared as f32).sqrt() };
    outside
        .squared
        .into_iter()
        .zip(inside.squared)
        .map(|(outside, inside)| if outside > 0 { root(outside) } else { -root(inside) })
        .collect()
}

#[cfg(test)]
mod tests;
