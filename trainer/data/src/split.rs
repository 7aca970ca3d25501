//! Which images a network learns from, is chosen on, and is measured on.
//!
//! **Invariant:** a group (patient, slide, region) stands in one part alone, across all sources,
//! and the images that the field measures itself on are never learnt from. A division depends on
//! the seed, the sources' names and their groups, not on the order of samples.

mod reserved;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Sample;
use crate::random::{Random, key_of};

/// A part of the data; a later part wins a group that two sources divide differently.
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

/// How the images of one source are divided. Reserved images go to test under every rule but
/// [`SplitRule::Whole`].
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
    /// A rule asks for what cannot be.
    #[error("the split of source {set}: {reason}")]
    Rule {
        /// The source.
        set: String,
        /// What is wrong with which field, and what to do.
        reason: String,
    },
    /// An image that is kept for measuring would be learnt from.
    #[error(
        "{set}/{name} would be learnt from and is kept for measuring ({reason}); put the source into test"
    )]
    Reserved {
        /// The source.
        set: String,
        /// The image.
        name: String,
        /// What it is kept for.
        reason: &'static str,
    },
}

/// Divides `samples`, each source by its rule; a group that two sources put into different
/// parts stays in the last of them, and is left out of the others.
pub fn assign(
    samples: &[Sample],
    rules: &BTreeMap<String, SplitRule>,
    seed: u64,
) -> Result<Split, SplitError> {
    let mut parts = vec![Part::Train; samples.len()];
    for set in samples.iter().map(|sample| sample.set.as_str()).collect::<BTreeSet<_>>() {
        let rule = rules.get(set).ok_or_else(|| SplitError::NoRule(set.to_owned()))?;
        let source = Source { set, samples, seed };
        let by_group = source.divide(rule)?;
        for index in source.members() {
            parts[index] = source.part_of(&samples[index], rule, &by_group)?;
        }
    }
    Ok(resolve(samples, &parts))
}

/// Keeps each group in the last part that any of its samples stands in.
fn resolve(samples: &[Sample], parts: &[Part]) -> Split {
    let mut last: BTreeMap<&str, Part> = BTreeMap::new();
    for (sample, &part) in samples.iter().zip(parts) {
        let known = last.entry(&sample.group).or_insert(part);
        *known = part.max(*known);
    }

    let mut split = Split::default();
    for (index, (sample, part)) in samples.iter().zip(parts).enumerate() {
        let indices = if *part == last[sample.group.as_str()] {
            match part {
                Part::Train => &mut split.train,
                Part::Validation => &mut split.validation,
                Part::Test => &mut split.test,
            }
        } else {
            &mut split.left_out
        };
        indices.push(index);
    }
    split
}

/// The samples of one source.
struct Source<'a> {
    set: &'a str,
    samples: &'a [Sample],
    seed: u64,
}

impl<'a> Source<'a> {
    fn members(&self) -> impl Iterator<Item = usize> + use<'a> {
        let (set, samples) = (self.set, self.samples);
        (0..samples.len()).filter(move |&index| samples[index].set == set)
    }

    fn refuse(&self, reason: String) -> SplitError {
        SplitError::Rule { set: self.set.to_owned(), reason }
    }

    /// The part of one sample; reserved ones are kept from training.
    fn part_of(
        &self,
        sample: &Sample,
        rule: &SplitRule,
        by_group: &BTreeMap<&str, Part>,
    ) -> Result<Part, SplitError> {
        let part = by_group[sample.group.as_str()];
        match (reserved::reason(sample), rule) {
            (Some(reason), SplitRule::Whole(Part::Train)) => Err(SplitError::Reserved {
                set: self.set.to_owned(),
                name: sample.name.clone(),
                reason,
            }),
            (None, _) | (Some(_), SplitRule::Whole(_)) => Ok(part),
            (Some(_), _) => Ok(Part::Test),
        }
    }

    /// The part of each group.
    fn divide(&self, rule: &SplitRule) -> Result<BTreeMap<&'a str, Part>, SplitError> {
        match rule {
            SplitRule::Whole(part) => {
                Ok(self.groups().into_iter().map(|(group, _)| (group, *part)).collect())
            }
            SplitRule::Fractions { validation, test } => self.fractions(*validation, *test),
            SplitRule::Fold { folds, validation } => self.fold(*folds, *validation),
            SplitRule::LeaveSiteOut { site } => self.leave_site_out(site),
        }
    }

    /// Groups in random order, and how many images each has.
    fn groups(&self) -> Vec<(&'a str, usize)> {
        let mut sizes = BTreeMap::new();
        for index in self.members() {
            *sizes.entry(self.samples[index].group.as_str()).or_insert(0) += 1;
        }
        let mut groups: Vec<(&str, usize)> = sizes.into_iter().collect();
        Random::of(&[self.seed, key_of(self.set)]).shuffle(&mut groups);
        groups
    }

    fn fractions(&self, validation: f64, test: f64) -> Result<BTreeMap<&'a str, Part>, SplitError> {
        let within = |share| (0.0..=1.0).contains(&share);
        if !(within(validation) && within(test) && within(validation + test)) {
            return Err(self.refuse(format!(
                "validation is {validation} and test {test}; state shares of 0 to 1 that sum to at most 1"
            )));
        }
        let groups = self.groups();
        let count = |share: f64| (share * groups.len() as f64).round() as usize;
        let (test, both) = (count(test), count(test + validation));
        let part_at = |position: usize| {
            if position < test {
                Part::Test
            } else if position < both {
                Part::Validation
            } else {
                Part::Train
            }
        };
        Ok((0..).map(part_at).zip(groups).map(|(part, (group, _))| (group, part)).collect())
    }

    /// Largest groups first, each to the fold that has the fewest images.
    fn fold(&self, folds: usize, validation: usize) -> Result<BTreeMap<&'a str, Part>, SplitError> {
        let mut groups = self.groups();
        if folds < 2 || folds > groups.len() || validation >= folds {
            return Err(self.refuse(format!(
                "fold {validation} of {folds} over {} groups; state 2 folds or more, at most one a group, and a fold below their number",
                groups.len()
            )));
        }
        groups.sort_by_key(|&(_, images)| std::cmp::Reverse(images));
        let mut images_in = vec![0; folds];
        let by_group = groups.into_iter().map(|(group, images)| {
            let fold = (0..folds).min_by_key(|&fold| images_in[fold]).unwrap_or(0);
            images_in[fold] += images;
            (group, if fold == validation { Part::Validation } else { Part::Train })
        });
        Ok(by_group.collect())
    }

    fn leave_site_out(&self, site: &str) -> Result<BTreeMap<&'a str, Part>, SplitError> {
        let mut sites = BTreeSet::new();
        let mut by_group = BTreeMap::new();
        for index in self.members() {
            let sample = &self.samples[index];
            let Some(own) = &sample.site else {
                return Err(self.refuse(format!("image {} tells no site", sample.name)));
            };
            sites.insert(own.as_str());
            let part = if own == site { Part::Validation } else { Part::Train };
            by_group.insert(sample.group.as_str(), part);
        }
        if sites.contains(site) {
            Ok(by_group)
        } else {
            Err(self.refuse(format!("site is {site}, none of {sites:?}")))
        }
    }
}

#[cfg(test)]
mod tests;
