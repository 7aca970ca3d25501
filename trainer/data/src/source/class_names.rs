//! From the labels of a source to the classes of a plan.

use std::collections::{BTreeMap, BTreeSet};

use super::{LoadError, SourceSpec, UNKNOWN_CLASS};
use crate::sample::UNKNOWN;

/// Classes of a plan at most: a class map is one byte a pixel, and 255 is taken.
const CLASSES_MAX: usize = contract::ModelCard::CLASSES_MAX;

/// What each label of a source means in the plan.
#[derive(Debug)]
pub(super) struct ClassNames {
    by_label: Option<BTreeMap<String, u8>>,
}

impl ClassNames {
    /// Checks that the source maps to classes that the plan has.
    pub(super) fn new(spec: &SourceSpec, classes: &[String]) -> Result<Self, LoadError> {
        let Some(labels) = &spec.classes else {
            return Ok(Self { by_label: None });
        };
        let by_label = labels
            .iter()
            .map(|(label, class)| Ok((label.clone(), index_of(class, classes)?)))
            .collect::<Result<_, String>>()
            .map_err(|reason| LoadError::Spec { name: spec.name.clone(), reason })?;
        Ok(Self { by_label: Some(by_label) })
    }

    /// The class of `label`: [`UNKNOWN`] where the source trains no class.
    pub(super) fn class(&self, label: &str) -> Result<u8, String> {
        let Some(by_label) = &self.by_label else {
            return Ok(UNKNOWN);
        };
        by_label.get(label).copied().ok_or_else(|| {
            format!("class {label:?} is not in the source's `classes`; map it to a class or to {UNKNOWN_CLASS:?}")
        })
    }
}

/// Checks the plan's class names.
pub(super) fn check(classes: &[String]) -> Result<(), LoadError> {
    let spec = |reason| LoadError::Spec { name: "(all)".into(), reason };
    if classes.len() > CLASSES_MAX {
        return Err(spec(format!("{} classes, more than {CLASSES_MAX}", classes.len())));
    }
    let mut seen = BTreeSet::new();
    for class in classes {
        if class == UNKNOWN_CLASS || !seen.insert(class) {
            return Err(spec(format!("class name {class:?} is reserved or stands twice")));
        }
    }
    Ok(())
}

fn index_of(class: &str, classes: &[String]) -> Result<u8, String> {
    if class == UNKNOWN_CLASS {
        return Ok(UNKNOWN);
    }
    classes.iter().position(|name| name == class).map(|index| index as u8).ok_or_else(|| {
        format!("`classes` names {class:?}, which is none of the plan's {classes:?}")
    })
}
