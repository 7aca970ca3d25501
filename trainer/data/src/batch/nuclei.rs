//! Batches of nuclei.

mod drawing;

use std::sync::Arc;

use contract::Size;

use self::drawing::Drawing;
use super::{Batch, BatchError, BatchPlan, Batches, PlanError, Stage, Station};
use crate::augment::{Cutter, Painter, Source, StainPool};
use crate::random::Random;
use crate::target::{CropMaps, Prepared, fill};

/// Batches of crops of nuclei.
#[derive(Debug)]
pub struct NucleiBatches {
    drawing: Drawing,
    cutter: Cutter,
    painter: Painter,
    stains: Option<StainPool>,
    count: usize,
    seed: u64,
}

impl NucleiBatches {
    /// Batches of crops of `samples` as `plan` says. Every source with a share must have samples,
    /// and every sample's source must have a share, be it 0.
    pub fn new(samples: Vec<Arc<Prepared>>, plan: BatchPlan, seed: u64) -> Result<Self, PlanError> {
        let mut faults = plan.faults();
        for sample in &samples {
            if !plan.shares.contains_key(&sample.set) {
                let fault = format!("shares.{} is missing", sample.set);
                if !faults.contains(&fault) {
                    faults.push(fault);
                }
            }
        }
        for (set, _) in plan.shares.iter().filter(|(_, share)| **share > 0.0) {
            if !samples.iter().any(|sample| sample.set == *set) {
                faults.push(format!(
                    "shares.{set} is above 0 and the source has no image to learn from"
                ));
            }
        }
        if !faults.is_empty() {
            return Err(PlanError(faults));
        }

        let stains = plan.augmentation.stain_transfer.map(|transfer| {
            let members = samples.iter().map(|sample| (sample.stain_group.as_str(), sample.stain));
            StainPool::new(transfer, members)
        });
        let drawing = Drawing::new(samples, &plan.shares, plan.class_balance);
        let painter = Painter::new(plan.augmentation.clone(), plan.mean, plan.std);
        let BatchPlan { count, crop_px: edge, mpp, augmentation, .. } = plan;
        let cutter = Cutter { edge, mpp, augmentation };
        Ok(Self { drawing, cutter, painter, stains, count, seed })
    }

    fn empty_batch(&self) -> Batch {
        let (count, size) = (self.count, Size::new(self.cutter.edge, self.cutter.edge));
        let length = count * size.pixels();
        Batch {
            count,
            size,
            images: vec![0.0; 3 * length],
            np: vec![0; length],
            hv: vec![0.0; 2 * length],
            dist: vec![0.0; length],
            edge: vec![0.0; length],
            class: vec![0; length],
            annotated: vec![false; count],
        }
    }

    /// Fills crop `index` of `batch`.
    fn fill(&self, batch: &mut Batch, index: usize, random: &mut Random, station: &Station) {
        station.at(Stage::Draw, "");
        let drawn = self.drawing.draw(random);
        let sample = drawn.sample.as_ref();
        let name = format!("{}/{}", sample.set, sample.name);
        station.at(Stage::Crop, &name);
        let source = Source { image: &sample.image, mpp: sample.mpp };
        let crop = self.cutter.cut(source, drawn.aim, random);

        station.at(Stage::Colour, &name);
        let length = batch.size.pixels();
        let planes = &mut batch.images[3 * index * length..][..3 * length];
        let moved = self.stains.as_ref().and_then(|pool| pool.draw(&sample.stain, random));
        let palette = self.painter.draw(random).after(moved.as_ref());
        self.painter.paint(&crop.pixels, batch.size, palette, planes);

        station.at(Stage::Target, &name);
        let here = index * length..(index + 1) * length;
        let (h, v) = batch.hv[2 * here.start..2 * here.end].split_at_mut(length);
        let mut maps = CropMaps {
            np: &mut batch.np[here.clone()],
            h,
            v,
            dist: &mut batch.dist[here.clone()],
            edge: &mut batch.edge[here.clone()],
            class: &mut batch.class[here],
        };
        fill(sample, &crop, &mut maps);
        batch.annotated[index] = sample.annotated;
    }
}

impl Batches for NucleiBatches {
    type Batch = Batch;

    fn batch(&self, n: u64, station: &Station) -> Result<Batch, BatchError> {
        let mut batch = self.empty_batch();
        for index in 0..self.count {
            let mut random = Random::of(&[self.seed, n, index as u64]);
            self.fill(&mut batch, index, &mut random, station);
        }
        Ok(batch)
    }
}

#[cfg(test)]
mod tests;
