//! Batches of tissue.

use std::sync::Arc;

use contract::{Mpp, Size};
use serde::{Deserialize, Serialize};

use super::TissueSample;
use crate::augment::{
    Aim, Augmentation, Cutter, OUTSIDE, Painter, Source, StainPool, StainStatistics,
};
use crate::batch::{BatchError, Batches, Frame, PlanError, Stage, Station};
use crate::random::Random;
use crate::sample::UNKNOWN;

/// How batches of tissue are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TissueBatchPlan {
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
    /// What is changed at random.
    pub augmentation: Augmentation,
}

/// A batch of tissue: `count` crops of `size`, one after the other.
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

/// Batches of crops of tissue; every sample is as likely as any other. Where stains are moved, an
/// image's group is its source.
#[derive(Debug)]
pub struct TissueBatches {
    samples: Vec<Arc<TissueSample>>,
    /// The stains of each sample.
    statistics: Vec<StainStatistics>,
    stains: Option<StainPool>,
    cutter: Cutter,
    painter: Painter,
    count: usize,
    seed: u64,
}

impl TissueBatches {
    /// Batches of crops of `samples` as `plan` says.
    pub fn new(
        samples: Vec<Arc<TissueSample>>,
        plan: TissueBatchPlan,
        seed: u64,
    ) -> Result<Self, PlanError> {
        let TissueBatchPlan { count, crop_px, mpp, mean, std, ref augmentation } = plan;
        let mut faults = Frame { count, crop_px, mpp, mean, std, augmentation }.faults();
        if samples.is_empty() {
            faults.push("there is no image to learn from".into());
        }
        for sample in &samples {
            let pixels = sample.image.size().pixels();
            if pixels == 0 || sample.labels.len() != pixels {
                let labels = sample.labels.len();
                faults.push(format!("{} has {pixels} pixels and {labels} labels", sample.name));
            }
        }
        if !faults.is_empty() {
            return Err(PlanError(faults));
        }
        let statistics: Vec<StainStatistics> =
            samples.iter().map(|sample| StainStatistics::of(&sample.image)).collect();
        let stains = augmentation.stain_transfer.map(|transfer| {
            let groups = samples.iter().map(|sample| sample.set.as_str());
            StainPool::new(transfer, groups.zip(statistics.iter().copied()))
        });
        let painter = Painter::new(plan.augmentation.clone(), mean, std);
        let cutter = Cutter { edge: crop_px, mpp, augmentation: plan.augmentation };
        Ok(Self { samples, statistics, stains, cutter, painter, count, seed })
    }

    fn fill(&self, batch: &mut TissueBatch, index: usize, random: &mut Random, station: &Station) {
        let drawn = random.below(self.samples.len());
        let sample = &self.samples[drawn];
        station.at(Stage::Crop, &sample.name);
        let source = Source { image: &sample.image, mpp: sample.mpp };
        let crop = self.cutter.cut(source, Aim::Anywhere, random);

        station.at(Stage::Colour, &sample.name);
        let length = batch.size.pixels();
        let from = &self.statistics[drawn];
        let moved = self.stains.as_ref().and_then(|pool| pool.draw(from, random));
        let palette = self.painter.draw(random).after(moved.as_ref());
        let planes = &mut batch.images[3 * index * length..][..3 * length];
        self.painter.paint(&crop.pixels, batch.size, palette, planes);

        station.at(Stage::Target, &sample.name);
        let labels = &mut batch.labels[index * length..][..length];
        for (label, &source) in labels.iter_mut().zip(&crop.source) {
            *label = if source == OUTSIDE { UNKNOWN } else { sample.labels[source as usize] };
        }
    }
}

impl Batches for TissueBatches {
    type Batch = TissueBatch;

    fn batch(&self, n: u64, station: &Station) -> Result<TissueBatch, BatchError> {
        let size = Size::new(self.cutter.edge, self.cutter.edge);
        let length = self.count * size.pixels();
        let mut batch = TissueBatch {
            count: self.count,
            size,
            images: vec![0.0; 3 * length],
            labels: vec![UNKNOWN; length],
        };
        for index in 0..self.count {
            let mut random = Random::of(&[self.seed, n, index as u64]);
            self.fill(&mut batch, index, &mut random, station);
        }
        Ok(batch)
    }
}
