//! A plan: everything that decides what a training gives, in one TOML file.
//!
//! What a network learns is its [`Task`]: [`nuclei`] or [`tissue`], each with a form of file of its
//! own; [`Plan`] is what is left when a file has been checked.
//!
//! **Invariant:** the same plan over the same data on the same back end gives the same weights.
//! Unknown fields are refused and nothing physical has a default. Paths in a plan are relative to
//! the data root that the command line names.

mod nuclei;
mod tissue;

use std::collections::BTreeMap;

use contract::{Chain, Class, Kind, Mpp};
use data::pseudo::PseudoRules;
use data::source::SourceSpec;
use data::split::SplitRule;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::device::{Backend, Precision};
use crate::export::ExportPlan;
use crate::fit::optimiser::OptimiserConfig;
use crate::loss::LossWeights;
use crate::network::{NetworkConfig, Trunk};
pub use nuclei::{NucleiFile, NucleiTask};
pub use tissue::{TissueFile, TissueTask};

/// A checked plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Name of the model.
    pub name: String,
    /// Seed of everything that is random.
    pub seed: u64,
    /// Where and with how many threads.
    pub compute: Compute,
    /// Classes in the order of the class head.
    pub classes: Vec<Class>,
    /// Data to learn from and to measure on.
    pub sources: Vec<SourceSpec>,
    /// How each source is divided.
    pub splits: BTreeMap<String, SplitRule>,
    /// What is learnt.
    pub task: Task,
    /// The network.
    pub network: NetworkConfig,
    /// The loss.
    pub loss: LossWeights,
    /// The optimiser.
    pub optimiser: OptimiserConfig,
    /// What is done, in order; each stage starts from the average of the one before.
    pub stages: Vec<Stage>,
    /// When it is looked at.
    pub watch: Watch,
    /// The chain after the network.
    pub postprocessing: Chain,
    /// How the network is served.
    pub export: ExportPlan,
}

/// What a network learns.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// Nuclei, one by one, with classes.
    Nuclei(NucleiTask),
    /// Tissue by area.
    Tissue(TissueTask),
}

/// The crops that a network learns from, whatever its task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crops {
    /// Crops in a batch.
    pub count: usize,
    /// Edge of a crop, px.
    pub crop_px: usize,
    /// Resolution.
    pub mpp: Mpp,
    /// Mean of red, green and blue, 0 to 1.
    pub mean: [f32; 3],
    /// Standard deviation of red, green and blue.
    pub std: [f32; 3],
}

/// Where and with how many threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compute {
    /// What computes.
    pub backend: Backend,
    /// What the network is computed in while it learns.
    pub precision: Precision,
    /// Threads of it: the cores that are free, since libtorch spins on lost ones.
    pub threads: usize,
    /// Threads that make batches.
    pub workers: usize,
    /// Batches ready ahead.
    pub prefetch: usize,
    /// A batch that takes longer than this is a fault.
    pub batch_deadline_s: u64,
}

/// One stage of a training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Steps: the length of its cosine.
    pub steps: u64,
    /// Where stated, the dots first get outlines from the average of the stage before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudo: Option<PseudoRules>,
}

/// When a training is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// Steps between two lines of progress.
    pub report_steps: u64,
    /// Steps between two checkpoints.
    pub checkpoint_steps: u64,
    /// Steps between two looks at the validation loss.
    pub validation_steps: u64,
    /// Batches of validation crops that are looked at.
    pub validation_batches: u64,
    /// Looks without an improvement after which a stage ends; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<u64>,
}

/// What every file says before anything else is read.
#[derive(Deserialize)]
struct Heading {
    /// Plans had no kind when there were nuclei alone.
    kind: Option<Kind>,
}

/// Why a text is no plan.
#[derive(Debug, Error)]
pub enum PlanError {
    /// Not TOML, or a field is missing, unknown or of the wrong type.
    #[error("the plan is not written as a plan of format {format}", format = Plan::FORMAT)]
    Syntax(#[source] toml::de::Error),
    /// The fields are there and contradict each other.
    #[error("invalid plan: {}", .0.join("; "))]
    Fields(Vec<String>),
}

impl Plan {
    /// Format of the plans that this version reads.
    pub const FORMAT: u32 = 1;

