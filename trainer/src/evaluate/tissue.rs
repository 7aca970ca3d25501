//! How good a tissue network is: Dice of each class and pixel accuracy, pooled over images.
//!
//! An image is looked at as a whole at the network's resolution, and its map is compared with
//! labels on that same grid. A pixel whose label is unknown counts for nothing, whatever is said
//! of it.

use std::collections::BTreeMap;

use data::sample::UNKNOWN;
use data::tissue::TissueSample;
use evaluation::dice::{self, Areas};
use evaluation::{ClassMask, Measure, Row, Summary};

use super::{EvaluateError, Passes};
use crate::export::Served;

/// Measures `served` on `samples`, a row a source; `part` says how the samples were kept apart
/// and what their labels are.
pub fn evaluate_tissue<'a>(
    served: &Served,
    samples: impl Iterator<Item = &'a TissueSample>,
    part: &str,
    passes: Passes,
) -> Result<Summary, EvaluateError> {
    let names: Vec<&str> = served.card().classes.iter().map(|c| c.name.as_str()).collect();
    let mut sets = BTreeMap::<&str, Totals>::new();
    for sample in samples {
        let classes = tissue_of(served, sample, passes)?;
        sets.entry(&sample.set).or_default().add(sample, classes, names.len())?;
    }
    let rows = sets
        .into_iter()
        .map(|(set, totals)| totals.row(&format!("{set}, {part}"), &names))
        .collect();
    Ok(Summary { rows })
}

/// The class of each pixel of a sample.
fn tissue_of(
    served: &Served,
    sample: &TissueSample,
    passes: Passes,
) -> Result<Vec<u8>, EvaluateError> {
    let maps = passes.run(served, &sample.image).map_err(|source| EvaluateError::Network {
        set: sample.set.clone(),
        name: sample.name.clone(),
        source: Box::new(source),
    })?;
    Ok(served.tissue(&sample.image, &maps))
}

#[derive(Default)]
struct Totals {
    images: u64,
    known: u64,
    classes: Vec<Areas>,
}

impl Totals {
    fn add(
        &mut self,
        sample: &TissueSample,
        mut classes: Vec<u8>,
        count: usize,
    ) -> Result<(), EvaluateError> {
        let wrong_size =
            || EvaluateError::Size { set: sample.set.clone(), name: sample.name.clone() };
        for (class, label) in classes.iter_mut().zip(&sample.labels) {
            if *label == UNKNOWN {
                *class = UNKNOWN;
            }
        }
        let size = sample.image.size();
        let truth = ClassMask::new(size, &sample.labels).map_err(|_| wrong_size())?;
        let predicted = ClassMask::new(size, &classes).map_err(|_| wrong_size())?;
        let areas = dice::of_classes(truth, predicted, count).map_err(|_| wrong_size())?;

        self.images += 1;
        self.known += sample.labels.iter().filter(|label| **label != UNKNOWN).count() as u64;
        self.classes.resize(count, Areas::default());
        for (sum, areas) in self.classes.iter_mut().zip(areas) {
            *sum = *sum + areas;
        }
        Ok(())
    }

    fn row(self, data: &str, names: &[&str]) -> Row {
        let mut row = Row::new(data, self.images);
        let dice = names.iter().zip(&self.classes);
        row.measures
            .extend(dice.map(|(name, areas)| Measure::new(format!("{name} Dice"), areas.dice())));
        let right: u64 = self.classes.iter().map(|areas| areas.intersection).sum();
        let accuracy = (self.known > 0).then(|| right as f64 / self.known as f64);
        row.measures.push(Measure::new("pixel accuracy", accuracy));
        row
    }
}

#[cfg(test)]
mod tests;
