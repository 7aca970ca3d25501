//! Which images a network learns from, is chosen on, and is measured on.
//!
//! **Invariant:** a group (patient, slide, region) stands in one part alone, across
//! all sources; the images that the field measures itself on are never learnt from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Sample;

/// A part of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Weights are fitted to it.
    Train,
    /// Choices are made on it: when to stop, which run.
    Validation,
    /// Nothing is decided on it.
    Test,
}

/// How the images of one source are divided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SplitRule {
    /// All in one part.
    Whole(Part),
    /// By group at random.
    Fractions {
        /// Share of the groups for validation, 0 to 1.
        validation: f64,
        /// Share of the groups for test, 0 to 1.
        test: f64,
    },
    /// By group into folds of about the same number of images.
    Fold {
        /// Folds in all, 2 or more.
        folds: usize,
        /// The fold that is validated on, from 0.
        validation: usize,
    },
    /// One tissue source site is validated on, the others are learnt from.
    LeaveSiteOut {
        /// The site, for example `A7`.
        site: String,
    },
}

/// Where each sample stands; indices into the samples that were divided, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Learnt from.
    pub train: Vec<usize>,
    /// Chosen on.
    pub validation: Vec<usize>,
    /// Measured on.
    pub test: Vec<usize>,
    /// Used for nothing: their group stands in a later part through another source.
    pub left_out: Vec<usize>,
}

/// Why samples cannot be divided.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum SplitError {
    /// A source has no rule.
    #[error("source {0} has no split rule; state one")]
    NoRule(String),
    /// A rule names what is not there.
    #[error("the split of source {set}: {reason}")]
    Rule {
        /// The source.
        set: String,
        /// What is wrong with which field.
        reason: String,
    },
    /// An image that is kept for measuring would be learnt from.
    #[error(
        "{set}/{name} would stand in {part:?}, and is kept for measuring ({reason}); put it whole into test"
    )]
    Reserved {
        /// The source.
        set: String,
        /// The image.
        name: String,
        /// The part that it would stand in.
        part: Part,
        /// What it is kept for.
        reason: &'static str,
    },
}

/// Divides `samples`, each source by its rule; a group that two sources put into different
/// parts stays in the last of them (test, then validation), and is left out of the others.
pub fn assign(
    samples: &[Sample],
    rules: &BTreeMap<String, SplitRule>,
    seed: u64,
) -> Result<Split, SplitError> {
    let _ = (samples, rules, seed);
    unimplemented!("being written")
}
