//! Parameters of the post-processing, as a model card states them.
//!
//! Lengths are in pixels *of the card's resolution* (the pipeline resamples to
//! it), areas in µm². There is no default for any of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which chain turns a network's maps into instances or tissue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "chain", rename_all = "snake_case")]
pub enum Chain {
    /// Nuclei from `np` and `hv`: HoVer-Net (Graham et al. 2019).
    Hover(Hover),
    /// Nuclei from `np` and `dist`.
    Distance(Distance),
    /// Tissue from class maps in overlapping windows.
    Windows(Windows),
}

/// HoVer-Net's chain under the deterministic watershed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hover {
    /// A pixel is nucleus where `np` is at least this.
    pub np_threshold: f32,
    /// Width of the Sobel filter, odd, 3 to 31.
    pub sobel_px: u32,
    /// Least and greatest value of the horizontal gradient: `hv`'s first map under the Sobel filter
    /// with its taps scaled by `2^-(sobel_px - 1)`. Measured once over the training tiles at
    /// export, so that a nucleus does not depend on the tile that it is found in.
    pub gradient_h: [f32; 2],
    /// The same for the vertical gradient of `hv`'s second map.
    pub gradient_v: [f32; 2],
    /// A pixel is a boundary, and no marker, where the gradient, scaled by these bounds and turned
    /// over, is at least this.
    pub boundary_threshold: f32,
    /// Diameter of the elliptic opening of the markers: 0 (none), 3 or 5.
    pub opening_px: u32,
    /// Smallest marker, µm².
    pub marker_area_min_um2: f32,
    /// Smallest nucleus, µm².
    pub nucleus_area_min_um2: f32,
}

/// The chain over a normalised distance map: smoothing, h-domes as markers, watershed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Distance {
    /// A pixel is nucleus where `np` is at least this.
    pub np_threshold: f32,
    /// Standard deviation of the Gaussian on the distance map, 0 to 5.
    pub smoothing_sigma_px: f32,
    /// Height of the domes that become markers, in units of the distance map.
    pub dome_height: f32,
    /// No marker where the smoothed distance is below this.
    pub marker_floor: f32,
    /// Smallest nucleus, µm².
    pub nucleus_area_min_um2: f32,
}

/// Tissue windows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Windows {
    /// Class that glass gets, by name: where the smoothed grey level is above
    /// `glass_grey_min` the network is not asked.
    pub glass_class: String,
    /// Grey level, 0 to 255.
    pub glass_grey_min: f32,
}
