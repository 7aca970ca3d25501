//! What files are worth: the nuclei and the tissue of a result against the truth, image by image
//! and over all.
//!
//! [`score`] reads two files, or two folders of the same names, and returns [`Scores`]: figures
//! that are stored as JSON to the last bit, and printed as a table with a footnote for each quirk
//! of the challenge's rule. For nuclei, each class has figures side by side: the challenge's F1, the
//! same matching pooled, and by MCSpatNet's and HoVer-Net's rule the F1 at the challenge's radius
//! and, where the resolution is stated, at 3 µm.
//!
//! For the challenge a nucleus is the mean of its outline's vertices ([`crate::puma::nuclei`]); for
//! the two other rules it is the outline's centre of area; for Dice, AJI and PQ it is the pixels
//! whose centres are in the outline, of two on one pixel the later of the file.
//!
//! **Invariant:** a set of images is scored whole or not at all. An image of the truth without a
//! result, or a file that cannot be read, is a fault, and all faults are named at once; an image
//! of the result without a truth is named beside the figures.

mod fault;
mod figures;
mod files;
mod listing;
mod mask;
mod nuclei;
mod outline;
mod pairs;
mod print;
mod tissue;

use std::collections::BTreeMap;
use std::path::Path;

use contract::Mpp;
use serde::Serialize;
use thiserror::Error;

use crate::ClassMask;
use crate::puma::Track;
use crate::puma::tissue::TissueTotals;
use files::Side;
use listing::Kind;
use pairs::Pair;

pub use fault::FileFault;
pub use figures::{ClassFigures, ClassFiguresWithin, DetectionFigures, NucleiFigures, PumaFigures};
pub use nuclei::{NucleiCounts, Radius, radii};
pub use outline::MAP_PIXELS_MAX;
pub use tissue::{TissueClassFigures, TissueFigures};

/// How files are compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// From a class of the result to the truth's name of it.
    pub rename: BTreeMap<String, String>,
    /// The track whose classes truth and result are brought to; none: names as they stand.
    pub track: Option<Track>,
    /// Resolution of the images; without it there is no figure at 3 µm.
    pub mpp: Option<Mpp>,
}

/// Why nothing was scored.
#[derive(Debug, Error)]
pub enum ScoreError {
    /// Files are missing, damaged or not what they should be.
    #[error("at fault: {}", list(.0))]
    Faults(Vec<FileFault>),
}

/// The figures of a result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scores {
    /// Image by image, by name.
    pub images: Vec<ImageScores>,
    /// Over all images.
    pub all: SetScores,
    /// Images of the result that the truth does not hold.
    pub without_truth: Vec<String>,
    /// The resolution that was stated, µm/px.
    pub um_per_px: Option<f64>,
}

/// The figures of one image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImageScores {
    /// Its name.
    pub image: String,
    /// Its figures.
    #[serde(rename = "figures")]
    pub scores: SetScores,
}

/// The figures of a set of images.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SetScores {
    /// Of the nuclei; none where no image has any.
    pub nuclei: Option<NucleiFigures>,
    /// Of the tissue; none where no image has any.
    pub tissue: Option<TissueFigures>,
}

/// What was counted of all images.
#[derive(Default)]
struct Counted {
    nuclei: BTreeMap<String, NucleiCounts>,
    tissue: BTreeMap<String, TissueTotals>,
    tissue_of_all: TissueTotals,
}

/// Scores the file or the folder `result` against `truth`.
pub fn score(truth: &Path, result: &Path, rules: &Rules) -> Result<Scores, ScoreError> {
    let (pairs, without_truth) = pairs::pairs(truth, result).map_err(ScoreError::Faults)?;
    let radii = radii(rules.mpp);
    let mut counted = Counted::default();
    let faults: Vec<FileFault> =
        pairs.into_iter().filter_map(|pair| counted.add(pair, rules, &radii).err()).collect();
    if !faults.is_empty() {
        return Err(ScoreError::Faults(faults));
    }
    let um_per_px = rules.mpp.map(Mpp::um_per_px);
    Ok(Scores {
        images: counted.images(&radii),
        all: counted.all(&radii),
        without_truth,
        um_per_px,
    })
}

impl Counted {
    fn add(&mut self, pair: Pair, rules: &Rules, radii: &[Radius]) -> Result<(), FileFault> {
        match pair.kind {
            Kind::Nuclei => {
                let truth = files::nuclei(&pair.truth, Side::Truth, rules)?;
                let result = files::nuclei(&pair.result, Side::Result, rules)?;
                self.nuclei.insert(pair.image, NucleiCounts::of(&truth, &result, radii));
            }
            Kind::Tissue => {
                let truth = (files::tissue(&pair.truth)?, pair.truth.as_path());
                let result = (files::tissue(&pair.result)?, pair.result.as_path());
                let (truth, result) = files::masks(truth, result)?;
                let [truth, result] = [&truth, &result].map(|mask| {
                    ClassMask::new(mask.size, &mask.labels).expect("a mask is as large as it says")
                });
                let image = self.tissue.entry(pair.image).or_default();
                image.add(truth, result);
                self.tissue_of_all.add(truth, result);
            }
        }
        Ok(())
    }

    fn images(&self, radii: &[Radius]) -> Vec<ImageScores> {
        let mut names: Vec<&String> = self.nuclei.keys().chain(self.tissue.keys()).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(|name| self.image(name, radii)).collect()
    }

    fn image(&self, name: &str, radii: &[Radius]) -> ImageScores {
        let nuclei = self.nuclei.get(name).map(|counts| NucleiFigures::of(&[counts], radii));
        let tissue = self.tissue.get(name).map(|totals| TissueFigures::of(totals, 1));
        ImageScores { image: name.to_owned(), scores: SetScores { nuclei, tissue } }
    }

    fn all(&self, radii: &[Radius]) -> SetScores {
        let nuclei: Vec<&NucleiCounts> = self.nuclei.values().collect();
        let images = self.tissue.len() as u64;
        SetScores {
            nuclei: (!nuclei.is_empty()).then(|| NucleiFigures::of(&nuclei, radii)),
            tissue: (images > 0).then(|| TissueFigures::of(&self.tissue_of_all, images)),
        }
    }
}

fn list(faults: &[FileFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
