//! Batches of crops, and the loader that has them ready in time.
//!
//! **Invariant:** batch n is a pure function of (plan, samples, seed, n): crop i of it is drawn
//! from the stream of (seed, n, i) and nothing else.

mod loader;
mod nuclei;
mod plan;

use contract::Size;
use thiserror::Error;

pub use loader::{Loader, LoaderError, LoaderOptions, Stage, Station};
pub use nuclei::NucleiBatches;
pub(crate) use plan::Frame;
pub use plan::{BatchPlan, PlanError};

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
