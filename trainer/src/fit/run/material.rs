//! The data of a run: read, divided, prepared.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use data::Sample;
use data::fingerprint::Fingerprint;
use data::source::{self, DataSet};
use data::split::{self, Split};
use data::target::{DotRadii, Prepared};
use data::tissue::{self, TissueRules, TissueSample};

use super::RunError;
use crate::export::LearntFrom;
use crate::plan::Plan;

/// Data of a run.
#[derive(Debug)]
pub struct Material {
    set: DataSet,
    split: Split,
}

impl Material {
    /// Reads all sources of `plan` below `root` and divides them.
    pub fn load(plan: &Plan, root: &Path) -> Result<Self, RunError> {
        let set =
            source::load(root, &plan.sources, &plan.nucleus_classes()).map_err(RunError::Load)?;
        let split =
            split::assign(&set.samples, &plan.splits, plan.seed).map_err(RunError::Split)?;
        Ok(Self { set, split })
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

    fn pick<'a>(&'a self, indices: &'a [usize]) -> impl Iterator<Item = &'a Sample> {
        indices.iter().map(|index| &self.set.samples[*index])
    }
}

/// Targets of nuclei in `samples`.
pub(super) fn prepare<'a>(
    samples: impl Iterator<Item = &'a Sample>,
    radii: &DotRadii,
) -> Result<Vec<Arc<Prepared>>, RunError> {
    samples
        .map(|sample| Prepared::new(sample, radii).map(Arc::new))
        .collect::<Result<_, _>>()
        .map_err(RunError::Target)
}

/// Weak labels of the tissue of `samples`, by the nuclei that people marked in them.
pub fn label_tissue<'a>(
    samples: impl Iterator<Item = &'a Sample>,
    rules: &TissueRules,
) -> Vec<Arc<TissueSample>> {
    samples.map(|sample| Arc::new(tissue::label(sample, &sample.nuclei(), rules))).collect()
}
