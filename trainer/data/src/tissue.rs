//! Tissue labels, weak and annotated, and batches of them.
//!
//! Weak labels: where nuclei are dense, their smoothed density says what the tissue is; glass is
//! told by its brightness. Published tissue labels ([`annotated`]) are taken as they are.

mod batch;
mod label;

use contract::{Mpp, RgbImage};
use serde::{Deserialize, Serialize};

pub use batch::{TissueBatch, TissueBatchPlan, TissueBatches};
pub use label::{annotated, label};

/// Label of tumour tissue, of the weak labels.
pub const TUMOUR: u8 = 0;
/// Label of stroma, lymphocytes with it, of the weak labels.
pub const STROMA: u8 = 1;
/// Label of glass, of the weak labels.
pub const GLASS: u8 = 2;

/// How density becomes tissue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TissueRules {
    /// Resolution of the labels.
    pub mpp: Mpp,
    /// Standard deviation of the smoothing of the nuclei, µm.
    pub sigma_um: f64,
    /// Index of the nucleus class that counts as tumour.
    pub tumour_class: u8,
    /// Tumour where its part of the density is above this.
    pub tumour_part_min: f64,
    /// Stroma where the tumour's part is below this.
    pub stroma_part_max: f64,
    /// Unknown where there are fewer nuclei per mm².
    pub density_min_per_mm2: f64,
    /// Glass where the smoothed grey level is above this, 0 to 255,
    pub glass_grey_min: f64,
    /// and there are fewer nuclei per mm² than this.
    pub glass_density_max_per_mm2: f64,
    /// Standard deviation of the smoothing of the grey level, µm.
    pub glass_sigma_um: f64,
}

/// An image with tissue labels.
#[derive(Clone, Debug, PartialEq)]
pub struct TissueSample {
    /// Its source.
    pub set: String,
    /// Its name.
    pub name: String,
    /// Resolution of image and labels.
    pub mpp: Mpp,
    /// The image.
    pub image: RgbImage,
    /// Row-major: index of the tissue class, 255 unknown.
    pub labels: Vec<u8>,
}

#[cfg(test)]
mod tests;
