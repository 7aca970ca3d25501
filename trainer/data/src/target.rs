//! What a network shall answer, precomputed for an image.
//!
//! An image's targets are a map of indices into a table of objects, and the distance of each
//! pixel to its object's edge: 3 bytes a pixel, from which every map of a crop follows after any
//! zoom, flip or rotation.
//!
//! - `np`: 1 in a nucleus, 0 outside, 255 where nobody said.
//! - `hv` (`HoVer`-Net, Graham et al. 2019): offset of a pixel's centre from the mean of its
//!   nucleus' pixel centres, each direction divided by the farthest on its side: -1 to 1.
//! - `edge`: distance from a pixel's centre to the nearest pixel centre that is not of its
//!   nucleus, exact; what lies beyond the image is not of it. At least 1 px of the source.
//! - `dist`: `edge` over the greatest in the nucleus.
//! - `class`: an index into the plan's classes, 255 where nobody said.

mod instances;
mod maps;
mod object;
mod shape;

mod dots;

use std::sync::Arc;

use contract::{Mpp, RgbImage, Size};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::augment::StainStatistics;
use crate::{Annotation, Sample};
pub(crate) use dots::{Nearest, nearest_dots};
pub(crate) use instances::of_instances;
pub(crate) use maps::{CropMaps, fill};
pub(crate) use object::{IGNORED, ObjectMap};

/// The value of `np` where nothing is known.
pub const IGNORE: u8 = 255;

/// Radii of what a dot says about its surroundings, µm. Between `nucleus_um` and `background_um`
/// nothing is known of `np`.
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

/// A sample with its targets; about 6 bytes a pixel.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Its source.
    pub set: String,
    /// Its name.
    pub name: String,
    /// Its resolution.
    pub mpp: Mpp,
    /// Whether every nucleus is outlined: `hv`, `dist` and `edge` train only then.
    pub annotated: bool,
    /// The stains of the whole image.
    pub(crate) stain: StainStatistics,
    /// Where it was stained, as far as known: the tissue source site, or else the source.
    pub(crate) stain_group: String,
    pub(crate) image: Arc<RgbImage>,
    pub(crate) objects: ObjectMap,
}

/// Why no targets can be made of a sample.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum TargetError {
    /// The sample has no pixels.
    #[error("{name}: the image has no pixels")]
    Empty {
        /// The sample.
        name: String,
    },
    /// A map is not as large as its image.
    #[error("{name}: {map} has {actual} values and the image {expected} pixels")]
    Size {
        /// The sample.
        name: String,
        /// The map.
        map: &'static str,
        /// Pixels of the image.
        expected: usize,
        /// Pixels of the map.
        actual: usize,
    },
    /// More nuclei than a map can number.
    #[error("{name}: {nuclei} nuclei are more than {max}; cut the image into smaller ones")]
    TooMany {
        /// The sample.
        name: String,
        /// Nuclei in it.
        nuclei: usize,
        /// The limit.
        max: usize,
    },
    /// The radii of dots contradict each other.
    #[error("{name}: dot radii of {radii:?}; state 0 < nucleus_um ≤ class_um < background_um")]
    Radii {
        /// The sample.
        name: String,
        /// What was stated.
        radii: String,
    },
    /// Dots were expected, and the sample has outlines.
    #[error("{name}: its nuclei are outlined already")]
    Outlined {
        /// The sample.
        name: String,
    },
}

impl Prepared {
    /// Computes the targets of `sample`.
    pub fn new(sample: &Sample, radii: &DotRadii) -> Result<Self, TargetError> {
        let (objects, annotated) = match &sample.annotation {
            Annotation::Instances(marked) => {
                let map = of_instances(&sample.name, sample.image.size(), marked)?;
                (map, true)
            }
            Annotation::Dots(marked) => {
                let radii = radii.in_pixels(&sample.name, sample.mpp)?;
                (dots::of_dots(sample.image.size(), marked, &radii), false)
            }
        };
        Self::of_objects(sample, objects, annotated)
    }

    /// A sample with targets that were computed elsewhere.
    pub(crate) fn of_objects(
        sample: &Sample,
        objects: ObjectMap,
        annotated: bool,
    ) -> Result<Self, TargetError> {
        if sample.image.size().pixels() == 0 {
            return Err(TargetError::Empty { name: sample.name.clone() });
        }
        Ok(Self {
            set: sample.set.clone(),
            name: sample.name.clone(),
            mpp: sample.mpp,
            annotated,
            stain: StainStatistics::of(&sample.image),
            stain_group: stain_group(sample),
            image: Arc::clone(&sample.image),
            objects,
        })
    }

    /// Width and height.
    pub fn size(&self) -> Size {
        self.image.size()
    }
}

fn stain_group(sample: &Sample) -> String {
    // A site of TCGA is the same across sources; no source's name holds a slash.
    sample.site.as_ref().map_or_else(|| sample.set.clone(), |site| format!("TCGA/{site}"))
}

/// [`DotRadii`] in pixels of an image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PixelRadii {
    pub(crate) class: f64,
    pub(crate) nucleus: f64,
    pub(crate) background: f64,
}

impl DotRadii {
    pub(crate) fn in_pixels(&self, name: &str, mpp: Mpp) -> Result<PixelRadii, TargetError> {
        let Self { class_um, nucleus_um, background_um } = *self;
        // A NaN is in no order.
        if !(0.0 < nucleus_um && nucleus_um <= class_um && class_um < background_um) {
            return Err(TargetError::Radii { name: name.to_owned(), radii: format!("{self:?}") });
        }
        let px = |um: f64| um / mpp.um_per_px();
        Ok(PixelRadii {
            class: px(class_um),
            nucleus: px(nucleus_um),
            background: px(background_um),
        })
    }
}

#[cfg(test)]
mod tests;
