//! What is wrong with a file.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::files::NUCLEI_MAX;
use super::mask::MaskError;
use crate::puma::{BYTES_MAX, ReadPumaError};

/// What is wrong with a file that was to be scored; its `Display` says all of it, since several
/// stand in one message.
#[derive(Debug)]
pub struct FileFault {
    path: PathBuf,
    problem: Problem,
}

/// What is wrong.
#[derive(Debug, Error)]
pub(super) enum Problem {
    #[error("the folder cannot be listed")]
    Folder(#[source] std::io::Error),
    #[error("the file cannot be read")]
    Read(#[source] std::io::Error),
    #[error(
        "the file has {bytes} bytes, more than the {BYTES_MAX} that are read: split it by image"
    )]
    TooLarge { bytes: u64 },
    #[error(
        "the ending is none of .geojson, .json, .tif and .tiff: name a file of nuclei or of \
         tissue, unpacked"
    )]
    Ending,
    #[error("the folder holds no file of nuclei or tissue (.geojson, .json, .tif, .tiff)")]
    Nothing,
    #[error("the image has a file of this kind already, {}: remove one of them", other.display())]
    Twice { other: PathBuf },
    #[error("the result holds no {kind} of this image: analyse it, or take the file away")]
    NoResult { kind: &'static str },
    #[error(
        "the file has {count} nuclei, more than the {NUCLEI_MAX} that are compared: cut it to the \
         region that people marked"
    )]
    TooMany { count: usize },
    #[error("the nuclei cannot be read")]
    Nuclei(#[source] ReadPumaError),
    #[error("neither `features` (GeoJSON) nor `polygons` (Grand Challenge) is a field of the file")]
    Layout,
    #[error("the file is no JSON object")]
    Json(#[source] serde_json::Error),
    #[error(
        "nucleus {index}, counted from 0, is of class {class:?}: the file's name says nuclei; \
         name a file of tissue *_tissue.geojson"
    )]
    TissueAmongNuclei { index: usize, class: String },
    #[error(
        "nucleus {index}, counted from 0, is of class {class:?}, which the track does not know: \
         rename it (--rename {class}=NAME) to one of {known}"
    )]
    Class { index: usize, class: String, known: String },
    #[error("the tissue cannot be read")]
    Tissue(#[source] MaskError),
    #[error(
        "the truth and the result are both annotations, and neither says the size of the image: \
         name the result's mask, a TIFF"
    )]
    NoSize,
}

impl FileFault {
    pub(super) fn new(path: &Path, problem: Problem) -> Self {
        Self { path: path.to_owned(), problem }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.problem)?;
        let mut source = self.problem.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
