//! Physical resolution of an image.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Micrometres per pixel, believable: from [`Mpp::MIN`] to [`Mpp::MAX`].
///
/// Scanners write 0.1 to 0.5; an overview has up to 4. A TIFF that was never
/// given a resolution claims 352.8 (72 dpi), which is why there are bounds.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "f64", into = "f64")]
#[schemars(with = "f64", extend("minimum" = 0.05, "maximum" = 4.0))]
pub struct Mpp(f64);

/// Why a number is no believable resolution.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
#[error("{0} µm/px is outside the believable {min} to {max} µm/px", min = Mpp::MIN, max = Mpp::MAX)]
pub struct MppError(pub f64);

impl Mpp {
    /// The finest resolution believed, µm/px.
    pub const MIN: f64 = 0.05;
    /// The coarsest resolution believed, µm/px.
    pub const MAX: f64 = 4.0;

    /// Takes `um_per_px` if it is believable.
    pub fn new(um_per_px: f64) -> Result<Self, MppError> {
        // A NaN is in no range.
        if (Self::MIN..=Self::MAX).contains(&um_per_px) {
            Ok(Self(um_per_px))
        } else {
            Err(MppError(um_per_px))
        }
    }

    /// Micrometres per pixel.
    pub fn um_per_px(self) -> f64 {
        self.0
    }

    /// Square micrometres of one pixel.
    pub fn um2_per_px(self) -> f64 {
        self.0 * self.0
    }

    /// Square millimetres that `pixels` cover.
    pub fn area_mm2(self, pixels: u64) -> f64 {
        pixels as f64 * self.um2_per_px() * 1e-6
    }
}

impl TryFrom<f64> for Mpp {
    type Error = MppError;

    fn try_from(um_per_px: f64) -> Result<Self, MppError> {
        Self::new(um_per_px)
    }
}

impl From<Mpp> for f64 {
    fn from(mpp: Mpp) -> Self {
        mpp.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolution_outside_the_believable_range_is_refused() {
        for wrong in [0.0, -0.25, 0.049, 4.01, 352.8, f64::NAN, f64::INFINITY] {
            assert!(Mpp::new(wrong).is_err(), "{wrong}");
        }
        for right in [0.05, 0.23, 0.25, 0.5, 4.0] {
            assert!(Mpp::new(right).is_ok(), "{right}");
        }
    }

    #[test]
    fn a_square_millimetre_at_a_quarter_micrometre_has_16_million_pixels() {
        let mpp = Mpp::new(0.25).unwrap();

        assert!((mpp.area_mm2(16_000_000) - 1.0).abs() < 1e-12);
    }
}
