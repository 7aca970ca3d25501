//! A plan: everything that decides what a training gives, in one TOML file.
//!
//! **Invariant:** the same plan over the same data on the same back end gives the same weights.
//! Unknown fields are refused and nothing physical has a default. Paths in a plan are relative to
//! the data root that the command line names.

use std::collections::BTreeMap;

use contract::{Chain, Class};
use data::augment::{Augmentation, Colour, Rotation};
use data::batch::BatchPlan;
use data::pseudo::PseudoRules;
use data::source::SourceSpec;
use data::split::SplitRule;
use data::target::DotRadii;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::device::{Backend, Precision};
use crate::export::ExportPlan;
use crate::fit::optimiser::OptimiserConfig;
use crate::loss::LossWeights;
use crate::network::{NetworkConfig, Trunk};

/// Nothing is changed at random.
const UNCHANGED: Augmentation = Augmentation {
    zoom: 1.0,
    flip: false,
    rotation: Rotation::None,
    elastic: None,
    stain_transfer: None,
    colour: Colour {
        stain_scale: 0.0,
        stain_shift: 0.0,
        intensity: 0.0,
        stain_angle: 0.0,
        saturation: 0.0,
        hue: 0.0,
        gain: 0.0,
        brightness: 0.0,
        contrast: 0.0,
    },
    blur: None,
    noise: None,
};

/// A checked plan of a nuclei network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`Plan::FORMAT`].
    pub format: u32,
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
    /// What a dot says about its surroundings.
    pub dots: DotRadii,
    /// How batches are made.
    pub batch: BatchPlan,
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
    /// What is measured at the end.
    pub evaluation: Evaluation,
    /// How the network is served.
    pub export: ExportPlan,
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

/// What is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// The chain after the network.
    pub postprocessing: Chain,
    /// A dot and a predicted centre are the same nucleus within this, µm.
    pub match_radius_um: f64,
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
        let plan: Self = toml::from_str(text).map_err(PlanError::Syntax)?;
        let faults = plan.faults();
        if faults.is_empty() { Ok(plan) } else { Err(PlanError::Fields(faults)) }
    }

    /// The names of the classes, in order.
    pub fn class_names(&self) -> Vec<String> {
        self.classes.iter().map(|class| class.name.clone()).collect()
    }

    /// How validation crops are cut: as for training, and nothing is changed at random.
    pub fn validation_batch(&self) -> BatchPlan {
        BatchPlan { class_balance: 0.0, augmentation: UNCHANGED, ..self.batch.clone() }
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
            self.format != Self::FORMAT,
            format!("format is {}, not {}", self.format, Self::FORMAT),
        );
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
        refuse(
            !self.batch.crop_px.is_multiple_of(multiple),
            format!("batch.crop_px is {}, not a multiple of {multiple}", self.batch.crop_px),
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
        refuse(
            self.stages.first().is_some_and(|stage| stage.pseudo.is_some()),
            "the first stage has pseudo, and no network before it to draw outlines".into(),
        );
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_of_the_lite_network_holds_and_survives_being_written() {
        let plan = Plan::parse(include_str!("../plans/nuclei-lite.toml")).unwrap();

        let written = toml::to_string(&plan).unwrap();

        assert_eq!(Plan::parse(&written).unwrap(), plan);
        assert_eq!(plan.validation_batch().augmentation.stain_transfer, None);
    }
}
