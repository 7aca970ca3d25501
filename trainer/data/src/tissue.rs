//! Weak tissue labels from the density of nuclei, and batches of them.

use std::sync::Arc;

use contract::{Mpp, RgbImage, Size};
use serde::{Deserialize, Serialize};

use crate::augment::Augmentation;
use crate::batch::{BatchError, Batches, PlanError, Station};
use crate::{Dot, Sample};

/// How density becomes tissue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TissueRules {
    /// Resolution of the labels.
    pub mpp: Mpp,
    /// Standard deviation of the smoothing of the dots, µm.
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

/// Label of tumour tissue.
pub const TUMOUR: u8 = 0;
/// Label of stroma.
pub const STROMA: u8 = 1;
/// Label of glass.
pub const GLASS: u8 = 2;

/// An image with tissue labels.
#[derive(Clone, Debug, PartialEq)]
pub struct TissueSample {
    /// Its source.
    pub set: String,
    /// Its name.
    pub name: String,
    /// At the rules' resolution.
    pub image: RgbImage,
    /// Row-major: [`TUMOUR`], [`STROMA`], [`GLASS`], 255 unknown.
    pub labels: Vec<u8>,
}

/// Labels the tissue of `sample` from `nuclei` (its own dots, or what a network found).
pub fn label(sample: &Sample, nuclei: &[Dot], rules: &TissueRules) -> TissueSample {
    let _ = (sample, nuclei, rules);
    unimplemented!("being written")
}

/// How batches of tissue are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TissueBatchPlan {
    /// Crops in a batch.
    pub count: usize,
    /// Edge of a crop, px at the rules' resolution.
    pub crop_px: usize,
    /// Mean of red, green and blue, 0 to 1.
    pub mean: [f32; 3],
    /// Standard deviation of red, green and blue.
    pub std: [f32; 3],
    /// What is changed at random.
    pub augmentation: Augmentation,
}

/// A batch of tissue.
#[derive(Clone, Debug, PartialEq)]
pub struct TissueBatch {
    /// Crops.
    pub count: usize,
    /// Size of each.
    pub size: Size,
    /// `[count, 3, height, width]`: (value / 255 − mean) / std.
    pub images: Vec<f32>,
    /// `[count, height, width]`: class, 255 unknown.
    pub labels: Vec<u8>,
}

/// Batches of tissue.
#[derive(Debug)]
pub struct TissueBatches {
    samples: Vec<Arc<TissueSample>>,
    plan: TissueBatchPlan,
    seed: u64,
}

impl TissueBatches {
    /// Batches of crops of `samples` as `plan` says.
    pub fn new(
        samples: Vec<Arc<TissueSample>>,
        plan: TissueBatchPlan,
        seed: u64,
    ) -> Result<Self, PlanError> {
        Ok(Self { samples, plan, seed })
    }
}

impl Batches for TissueBatches {
    type Batch = TissueBatch;

    fn batch(&self, n: u64, station: &Station) -> Result<TissueBatch, BatchError> {
        let _ = (n, station, &self.samples, &self.plan, self.seed);
        unimplemented!("being written")
    }
}
