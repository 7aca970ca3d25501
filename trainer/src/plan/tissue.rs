//! The plan of a tissue network, as it is written.
//!
//! Its labels are *weak*: the density of annotated nuclei says what the tissue is
//! ([`data::tissue::label`]), so its classes are those of the rule, in the rule's order.

use std::collections::BTreeMap;

use contract::{Chain, Class, Kind, LabelQuality, Role};
use data::augment::Augmentation;
use data::source::SourceSpec;
use data::split::SplitRule;
use data::tissue::{GLASS, STROMA, TUMOUR, TissueBatchPlan, TissueRules};
use serde::{Deserialize, Serialize};

use super::{Compute, Crops, Plan, Stage, Task, Watch, format_fault};
use crate::export::ExportPlan;
use crate::fit::optimiser::OptimiserConfig;
use crate::loss::LossWeights;
use crate::network::NetworkConfig;

/// The file; its fields are those of [`Plan`] and [`TissueTask`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TissueFile {
    format: u32,
    /// [`Kind::Tissue`].
    kind: Kind,
    name: String,
    seed: u64,
    compute: Compute,
    classes: Vec<Class>,
    sources: Vec<SourceSpec>,
    splits: BTreeMap<String, SplitRule>,
    nuclei: Vec<String>,
    labels: TissueRules,
    batch: TissueBatchPlan,
    network: NetworkConfig,
    loss: ClassLoss,
    optimiser: OptimiserConfig,
    stages: Vec<Stage>,
    watch: Watch,
    evaluation: Evaluation,
    export: ExportPlan,
}

/// The loss of classes alone, as it is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassLoss {
    class_weights: Vec<f32>,
    label_smoothing: f32,
}

/// What is measured, as it is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Evaluation {
    postprocessing: Chain,
}

/// What a tissue network learns.
#[derive(Clone, Debug, PartialEq)]
pub struct TissueTask {
    /// Classes of nuclei that the sources' labels are read as.
    pub nuclei: Vec<String>,
    /// How their density becomes tissue.
    pub labels: TissueRules,
    /// How batches are made.
    pub batch: TissueBatchPlan,
}

impl TissueFile {
    /// What is wrong with it beside what is wrong with any plan.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::from_iter(format_fault(self.format));
        faults.extend(self.class_fault());
        faults.extend(self.label_faults());
        faults.extend(self.chain_fault());
        if !self.network.maps.is_empty() || !self.export.maps.is_empty() {
            faults.push(
                "a tissue network gives classes alone; leave network.maps and export.maps empty"
                    .into(),
            );
        }
        if self.stages.iter().any(|stage| stage.pseudo.is_some()) {
            faults.push("a stage has pseudo, and tissue has no outlines to draw".into());
        }
        faults
    }

    /// The labels are numbered, and the classes must be too.
    fn class_fault(&self) -> Option<String> {
        let mut wanted = [Role::Other; 3];
        for (label, role) in
            [(TUMOUR, Role::Tumour), (STROMA, Role::Stroma), (GLASS, Role::Background)]
        {
            wanted[usize::from(label)] = role;
        }
        let roles: Vec<Role> = self.classes.iter().map(|class| class.role).collect();
        (roles != wanted).then(|| {
            format!("classes have the roles {roles:?}, and the labels are numbered {wanted:?}")
        })
    }

    fn label_faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let (labels, batch) = (self.labels.mpp.um_per_px(), self.batch.mpp.um_per_px());
        if self.labels.mpp != self.batch.mpp {
            faults.push(format!("labels.mpp is {labels} and batch.mpp {batch}; state the same"));
        }
        if usize::from(self.labels.tumour_class) >= self.nuclei.len() {
            faults.push(format!(
                "labels.tumour_class is {}, and nuclei has {} classes",
                self.labels.tumour_class,
                self.nuclei.len()
            ));
        }
        if self.export.labels != LabelQuality::Weak {
            faults.push("export.labels is not weak, and labels made of densities are".into());
        }
        faults
    }

    fn chain_fault(&self) -> Option<String> {
        let Chain::Windows(windows) = &self.evaluation.postprocessing else {
            return Some(
                "evaluation.postprocessing.chain is not windows, the chain of tissue".into(),
            );
        };
        let name = &windows.glass_class;
        (!self.classes.iter().any(|class| class.name == *name)).then(|| {
            format!("evaluation.postprocessing.glass_class is {name:?}, which is no class")
        })
    }
}

impl From<TissueFile> for Plan {
    fn from(file: TissueFile) -> Self {
        Self {
            name: file.name,
            seed: file.seed,
            compute: file.compute,
            classes: file.classes,
            sources: file.sources,
            splits: file.splits,
            task: Task::Tissue(TissueTask {
                nuclei: file.nuclei,
                labels: file.labels,
                batch: file.batch,
            }),
            network: file.network,
            loss: LossWeights::of_classes(file.loss.class_weights, file.loss.label_smoothing),
            optimiser: file.optimiser,
            stages: file.stages,
            watch: file.watch,
            postprocessing: file.evaluation.postprocessing,
            export: file.export,
        }
    }
}

impl TissueTask {
    /// How validation crops are cut: as for training, and nothing is changed at random.
    pub fn validation_batch(&self) -> TissueBatchPlan {
        TissueBatchPlan { augmentation: Augmentation::UNCHANGED, ..self.batch.clone() }
    }

    pub(super) fn crops(&self) -> Crops {
        let TissueBatchPlan { count, crop_px, mpp, mean, std, .. } = self.batch;
        Crops { count, crop_px, mpp, mean, std }
    }
}
