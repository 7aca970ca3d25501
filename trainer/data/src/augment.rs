//! Crops, changed at random so that a network learns what does not matter.

use serde::{Deserialize, Serialize};

/// All that is changed at random in a crop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Augmentation {
    /// Zoom between 1/`zoom` and `zoom`, log-uniform; 1 is none.
    pub zoom: f64,
    /// Mirrored at random.
    pub flip: bool,
    /// Turned at random.
    pub rotation: Rotation,
    /// Bent at random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elastic: Option<Elastic>,
    /// Colours.
    pub colour: Colour,
    /// Blurred at random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blur: Option<Sometimes>,
    /// Gaussian noise at random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<Sometimes>,
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
    /// Greatest displacement of a node, output px.
    pub amplitude_px: f64,
    /// Distance of the nodes, output px.
    pub spacing_px: f64,
}

/// Something that happens to a share of the crops, with a strength between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sometimes {
    /// Share of the crops, 0 to 1.
    pub probability: f64,
    /// Standard deviation, at least: px for blur; of the full range 1 for noise.
    pub sigma_min: f64,
    /// Standard deviation, at most.
    pub sigma_max: f64,
}

/// Random change of colour. All bounds are symmetric: 0 is no change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Colour {
    /// Each stain (haematoxylin, eosin, rest) scaled by exp(±this) in optical density.
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
