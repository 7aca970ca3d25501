//! The plan of a nuclei network, as it is written.

use std::collections::BTreeMap;

use contract::{Chain, Class, Kind};
use data::augment::Augmentation;
use data::batch::BatchPlan;
use data::source::SourceSpec;
use data::split::SplitRule;
use data::target::DotRadii;
use serde::{Deserialize, Serialize};

use super::{Compute, Crops, Plan, Stage, Task, Watch, format_fault};
use crate::export::ExportPlan;
use crate::fit::optimiser::OptimiserConfig;
use crate::loss::LossWeights;
use crate::network::NetworkConfig;

/// The file; its fields are those of [`Plan`] and [`NucleiTask`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NucleiFile {
    format: u32,
    /// [`Kind::Nuclei`], or absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    name: String,
    seed: u64,
    compute: Compute,
    classes: Vec<Class>,
    sources: Vec<SourceSpec>,
    splits: BTreeMap<String, SplitRule>,
    dots: DotRadii,
    batch: BatchPlan,
    network: NetworkConfig,
    loss: LossWeights,
    optimiser: OptimiserConfig,
    stages: Vec<Stage>,
    watch: Watch,
    evaluation: Evaluation,
    export: ExportPlan,
}

/// What is measured, as it is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Evaluation {
    postprocessing: Chain,
    match_radius_um: f64,
}

/// What a nuclei network learns.
#[derive(Clone, Debug, PartialEq)]
pub struct NucleiTask {
    /// What a dot says about its surroundings.
    pub dots: DotRadii,
    /// How batches are made.
    pub batch: BatchPlan,
    /// A dot and a predicted centre are the same nucleus within this, µm.
    pub match_radius_um: f64,
}

impl NucleiFile {
    /// What is wrong with it beside what is wrong with any plan.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::from_iter(format_fault(self.format));
        if self.stages.first().is_some_and(|stage| stage.pseudo.is_some()) {
            faults.push(
                "the first stage has pseudo, and no network before it to draw outlines".into(),
            );
        }
        faults
    }
}

impl From<NucleiFile> for Plan {
    fn from(file: NucleiFile) -> Self {
        let Evaluation { postprocessing, match_radius_um } = file.evaluation;
        Self {
            name: file.name,
            seed: file.seed,
            compute: file.compute,
            classes: file.classes,
            sources: file.sources,
            splits: file.splits,
            task: Task::Nuclei(NucleiTask { dots: file.dots, batch: file.batch, match_radius_um }),
            network: file.network,
            loss: file.loss,
            optimiser: file.optimiser,
            stages: file.stages,
            watch: file.watch,
            postprocessing,
            export: file.export,
        }
    }
}

impl NucleiTask {
    /// How validation crops are cut: as for training, and nothing is changed at random.
    pub fn validation_batch(&self) -> BatchPlan {
        BatchPlan {
            class_balance: 0.0,
            augmentation: Augmentation::UNCHANGED,
            ..self.batch.clone()
        }
    }

    pub(super) fn crops(&self) -> Crops {
        let BatchPlan { count, crop_px, mpp, mean, std, .. } = self.batch;
        Crops { count, crop_px, mpp, mean, std }
    }
}
