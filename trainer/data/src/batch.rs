//! Batches of crops, and the loader that has them ready in time.

mod loader;

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::{Mpp, Size};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::augment::Augmentation;
use crate::target::Prepared;
pub use loader::{Loader, LoaderError, LoaderOptions, Stage, Station};

/// What makes batches: number n is always the same.
pub trait Batches: Send + Sync + 'static {
    /// What it makes.
    type Batch: Send + 'static;

    /// Makes batch `n`, telling `station` what it works on.
    fn batch(&self, n: u64, station: &Station) -> Result<Self::Batch, BatchError>;
}

/// Why a batch cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("sample {sample}: {reason}")]
pub struct BatchError {
    /// The sample that cannot be used.
    pub sample: String,
    /// Why.
    pub reason: String,
}

/// How batches of nuclei are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchPlan {
    /// Crops in a batch.
    pub count: usize,
    /// Edge of a crop, px at `mpp`.
    pub crop_px: usize,
    /// Resolution of the network's input.
    pub mpp: Mpp,
    /// Mean of red, green and blue, 0 to 1: the card's.
    pub mean: [f32; 3],
    /// Standard deviation of red, green and blue: the card's.
    pub std: [f32; 3],
    /// Share of each source among the crops; scaled to a sum of 1.
    pub shares: BTreeMap<String, f64>,
    /// Share of the crops that are centred on a nucleus of a class drawn evenly among the
    /// classes that occur in the drawn source; the others lie anywhere. 0 to 1.
    pub class_balance: f64,
    /// What is changed at random.
    pub augmentation: Augmentation,
}

/// A batch: `count` crops of `size`. All maps are row-major, one crop after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Crops.
    pub count: usize,
    /// Size of each.
    pub size: Size,
    /// `[count, 3, height, width]`: (value / 255 − mean) / std.
    pub images: Vec<f32>,
    /// `[count, height, width]`: 0 background, 1 nucleus, 255 unknown.
    pub np: Vec<u8>,
    /// `[count, 2, height, width]`: h, then v, -1 to 1; 0 outside nuclei (HoVer-Net).
    pub hv: Vec<f32>,
    /// `[count, height, width]`: distance to the nucleus' edge over the greatest in it, 0 to 1.
    pub dist: Vec<f32>,
    /// `[count, height, width]`: distance to the nucleus' edge, px of the crop; 0 outside.
    pub edge: Vec<f32>,
    /// `[count, height, width]`: index into the plan's classes, 255 unknown.
    pub class: Vec<u8>,
    /// `[count]`: whether every nucleus is outlined (`hv`, `dist`, `edge` train only then).
    pub annotated: Vec<bool>,
}

/// Why a plan of batches cannot be followed.
#[derive(Debug, Error)]
#[error("batches: {0}")]
pub struct PlanError(pub String);

/// Batches of nuclei.
#[derive(Debug)]
pub struct NucleiBatches {
    samples: Vec<Arc<Prepared>>,
    plan: BatchPlan,
    seed: u64,
}

impl NucleiBatches {
    /// Batches of crops of `samples` as `plan` says.
    pub fn new(samples: Vec<Arc<Prepared>>, plan: BatchPlan, seed: u64) -> Result<Self, PlanError> {
        Ok(Self { samples, plan, seed })
    }
}

impl Batches for NucleiBatches {
    type Batch = Batch;

    fn batch(&self, n: u64, station: &Station) -> Result<Batch, BatchError> {
        let _ = (n, station, &self.samples, &self.plan, self.seed);
        unimplemented!("being written")
    }
}
