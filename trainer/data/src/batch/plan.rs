//! What a plan says of batches, and its checks.

use std::collections::BTreeMap;

use contract::Mpp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::augment::Augmentation;

/// Edge of a crop at most, px: its maps must fit in memory many times over.
const CROP_PX_MAX: usize = 4096;
/// Crops in a batch at most.
const COUNT_MAX: usize = 4096;

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
    /// Share of the crops that are laid around a nucleus of a class drawn evenly among the
    /// classes that occur in the drawn source; the others lie anywhere. 0 to 1.
    pub class_balance: f64,
    /// What is changed at random.
    pub augmentation: Augmentation,
}

/// A plan of batches that cannot be followed, with all its faults.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("batches cannot be made as planned: {}", .0.join("; "))]
pub struct PlanError(pub Vec<String>);

/// The part of a plan that every kind of batch has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) count: usize,
    pub(crate) crop_px: usize,
    pub(crate) mpp: Mpp,
    pub(crate) mean: [f32; 3],
    pub(crate) std: [f32; 3],
    pub(crate) augmentation: &'a Augmentation,
}

impl Frame<'_> {
    /// Names every field that is out of its bounds.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = self.augmentation.faults(self.mpp);
        let mut bound = |name: &str, value: usize, max: usize| {
            if !(1..=max).contains(&value) {
                faults.push(format!("{name} is {value}, not 1 to {max}"));
            }
        };
        bound("count", self.count, COUNT_MAX);
        bound("crop_px", self.crop_px, CROP_PX_MAX);
        if !self.mean.iter().all(|mean| mean.is_finite()) {
            faults.push(format!("mean is {:?}, not three numbers", self.mean));
        }
        if !self.std.iter().all(|std| std.is_finite() && *std > 0.0) {
            faults.push(format!("std is {:?}, not three positive numbers", self.std));
        }
        faults
    }
}

impl BatchPlan {
    pub(super) fn frame(&self) -> Frame<'_> {
        Frame {
            count: self.count,
            crop_px: self.crop_px,
            mpp: self.mpp,
            mean: self.mean,
            std: self.std,
            augmentation: &self.augmentation,
        }
    }

    /// Names every field that is out of its bounds.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = self.frame().faults();
        if !(0.0..=1.0).contains(&self.class_balance) {
            faults.push(format!("class_balance is {}, not 0 to 1", self.class_balance));
        }
        for (set, share) in &self.shares {
            if !(share.is_finite() && *share >= 0.0) {
                faults.push(format!("shares.{set} is {share}, not 0 or more"));
            }
        }
        if !self.shares.values().any(|share| *share > 0.0) {
            faults.push("shares has no source with a share above 0".into());
        }
        faults
    }
}
