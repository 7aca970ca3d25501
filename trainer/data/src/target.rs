//! What a network shall answer, precomputed for an image.
//!
//! An image's targets are a map of indices into a table of objects, and the distance of each
//! pixel to its object's edge: 3 bytes a pixel, from which every map of a crop follows after
//! any zoom, flip or rotation without loss.

use contract::{Mpp, Size};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Sample;

/// The value of `np` where nothing is known.
pub const IGNORE: u8 = 255;

/// Radii of what a dot says about its surroundings, µm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DotRadii {
    /// The dot's class holds within this.
    pub class_um: f64,
    /// There is nucleus within this.
    pub nucleus_um: f64,
    /// There is none beyond this from every dot.
    pub background_um: f64,
}

/// A sample with its targets.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Its source.
    pub set: String,
    /// Its name.
    pub name: String,
    /// Its resolution.
    pub mpp: Mpp,
    /// Its size.
    pub size: Size,
    /// Whether every nucleus is outlined: `hv`, `dist` and `edge` train only then.
    pub annotated: bool,
}

/// Why no targets can be made of a sample.
#[derive(Debug, Error)]
pub enum TargetError {
    /// A label map is not as large as its image.
    #[error("{name}: the label map has {actual} pixels, the image {expected}")]
    Size {
        /// The sample.
        name: String,
        /// Pixels of the image.
        expected: usize,
        /// Pixels of the map.
        actual: usize,
    },
    /// More nuclei than a map can number.
    #[error("{name}: {nuclei} nuclei, more than {max}; cut the image into smaller ones")]
    TooMany {
        /// The sample.
        name: String,
        /// Nuclei in it.
        nuclei: usize,
        /// The limit.
        max: usize,
    },
}

impl Prepared {
    /// Computes the targets of `sample`.
    pub fn new(sample: &Sample, radii: &DotRadii) -> Result<Self, TargetError> {
        let _ = (sample, radii);
        unimplemented!("being written")
    }
}
