//! Readers of annotated images, one for each layout on disk.
//!
//! A reader takes what is there: a source without classes yields nuclei without
//! a class, and these do not train the class head. What a file should hold and
//! does not is a [`Fault`] with file and reason; all of them are named before
//! training starts.

mod annotation;
mod class_names;
mod dots;
mod entry;
mod geojson;
mod grouping;
mod instance_map;
pub mod polygon;
mod puma;
mod resolution;
mod survey;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use contract::Mpp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Sample;
use crate::fingerprint::{Fault, Fingerprint};
pub use entry::puma_nuclei_path;
pub use puma::{TISSUE as PUMA_TISSUE, tissue as puma_tissue};

/// The value in [`SourceSpec::classes`] of a label that gives a nucleus no class.
pub const UNKNOWN_CLASS: &str = "unknown";

/// One source of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSpec {
    /// Its name in the plan and in figures, for example `nuinsseg`.
    pub name: String,
    /// Folder below the data root.
    pub path: PathBuf,
    /// How its files lie.
    pub layout: Layout,
    /// What tells its resolution.
    pub resolution: Resolution,
    /// What keeps its images apart.
    pub group: Grouping,
    /// From the source's own labels (BRCA-M2C: `1`, `2`, `3`; PUMA: `nuclei_tumor`, …) to the
    /// plan's class names, or to [`UNKNOWN_CLASS`]. Absent: the source trains no class. A label
    /// that is found and not named here is a fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<BTreeMap<String, String>>,
    /// Licence: an SPDX expression, for the model card.
    pub licence: String,
    /// DOI or paper, for the model card.
    pub citation: String,
}

/// How the files of a source lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// `images/*` and 16-bit instance maps `labels/*.png` of the same stem.
    InstanceMaps,
    /// PUMA's own: `01_training_dataset_tif_ROIs/*.tif`,
    /// `01_training_dataset_geojson_nuclei/*_nuclei.geojson` and, if present,
    /// `01_training_dataset_geojson_tissue/*_tissue.geojson`. Annotations without an image are
    /// passed over.
    Puma,
    /// Patches of PUMA: as [`Layout::InstanceMaps`], and `classes/*.json` from instance to class.
    PumaPatches,
    /// Images with dots: `*.jpg` or `*.png`, beside each a `*.txt` of lines `y x class`, where
    /// y and x are the row and column of a pixel.
    Dots,
}

/// What tells the resolution of a source's images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Resolution {
    /// The plan: all images have this.
    Stated(Mpp),
    /// A heuristic for sets of mixed magnification: the median diameter of an image's nuclei.
    MedianDiameter {
        /// Diameter of the circle of the median area, px.
        threshold_px: f64,
        /// Resolution where the median is greater.
        above: Mpp,
        /// Resolution where it is not.
        below: Mpp,
    },
}

/// What makes a group of a source's images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// Every image is its own group: the source tells no patient.
    Image,
    /// The number at the start of the name (TNBC: `01_2` is patient 1).
    LeadingNumber,
    /// `TCGA-XX-XXXX`: the patient; `XX` is the site.
    TcgaPatient,
    /// `(primary|metastatic)_roi_NNN`.
    PumaRoi,
}

/// All that was read.
#[derive(Clone, Debug)]
pub struct DataSet {
    /// In the order of the plan's sources, by name within each.
    pub samples: Vec<Sample>,
    /// What they are.
    pub fingerprint: Fingerprint,
}

/// Why sources cannot be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The plan contradicts itself.
    #[error("source {name}: {reason}")]
    Spec {
        /// Name of the source.
        name: String,
        /// What is wrong with which field, and what to do.
        reason: String,
    },
    /// A folder cannot be listed.
    #[error("cannot list the folder {}; check the data root and the source's path", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Files are damaged, missing, unreadable or twice there.
    #[error("{} files cannot be trained on, mend or remove them: {}", .0.len(), list(.0))]
    Faults(Vec<Fault>),
}

/// Reads all sources below `root`; `classes` are the plan's class names in their order.
///
/// Fails with all faults at once where any file is at fault; [`survey`] goes on.
pub fn load(root: &Path, specs: &[SourceSpec], classes: &[String]) -> Result<DataSet, LoadError> {
    let set = survey(root, specs, classes)?;
    let faults = set.fingerprint.faults();
    if faults.is_empty() { Ok(set) } else { Err(LoadError::Faults(faults)) }
}

/// Reads all sources as [`load`] does, and leaves out files at fault; they stand in the
/// fingerprint.
pub fn survey(root: &Path, specs: &[SourceSpec], classes: &[String]) -> Result<DataSet, LoadError> {
    survey::survey(root, specs, classes)
}

fn list(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
