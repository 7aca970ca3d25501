//! What a stage learns from and is watched on, by the task of its plan.

use std::sync::Arc;

use data::Sample;
use data::batch::{Batch, NucleiBatches};
use data::target::Prepared;
use data::tissue::{TissueBatch, TissueBatches};

use super::material::{label_tissue, prepare};
use super::pseudo::{DotRules, outlined};
use super::stage::Run;
use super::{Material, RunError};
use crate::loss::{SurfaceMaps, TargetMaps};
use crate::plan::{NucleiTask, TissueTask};

/// What a stage learns from.
pub(super) struct Lesson<B> {
    /// Images that crops are cut from.
    pub(super) images: usize,
    /// What it learns.
    pub(super) batches: B,
    /// What it is watched on; none where nothing was kept for validation.
    pub(super) watched: Option<B>,
}

/// A batch that teaches: images, and what should be said about them.
pub(super) trait Taught {
    /// `[batch, 3, height, width]`, normalised.
    fn images(&self) -> &[f32];

    /// What a network should say.
    fn targets(&self) -> TargetMaps<'_>;
}

impl Taught for Batch {
    fn images(&self) -> &[f32] {
        &self.images
    }

    fn targets(&self) -> TargetMaps<'_> {
        TargetMaps {
            shape: [self.count, self.size.height, self.size.width],
            surface: Some(SurfaceMaps {
                np: &self.np,
                hv: &self.hv,
                dist: &self.dist,
                edge_px: &self.edge,
                outlined: &self.annotated,
            }),
            class: &self.class,
        }
    }
}

impl Taught for TissueBatch {
    fn images(&self) -> &[f32] {
        &self.images
    }

    fn targets(&self) -> TargetMaps<'_> {
        TargetMaps {
            shape: [self.count, self.size.height, self.size.width],
            surface: None,
            class: &self.labels,
        }
    }
}

/// The nuclei of stage `index`.
pub(super) fn nuclei(
    run: &Run<'_>,
    index: usize,
    task: &NucleiTask,
    material: &Material,
) -> Result<Lesson<NucleiBatches>, RunError> {
    let prepared = match &run.plan.stages[index].pseudo {
        None => prepare(material.train(), &task.dots)?,
        Some(outlines) => {
            let before = run.folder.stage(index - 1)?;
            let rules = DotRules { radii: &task.dots, outlines };
            outlined(run.plan, material, &before, rules)?
        }
    };
    let seed = run.stage_seed(index);
    Ok(Lesson {
        images: prepared.len(),
        batches: NucleiBatches::new(prepared, task.batch.clone(), seed)
            .map_err(RunError::Batches)?,
        watched: watched_nuclei(material.validation(), task, run.plan.seed)?,
    })
}

/// Crops of the validation samples, in the shares of training as far as their sources have any.
fn watched_nuclei<'a>(
    samples: impl Iterator<Item = &'a Sample>,
    task: &NucleiTask,
    seed: u64,
) -> Result<Option<NucleiBatches>, RunError> {
    let prepared = prepare(samples, &task.dots)?;
    let mut batch = task.validation_batch();
    batch.shares.retain(|set, _| prepared.iter().any(|sample| sample.set == *set));
    if batch.shares.is_empty() {
        return Ok(None);
    }
    let used: Vec<Arc<Prepared>> =
        prepared.into_iter().filter(|sample| batch.shares.contains_key(&sample.set)).collect();
    NucleiBatches::new(used, batch, seed).map(Some).map_err(RunError::Batches)
}

/// The tissue of stage `index`.
pub(super) fn tissue(
    run: &Run<'_>,
    index: usize,
    task: &TissueTask,
    material: &Material,
) -> Result<Lesson<TissueBatches>, RunError> {
    let labelled = label_tissue(material.train(), &task.labels);
    let held_out = label_tissue(material.validation(), &task.labels);
    let batches =
        |samples, batch, seed| TissueBatches::new(samples, batch, seed).map_err(RunError::Batches);
    let watched = (!held_out.is_empty())
        .then(|| batches(held_out, task.validation_batch(), run.plan.seed))
        .transpose()?;
    Ok(Lesson {
        images: labelled.len(),
        batches: batches(labelled, task.batch.clone(), run.stage_seed(index))?,
        watched,
    })
}
