//! The data of a run: read, divided, prepared.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use data::Sample;
use data::batch::NucleiBatches;
use data::fingerprint::Fingerprint;
use data::source::{self, DataSet};
use data::split::{self, Split};
use data::target::{DotRadii, Prepared};

use super::RunError;
use crate::export::LearntFrom;
use crate::plan::Plan;

/// Data of a run.
#[derive(Debug)]
pub struct Material {
    set: DataSet,
    split: Split,
    radii: DotRadii,
}

impl Material {
    /// Reads all sources of `plan` below `root` and divides them.
    pub fn load(plan: &Plan, root: &Path) -> Result<Self, RunError> {
        let set = source::load(root, &plan.sources, &plan.class_names()).map_err(RunError::Load)?;
        let split =
            split::assign(&set.samples, &plan.splits, plan.seed).map_err(RunError::Split)?;
        Ok(Self { set, split, radii: plan.dots })
    }

    /// What the data are.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.set.fingerprint
    }

    /// The images that are learnt from, by source.
    pub fn learnt_from(&self) -> Vec<LearntFrom> {
        let mut sources = BTreeMap::<&str, Vec<String>>::new();
        for sample in self.train() {
            sources.entry(&sample.set).or_default().push(sample.name.clone());
        }
        sources
            .into_iter()
            .map(|(source, images)| LearntFrom { source: source.to_owned(), images })
            .collect()
    }

    /// The samples to learn from.
    pub fn train(&self) -> impl Iterator<Item = &Sample> {
        self.pick(&self.split.train)
    }

    /// The samples to choose on.
    pub fn validation(&self) -> impl Iterator<Item = &Sample> {
        self.pick(&self.split.validation)
    }

    /// The samples to measure on.
    pub fn test(&self) -> impl Iterator<Item = &Sample> {
        self.pick(&self.split.test)
    }

    /// Targets of `samples`.
    pub fn prepare<'a>(
        &self,
        samples: impl Iterator<Item = &'a Sample>,
    ) -> Result<Vec<Arc<Prepared>>, RunError> {
        samples
            .map(|sample| Prepared::new(sample, &self.radii).map(Arc::new))
            .collect::<Result<_, _>>()
            .map_err(RunError::Target)
    }

    /// Crops of the validation samples, in the shares of training as far as their sources have any.
    pub fn validation_batches(&self, plan: &Plan) -> Result<Option<NucleiBatches>, RunError> {
        let prepared = self.prepare(self.validation())?;
        let mut batch = plan.validation_batch();
        batch.shares.retain(|set, _| prepared.iter().any(|sample| sample.set == *set));
        if batch.shares.is_empty() {
            return Ok(None);
        }
        let used = prepared.into_iter().filter(|sample| batch.shares.contains_key(&sample.set));
        let batches = NucleiBatches::new(used.collect(), batch.clone(), plan.seed);
        batches.map(Some).map_err(RunError::Batches)
    }

    /// What a dot says.
    pub fn radii(&self) -> &DotRadii {
        &self.radii
    }

    fn pick<'a>(&'a self, indices: &'a [usize]) -> impl Iterator<Item = &'a Sample> {
        indices.iter().map(|index| &self.set.samples[*index])
    }
}
