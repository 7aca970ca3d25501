//! Crops, changed at random so that a network learns what does not matter.
//!
//! A crop without free rotation and bending lies on the grid that the runtime resamples to, so
//! that at zoom 1 a network sees in training exactly the pixels that it sees in the field.

mod bend;
mod blur;
mod colour;
mod cut;
mod free;
mod stain;
mod transfer;
mod turn;

use contract::Mpp;
use serde::{Deserialize, Serialize};

pub(crate) use blur::gaussian;
pub(crate) use colour::Painter;
pub(crate) use cut::{Aim, Crop, Cutter, OUTSIDE, Source};
pub use stain::StainStatistics;
pub(crate) use transfer::StainPool;
pub use transfer::StainTransfer;
#[cfg(test)]
pub(crate) use turn::Turn;

/// All that is changed at random in a crop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Augmentation {
    /// Zoom between 1/`zoom` and `zoom`, log-uniform; 1 is none.
    pub zoom: f64,
    /// Mirrored in half of the crops.
    pub flip: bool,
    /// Turned at random.
    pub rotation: Rotation,
    /// Bent at random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elastic: Option<Elastic>,
    /// Moved towards the stains of other images, before `colour`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stain_transfer: Option<StainTransfer>,
    /// Colours.
    pub colour: Colour,
    /// Sharpened at random, before it is blurred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sharpen: Option<Sharpen>,
    /// Blurred at random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blur: Option<Sometimes>,
    /// Gaussian noise at random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<Sometimes>,
}

impl Augmentation {
    /// Nothing is changed at random.
    pub const UNCHANGED: Self = Self {
        zoom: 1.0,
        flip: false,
        rotation: Rotation::None,
        elastic: None,
        stain_transfer: None,
        colour: Colour::UNCHANGED,
        sharpen: None,
        blur: None,
        noise: None,
    };
}

/// How a crop is turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// Not at all.
    None,
    /// By multiples of 90°.
    Quarter,
    /// By any angle.
    Free,
}

/// Smooth random displacement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elastic {
    /// Share of the crops that are bent, 0 to 1.
    pub probability: f64,
    /// Greatest displacement of a node along each axis, px of the crop.
    pub amplitude_px: f64,
    /// Distance of the nodes, px of the crop, 4 or more.
    pub spacing_px: f64,
}

/// Unsharp masking of a share of the crops: `x + amount · (x - blurred x)`.
///
/// A source that was scanned at a low magnification is soft; a network that learns classes from it
/// alone takes the sharp chromatin of another scanner for another class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sharpen {
    /// Share of the crops, 0 to 1.
    pub probability: f64,
    /// Standard deviation of the blur that is subtracted, px of the crop.
    pub sigma_px: f64,
    /// Greatest amount; uniform from 0.
    pub amount_max: f64,
}

/// Something that happens to a share of the crops, with a strength between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sometimes {
    /// Share of the crops, 0 to 1.
    pub probability: f64,
    /// Standard deviation, at least: px of the crop for blur; of the full range 1 for noise.
    pub sigma_min: f64,
    /// Standard deviation, at most.
    pub sigma_max: f64,
}

/// Random change of colour. All bounds are symmetric: 0 is no change.
///
/// Stains are those of Ruifrok and Johnston (2001): haematoxylin, eosin and a rest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Colour {
    /// Each stain scaled by exp(±this) in optical density.
    pub stain_scale: f64,
    /// Each stain shifted by ±this, optical density.
    pub stain_shift: f64,
    /// In 15 % of the crops all stains are scaled together by exp(±this).
    pub intensity: f64,
    /// Stain vectors turned by up to this angle, each on its own, radians.
    pub stain_angle: f64,
    /// In half of the crops: saturation scaled by exp(±this).
    pub saturation: f64,
    /// Turned about the grey axis by ±this, radians.
    pub hue: f64,
    /// Each channel scaled by exp(±this).
    pub gain: f64,
    /// Brightness shifted by ±this of the full range 1.
    pub brightness: f64,
    /// Contrast about the crop's mean scaled by exp(±this).
    pub contrast: f64,
}