    /// Reads and checks a plan; all faults are named at once.
    pub fn parse(text: &str) -> Result<Self, PlanError> {
        let Heading { kind } = toml::from_str(text).map_err(PlanError::Syntax)?;
        let (plan, mut faults) = match kind {
            None | Some(Kind::Nuclei) => {
                let file: NucleiFile = toml::from_str(text).map_err(PlanError::Syntax)?;
                let faults = file.faults();
                (Self::from(file), faults)
            }
            Some(Kind::Tissue) => {
                let file: TissueFile = toml::from_str(text).map_err(PlanError::Syntax)?;
                let faults = file.faults();
                (Self::from(file), faults)
            }
            Some(Kind::Classifier) => {
                let fault = "kind is classifier, which no plan trains; state nuclei or tissue";
                return Err(PlanError::Fields(vec![fault.into()]));
            }
        };
        faults.extend(plan.faults());
        if faults.is_empty() { Ok(plan) } else { Err(PlanError::Fields(faults)) }
    }

    /// What the network finds.
    pub fn kind(&self) -> Kind {
        match self.task {
            Task::Nuclei(_) => Kind::Nuclei,
            Task::Tissue(_) => Kind::Tissue,
        }
    }

    /// The crops that it learns from.
    pub fn crops(&self) -> Crops {
        match &self.task {
            Task::Nuclei(task) => task.crops(),
            Task::Tissue(task) => task.crops(),
        }
    }

    /// The names of the classes, in order.
    pub fn class_names(&self) -> Vec<String> {
        self.classes.iter().map(|class| class.name.clone()).collect()
    }

    /// The classes of nuclei that the sources' labels are read as, in order.
    pub fn nucleus_classes(&self) -> Vec<String> {
        match &self.task {
            Task::Nuclei(_) => self.class_names(),
            Task::Tissue(task) => task.nuclei.clone(),
        }
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = self.network.faults();
        let mut refuse = |wrong: bool, fault: String| {
            if wrong {
                faults.push(fault);
            }
        };
        let classes = self.classes.len();
        refuse(
            self.network.classes != classes,
            format!("network.classes is {}, and there are {classes} classes", self.network.classes),
        );
        refuse(
            self.loss.class_weights.len() != classes,
            format!(
                "loss.class_weights has {} for {classes} classes",
                self.loss.class_weights.len()
            ),
        );
        let multiple = self.network.multiple_px();
        let crop_px = self.crops().crop_px;
        refuse(
            !crop_px.is_multiple_of(multiple),
            format!("batch.crop_px is {crop_px}, not a multiple of {multiple}"),
        );
        refuse(
            self.compute.backend == Backend::Flex && self.compute.precision != Precision::F32,
            "compute.precision is bf16, and flex computes in f32 alone".into(),
        );
        refuse(
            matches!(self.network.trunk, Trunk::EfficientnetLite0 { .. })
                && self.compute.precision != Precision::F32,
            "compute.precision is bf16, and efficientnet_lite0 computes in f32 alone".into(),
        );
        refuse(self.stages.is_empty(), "there is no stage".into());
        for (name, value) in self.positive_counts() {
            refuse(value == 0, format!("{name} is 0"));
        }
        faults
    }

    fn positive_counts(&self) -> Vec<(String, u64)> {
        let mut counts = vec![
            ("compute.threads".to_owned(), self.compute.threads as u64),
            ("compute.workers".to_owned(), self.compute.workers as u64),
            ("compute.prefetch".to_owned(), self.compute.prefetch as u64),
            ("compute.batch_deadline_s".to_owned(), self.compute.batch_deadline_s),
            ("watch.report_steps".to_owned(), self.watch.report_steps),
            ("watch.checkpoint_steps".to_owned(), self.watch.checkpoint_steps),
            ("watch.validation_steps".to_owned(), self.watch.validation_steps),
        ];
        let steps = self.stages.iter().enumerate();
        counts.extend(steps.map(|(i, stage)| (format!("stages[{i}].steps"), stage.steps)));
        counts
    }
}

/// What is wrong with the format that a file names.
fn format_fault(format: u32) -> Option<String> {
    (format != Plan::FORMAT).then(|| format!("format is {format}, not {}", Plan::FORMAT))
}

#[cfg(test)]
mod tests;
