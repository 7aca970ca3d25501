//! How good a network is, measured as the runtime would serve it.
//!
//! The network runs in the runtime's engine and its maps go through the runtime's kernels
//! ([`Served`]); an image is resampled to the network's resolution, and what is found goes back to
//! the image's own grid, where it is compared:
//! - outlined images by Dice, AJI, AJI+ and PQ (means over images);
//! - images with classes by the F1 of detection and of each class, within a radius, by MCSpatNet's
//!   rule, pooled over images;
//! - images of sources in PUMA's own layout by the challenge's official figures, with the pooled
//!   ones beside them ([`challenge`]);
//! - tissue by Dice and pixel accuracy ([`evaluate_tissue`]).

pub mod challenge;
mod dihedral;
mod found;
mod tissue;

use std::collections::BTreeMap;

use data::sample::UNKNOWN;
use data::{Annotation, Sample};
use evaluation::detection::{self, Counts, Dot, greedy};
use evaluation::puma::nuclei::{FileScore, NucleiScore};
use evaluation::{LabelMap, Measure, Row, SegmentationScore, SegmentationTotals, Summary};
use thiserror::Error;

pub use dihedral::Passes;
pub use found::{Found, find};
pub use tissue::evaluate_tissue;

use crate::export::{Served, ServedError};
use challenge::{ChallengeError, Names, Origin};

/// How predictions are compared with the truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// A truth and a prediction within this are the same nucleus, µm.
    pub match_radius_um: f64,
    /// How often the network looks at an image.
    pub passes: Passes,
}

/// Why an image was not measured.
#[derive(Debug, Error)]
pub enum EvaluateError {
    /// The network failed on it.
    #[error("{set}: {name}: the network failed")]
    Network {
        /// Its source.
        set: String,
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: Box<ServedError>,
    },
    /// The file of its annotations cannot be compared as the PUMA challenge does.
    #[error("{set}: {name}: there are no official PUMA figures")]
    Challenge {
        /// Its source.
        set: String,
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: ChallengeError,
    },
    /// Its annotation is not as large as the image.
    #[error("{set}: {name}: the annotation is not as large as the image")]
    Size {
        /// Its source.
        set: String,
        /// Its name.
        name: String,
    },
}

/// Measures `served` on `samples` of `origin`, a row a source; `part` says how the samples were kept
/// apart.
pub fn evaluate<'a>(
    served: &Served,
    samples: impl Iterator<Item = &'a Sample>,
    origin: Origin<'_>,
    part: &str,
    rules: Rules,
) -> Result<Summary, EvaluateError> {
    let names = Names::of(&served.card().classes);
    let mut sets = BTreeMap::<&str, Totals>::new();
    for sample in samples {
        let found = find(served, &sample.image, sample.mpp, rules.passes).map_err(|source| {
            EvaluateError::Network {
                set: sample.set.clone(),
                name: sample.name.clone(),
                source: Box::new(source),
            }
        })?;
        let totals = sets.entry(&sample.set).or_default();
        totals.add(sample, &found, served, rules)?;
        totals.puma.extend(names.score(origin, sample, &found).map_err(|source| {
            EvaluateError::Challenge { set: sample.set.clone(), name: sample.name.clone(), source }
        })?);
    }
    let classes: Vec<&str> = served.card().classes.iter().map(|c| c.name.as_str()).collect();
    let rows = sets
        .into_iter()
        .map(|(set, totals)| totals.row(&format!("{set}, {part}"), &classes, rules))
        .collect();
    Ok(Summary { rows })
}

#[derive(Default)]
struct Totals {
    images: u64,
    segmentation: SegmentationTotals,
    detection: Counts,
    classes: Vec<Counts>,
    /// In the order of the samples, which the last bit of the official figures depends on.
    puma: Vec<FileScore>,
}

impl Totals {
    fn add(
        &mut self,
        sample: &Sample,
        found: &Found,
        served: &Served,
        rules: Rules,
    ) -> Result<(), EvaluateError> {
        self.images += 1;
        if let Annotation::Instances(truth) = &sample.annotation {
            let size = sample.image.size();
            let wrong_size =
                || EvaluateError::Size { set: sample.set.clone(), name: sample.name.clone() };
            let truth = LabelMap::new(size, &truth.ids).map_err(|_| wrong_size())?;
            let ids = found.ids_at(size);
            let predicted = LabelMap::new(size, &ids).map_err(|_| wrong_size())?;
            self.segmentation
                .add(SegmentationScore::of(truth, predicted).map_err(|_| wrong_size())?);
        }

        let truth: Vec<Dot> = sample
            .nuclei()
            .iter()
            .map(|dot| Dot { x: dot.x, y: dot.y, class: usize::from(dot.class) })
            .collect();
        if truth.iter().all(|dot| dot.class != usize::from(UNKNOWN)) {
            let radius_px = rules.match_radius_um / sample.mpp.um_per_px();
            let classes = served.card().classes.len();
            self.detection = self.detection + greedy::detection(&truth, &found.dots, radius_px);
            let by_class = greedy::by_class(&truth, &found.dots, classes, radius_px);
            detection::add_by_class(&mut self.classes, &by_class);
        }
        Ok(())
    }

    fn row(self, data: &str, classes: &[&str], rules: Rules) -> Row {
        let mut row = Row::new(data, self.images);
        if !self.segmentation.images().is_empty() {
            row.measures.extend(self.segmentation.means());
        }
        if !self.classes.is_empty() {
            let radius = rules.match_radius_um;
            let name = |what: &str| format!("{what} F1 at {radius} µm");
            row.measures.push(Measure::new(name("detection"), self.detection.f1()));
            let by_class = classes.iter().zip(&self.classes);
            row.measures.extend(by_class.map(|(class, c)| Measure::new(name(class), c.f1())));
        }
        if !self.puma.is_empty() {
            row.measures.extend(NucleiScore::of(&self.puma).measures());
        }
        row
    }
}
