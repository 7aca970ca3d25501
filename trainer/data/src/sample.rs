//! One annotated image, as a reader hands it over.

use std::collections::BTreeMap;

use contract::{Mpp, RgbImage};
use thiserror::Error;

/// The class of a nucleus, or of a pixel, that nobody named.
pub const UNKNOWN: u8 = 255;

/// One annotated image.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Name of the source it comes from, for example `nuinsseg`.
    pub set: String,
    /// File name without folder and ending.
    pub name: String,
    /// Patient, slide or region: what must not stand on both sides of a split.
    pub group: String,
    /// Tissue source site, where the source tells it (TCGA).
    pub site: Option<String>,
    /// The image.
    pub image: RgbImage,
    /// Its resolution.
    pub mpp: Mpp,
    /// What people marked in it.
    pub annotation: Annotation,
    /// Tissue class of each pixel, row-major, [`UNKNOWN`] where nobody said; an index into
    /// the source's tissue classes.
    pub tissue: Option<Vec<u8>>,
}

/// What people marked in an image.
#[derive(Clone, Debug, PartialEq)]
pub enum Annotation {
    /// Every nucleus, by its pixels.
    Instances(Instances),
    /// A point in most nuclei, with the class.
    Dots(Vec<Dot>),
}

/// Nuclei by their pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Instances {
    /// Row-major, the image's size: 0 background, otherwise the number of a nucleus.
    pub ids: Vec<u32>,
    /// Class of each nucleus that has one; an index into the plan's classes.
    pub classes: BTreeMap<u32, u8>,
}

/// A point in a nucleus.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dot {
    /// Pixels to the right of the image's left edge; a pixel's centre is at a half.
    pub x: f64,
    /// Pixels down from the image's upper edge.
    pub y: f64,
    /// Index into the plan's classes, or [`UNKNOWN`].
    pub class: u8,
}

/// Why a sample cannot be brought to another resolution.
#[derive(Debug, Error)]
#[error("{name} cannot be resampled from {from} to {to} µm/px: nothing of it is left")]
pub struct ResampleError {
    /// The sample.
    pub name: String,
    /// Its resolution.
    pub from: f64,
    /// The resolution asked for.
    pub to: f64,
}

impl Sample {
    /// The same sample at `mpp`: the image by area average (bilinear where it grows), labels
    /// by the nearest pixel, dots by scaling. What an evaluation at the network's resolution
    /// compares with.
    pub fn resampled(&self, mpp: Mpp) -> Result<Self, ResampleError> {
        let _ = mpp;
        unimplemented!("being written")
    }
}
