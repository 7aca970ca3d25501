//! Resampling to the resolution that a network was trained at.
//!
//! **Contract.** There is one output grid for the whole image: with `f = to / from`, output pixel
//! `i` covers the level-0 interval `[i·f, (i+1)·f)` of its axis. `f` is held as a 32.32 fixed-point
//! number ([`Resampler::factor`] gives it back exactly), so that a boundary is an integer and the
//! same on every machine.
//!
//! - `f ≥ 1`: area average. The weight of a level-0 pixel is the length that it shares with the
//!   interval; the lengths' running sum is scaled to 4096 and rounded half up, so that weights are
//!   integers and always sum to 4096.
//! - `f < 1`: linear between the two pixels whose centres enclose the output pixel's centre, the
//!   outermost pixel repeated at the border, weights of 4096 in all.
//! - Both axes are applied without rounding in between: value = (Σ wy·wx·p + 2²³) >> 24.
//! - Past the image's end the interval is cut to the image, so the last row and column are the
//!   average of what is there.
//!
//! **Invariant:** the value of an output pixel depends on its place in the image alone, not on the
//! window that it is computed in, as long as the window's source holds
//! [`Resampler::source_span`].

mod cpu;
mod taps;

use std::ops::Range;

use contract::{Mpp, RgbImage, Size};

/// Fractional bits of the grid factor.
const FRACTION_BITS: u32 = 32;

/// The output grid of an image, and how its pixels are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resampler {
    /// Level-0 pixels of an output pixel's edge, 32.32 fixed point.
    step: u64,
}

/// Where a part of the source, and the wanted part of the output, stand in their grids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Placement {
    source_origin: (usize, usize),
    out_origin: (usize, usize),
    out: Size,
}

impl Resampler {
    /// The grid of resolution `to` over an image of resolution `from`.
    pub fn new(from: Mpp, to: Mpp) -> Self {
        Self::by(to.um_per_px() / from.um_per_px())
    }

    /// The grid whose pixels have an edge of `factor` pixels of the image.
    ///
    /// # Panics
    /// If `factor` is not from 1/128 to 65,536, which is far beyond any two believable resolutions.
    pub fn by(factor: f64) -> Self {
        assert!((1.0 / 128.0..=65_536.0).contains(&factor), "a grid factor of {factor}");
        Self { step: (factor * f64::from(FRACTION_BITS).exp2()).round() as u64 }
    }

    /// Level-0 pixels of an output pixel's edge, exactly as the grid uses it: position `x` on the
    /// output grid is position `x * factor` on the level-0 grid.
    pub fn factor(self) -> f64 {
        self.step as f64 / f64::from(FRACTION_BITS).exp2()
    }

    /// The size of the whole output: as many pixels as cover the image, the last ones cut.
    pub fn output_size(self, source: Size) -> Size {
        Size::new(self.output_len(source.width), self.output_len(source.height))
    }

    /// The level-0 pixels that the output pixels `out` need, along one axis of an image that is
    /// `source_len` long.
    pub fn source_span(self, out: Range<usize>, source_len: usize) -> Range<usize> {
        if out.is_empty() || source_len == 0 {
            return 0..0;
        }
        let first = self.interval_of(out.start, source_len);
        let last = self.interval_of(out.end - 1, source_len);
        first.start..last.end
    }

    /// The output pixels from `out_origin` on, `out` many, computed from `source`, whose first
    /// pixel is level-0 pixel `source_origin`.
    ///
    /// `source` must hold [`Resampler::source_span`] of both axes; where it does not, the nearest
    /// pixels that it has are taken in place of the missing ones.
    ///
    /// # Panics
    /// If `source` has no pixels and `out` has some.
    pub fn window(
        self,
        source: &RgbImage,
        source_origin: (usize, usize),
        out_origin: (usize, usize),
        out: Size,
    ) -> RgbImage {
        assert!(
            out.pixels() == 0 || source.size().pixels() > 0,
            "pixels cannot be resampled from an image that has none"
        );
        cpu::window(self, source, Placement { source_origin, out_origin, out })
    }

    fn output_len(self, source_len: usize) -> usize {
        let length = (source_len as u128) << FRACTION_BITS;
        length.div_ceil(u128::from(self.step)) as usize
    }

    /// The level-0 pixels under output pixel `index`, not empty, within `0..source_len`.
    fn interval_of(self, index: usize, source_len: usize) -> Range<usize> {
        let touched = taps::touched(self.step, index);
        let start = touched.start.min(source_len - 1);
        start..touched.end.clamp(start + 1, source_len)
    }
}

#[cfg(test)]
mod tests;