impl Colour {
    /// No colour is changed.
    pub const UNCHANGED: Self = Self {
        stain_scale: 0.0,
        stain_shift: 0.0,
        intensity: 0.0,
        stain_angle: 0.0,
        saturation: 0.0,
        hue: 0.0,
        gain: 0.0,
        brightness: 0.0,
        contrast: 0.0,
    };
}

/// Greatest zoom believed: nuclei of one magnification step more or less.
const ZOOM_MAX: f64 = 4.0;
/// Greatest exponent of a colour scale: a factor of 20.
const EXPONENT_MAX: f64 = 3.0;
/// Greatest standard deviation of a blur, px.
const BLUR_MAX: f64 = 10.0;

/// Greatest amount of sharpening: beyond it there is nothing but edges.
const SHARPEN_MAX: f64 = 10.0;

impl Augmentation {
    /// Names every field that is out of its bounds, for crops at `mpp`.
    pub(crate) fn faults(&self, mpp: Mpp) -> Vec<String> {
        let mut faults = Vec::new();
        let mut bound = |name: &str, value: f64, low: f64, high: f64| {
            // A NaN is in no range.
            if !(low..=high).contains(&value) {
                faults.push(format!("augmentation.{name} is {value}, not {low} to {high}"));
            }
        };
        bound("zoom", self.zoom, 1.0, ZOOM_MAX);
        if let Some(elastic) = &self.elastic {
            bound("elastic.probability", elastic.probability, 0.0, 1.0);
            bound("elastic.spacing_px", elastic.spacing_px, 4.0, 1e4);
            bound("elastic.amplitude_px", elastic.amplitude_px, 0.0, 1e3);
        }
        for (name, some, max) in [("blur", self.blur, BLUR_MAX), ("noise", self.noise, 1.0)] {
            if let Some(some) = some {
                bound(&format!("{name}.probability"), some.probability, 0.0, 1.0);
                bound(&format!("{name}.sigma_min"), some.sigma_min, 0.0, some.sigma_max);
                bound(&format!("{name}.sigma_max"), some.sigma_max, 0.0, max);
            }
        }
        if let Some(sharpen) = &self.sharpen {
            bound("sharpen.probability", sharpen.probability, 0.0, 1.0);
            bound("sharpen.sigma_px", sharpen.sigma_px, 0.0, BLUR_MAX);
            bound("sharpen.amount_max", sharpen.amount_max, 0.0, SHARPEN_MAX);
        }
        for (name, value, low, high) in self.stain_transfer.iter().flat_map(StainTransfer::bounds) {
            bound(&format!("stain_transfer.{name}"), value, low, high);
        }
        for (name, value, max) in self.colour.bounds() {
            bound(&format!("colour.{name}"), value, 0.0, max);
        }
        let zooms = [self.zoom, 1.0 / self.zoom];
        if zooms.iter().any(|zoom| Mpp::new(mpp.um_per_px() / zoom).is_err()) {
            faults.push(format!(
                "augmentation.zoom is {}, which leads out of the believable resolutions",
                self.zoom
            ));
        }
        faults
    }
}

impl Colour {
    fn bounds(&self) -> [(&'static str, f64, f64); 9] {
        [
            ("stain_scale", self.stain_scale, EXPONENT_MAX),
            ("stain_shift", self.stain_shift, 1.0),
            ("intensity", self.intensity, EXPONENT_MAX),
            ("stain_angle", self.stain_angle, 0.5),
            ("saturation", self.saturation, EXPONENT_MAX),
            ("hue", self.hue, std::f64::consts::PI),
            ("gain", self.gain, EXPONENT_MAX),
            ("brightness", self.brightness, 1.0),
            ("contrast", self.contrast, EXPONENT_MAX),
        ]
    }
}

#[cfg(test)]
mod tests;
