//! The model card: everything about a network that changes the meaning of its numbers.
//!
//! A card is the `card.toml` of a model package. Unknown fields are refused, since
//! one may change the meaning of the weights; nothing has a default.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Chain, Digest, Mpp};

/// A checked model card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelCard {
    /// Format of this card: [`ModelCard::FORMAT`].
    pub format: u32,
    /// Name of the model, for example `nuclei-lite`: lower-case letters, digits and hyphens.
    pub name: String,
    /// Version for people, for example `1.0.0`.
    pub version: String,
    /// Release counter: rises by at least one with each release of this name.
    pub release: u32,
    /// What the model finds.
    pub kind: Kind,
    /// What it is and for what it may be used, a sentence or two.
    pub description: String,
    /// Always true: Margay is for research use only.
    pub research_use_only: bool,
    /// How good the labels were that it learnt from.
    pub labels: LabelQuality,
    /// Resolution of the network's input; the pipeline resamples to it.
    pub mpp: Mpp,
    /// The window that the network is run on.
    pub window: Window,
    /// The input tensor.
    pub input: Input,
    /// The output tensors.
    pub outputs: Outputs,
    /// Classes in the order of the class maps. A class that is not named here is
    /// absent from the report, never zero.
    pub classes: Vec<Class>,
    /// The chain after the network.
    pub postprocessing: Chain,
    /// What it learnt from.
    pub training_data: Vec<Dataset>,
    /// How good it is, and on what data.
    pub evaluation: Vec<Figure>,
    /// Golden tiles: inputs in `golden/` with what the package must find in them.
    pub golden: Vec<Golden>,
    /// SHA-256 of each further file of the package, by path: `model.onnx` and all of `golden/`.
    pub files: BTreeMap<String, Digest>,
}

/// What a model finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Nuclei, one by one, with classes.
    Nuclei,
    /// Tissue classes by area.
    Tissue,
    /// Classes of given nuclei, from their tokens.
    Classifier,
}

/// How good the training labels were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LabelQuality {
    /// Drawn or confirmed by people.
    Annotated,
    /// Derived from other labels by a rule; the description says which.
    Weak,
}

/// The window that a network is run on, pixels at the card's resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Edge of the square input.
    pub size_px: u32,
    /// Border of the input whose output is not used, since it saw too little around it.
    pub margin_px: u32,
    /// Width and height of any input must be multiples of this.
    pub multiple_px: u32,
}

/// The input tensor: `[batch, 3, height, width]`, f32, RGB as `(value / 255 - mean) / std`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its name in the ONNX graph.
    pub tensor: String,
    /// Mean of red, green and blue, 0 to 1.
    pub mean: [f32; 3],
    /// Standard deviation of red, green and blue.
    pub std: [f32; 3],
}

/// One output tensor: `[batch, channels, height, width]`, f32, at the input's size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Its name in the ONNX graph.
    pub tensor: String,
    /// Channels: 1 for `np` and `dist`, 2 (h, then v) for `hv`, one a class for `tp`.
    pub channels: u32,
}

/// The output tensors by what they hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outputs {
    /// Probability of nucleus, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub np: Option<Output>,
    /// Horizontal and vertical offset from the nucleus' centre, -1 to 1 (HoVer-Net).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hv: Option<Output>,
    /// Distance to the nucleus' edge over the greatest distance in it, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dist: Option<Output>,
    /// Class probabilities, summing to 1 over the channels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tp: Option<Output>,
}

/// A class of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Name, for example `lymphocyte`.
    pub name: String,
    /// What it counts as in the TIL figures.
    pub role: Role,
    /// Display colour, red green blue.
    pub colour: [u8; 3],
}

/// What a class counts as in the TIL figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Tumour cells, tumour tissue.
    Tumour,
    /// Tumour-infiltrating lymphocytes and plasma cells.
    Til,
    /// Stromal cells, stroma.
    Stroma,
    /// Any other cell or tissue.
    Other,
    /// Not tissue: glass, background.
    Background,
}

/// A data set that a model learnt from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// Name.
    pub name: String,
    /// Licence: an SPDX expression.
    pub licence: String,
    /// Where it comes from: a DOI or a paper.
    pub source: String,
    /// Images of it that were learnt from.
    pub images: u32,
    /// SHA-256 over the sorted digests of the files that were learnt from.
    pub fingerprint: Digest,
}

/// One figure of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// Data it was measured on, and how these were kept apart from training.
    pub data: String,
    /// Name of the measure, for example `PQ` or `lymphocyte F1 at 3 µm`.
    pub measure: String,
    /// Value.
    pub value: f64,
}

/// A golden tile and what the package must find in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// The tile: a path in the package, a PNG at the card's resolution.
    pub image: String,
    /// Nuclei of each class (kind nuclei) or pixels of each class (kind tissue), in class order.
    pub counts: Vec<u64>,
    /// Greatest relative difference allowed between `counts` and what is found.
    pub tolerance: f64,
}

/// Why a text is no model card.
#[derive(Debug, Error)]
pub enum CardError {
    /// Not TOML, a field is missing, unknown or of the wrong type.
    #[error("the card is not written as a model card of format {format}", format = ModelCard::FORMAT)]
    Syntax(#[source] toml::de::Error),
    /// The fields are there and contradict each other.
    #[error("invalid model card: {}", .0.join("; "))]
    Fields(Vec<String>),
    /// The card cannot be written as TOML.
    #[error("the card cannot be written as TOML")]
    Write(#[source] toml::ser::Error),
}

impl ModelCard {
    /// Format of the cards that this version writes and reads.
    pub const FORMAT: u32 = 1;
    /// Classes of a model at most: the class map is one byte a pixel, and some values are ours.
    pub const CLASSES_MAX: usize = 64;
    /// Largest window edge: its maps must fit in memory many times over.
    pub const WINDOW_PX_MAX: u32 = 4096;

    /// Reads and checks the text of a `card.toml`; all faults are named at once.
    pub fn parse(text: &str) -> Result<Self, CardError> {
        let card: Self = toml::from_str(text).map_err(CardError::Syntax)?;
        let faults = card.faults();
        if faults.is_empty() { Ok(card) } else { Err(CardError::Fields(faults)) }
    }

    /// Writes the card as TOML, after the same check.
    pub fn to_toml(&self) -> Result<String, CardError> {
        let faults = self.faults();
        if !faults.is_empty() {
            return Err(CardError::Fields(faults));
        }
        toml::to_string(self).map_err(CardError::Write)
    }

    /// The index of the class named `name`.
    pub fn class_index(&self, name: &str) -> Option<usize> {
        self.classes.iter().position(|class| class.name == name)
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut refuse = |wrong: bool, fault: String| {
            if wrong {
                faults.push(fault);
            }
        };

        refuse(
            self.format != Self::FORMAT,
            format!("format is {}, not {}", self.format, Self::FORMAT),
        );
        let name_is_plain = !self.name.is_empty()
            && self.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        refuse(
            !name_is_plain,
            format!("name is {:?}, not lower-case letters, digits and hyphens", self.name),
        );
        refuse(
            !self.research_use_only,
            "research_use_only is false; Margay is for research use only".into(),
        );

        let Window { size_px, margin_px, multiple_px } = self.window;
        refuse(
            !(1..=Self::WINDOW_PX_MAX).contains(&size_px),
            format!("window.size_px is {size_px}, not 1 to {}", Self::WINDOW_PX_MAX),
        );
        refuse(
            margin_px.saturating_mul(2) >= size_px,
            format!("window.margin_px is {margin_px}, which leaves nothing of {size_px} px"),
        );
        refuse(
            multiple_px == 0 || !size_px.is_multiple_of(multiple_px.max(1)),
            format!("window.size_px is {size_px}, not a multiple of multiple_px, {multiple_px}"),
        );

        refuse(
            !self.input.std.iter().all(|s| s.is_finite() && *s > 0.0),
            format!("input.std is {:?}, not three positive numbers", self.input.std),
        );
        refuse(
            !self.input.mean.iter().all(|m| m.is_finite()),
            format!("input.mean is {:?}, not three numbers", self.input.mean),
        );

        refuse(
            self.classes.len() > Self::CLASSES_MAX,
            format!("there are {} classes, more than {}", self.classes.len(), Self::CLASSES_MAX),
        );
        for (index, class) in self.classes.iter().enumerate() {
            refuse(
                self.class_index(&class.name) != Some(index),
                format!("the class {:?} is named twice", class.name),
            );
        }
        let parameter_faults = self.postprocessing_faults();
        let output_faults = self.output_faults();
        refuse(!self.files.contains_key("model.onnx"), "files does not name model.onnx".into());
        for golden in &self.golden {
            refuse(
                !self.files.contains_key(&golden.image),
                format!("files does not name the golden tile {}", golden.image),
            );
            refuse(
                golden.counts.len() != self.classes.len(),
                format!(
                    "the golden tile {} has {} counts for {} classes",
                    golden.image,
                    golden.counts.len(),
                    self.classes.len()
                ),
            );
        }

        faults.extend(parameter_faults);
        faults.extend(output_faults);
        faults
    }

    fn output_faults(&self) -> Vec<String> {
        let classes = self.classes.len() as u32;
        let Outputs { np, hv, dist, tp } = &self.outputs;
        let mut faults = Vec::new();
        let mut expect =
            |name: &str, output: &Option<Output>, channels: u32, required: bool| match output {
                Some(output) if output.channels != channels => faults.push(format!(
                    "outputs.{name}.channels is {}, not {channels}",
                    output.channels
                )),
                None if required => {
                    faults.push(format!("outputs.{name} is missing, which this chain reads"));
                }
                _ => {}
            };
        expect("np", np, 1, self.kind == Kind::Nuclei);
        expect("hv", hv, 2, matches!(self.postprocessing, Chain::Hover(_)));
        expect("dist", dist, 1, matches!(self.postprocessing, Chain::Distance(_)));
        expect("tp", tp, classes, classes > 0);
        faults
    }

    fn postprocessing_faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut within = |name: &str, value: f32, least: f32, most: f32| {
            if !(least..=most).contains(&value) {
                faults.push(format!("postprocessing.{name} is {value}, not {least} to {most}"));
            }
        };
        match &self.postprocessing {
            Chain::Hover(p) => {
                within("np_threshold", p.np_threshold, 0.0, 1.0);
                within("boundary_threshold", p.boundary_threshold, 0.0, 1.0);
                within("marker_area_min_um2", p.marker_area_min_um2, 0.0, 1000.0);
                within("nucleus_area_min_um2", p.nucleus_area_min_um2, 0.0, 1000.0);
                if !(3..=31).contains(&p.sobel_px) || p.sobel_px % 2 == 0 {
                    faults.push(format!(
                        "postprocessing.sobel_px is {}, not odd, 3 to 31",
                        p.sobel_px
                    ));
                }
                for (name, [least, most]) in
                    [("gradient_h", p.gradient_h), ("gradient_v", p.gradient_v)]
                {
                    if !(least.is_finite() && most.is_finite() && least < most) {
                        faults.push(format!(
                            "postprocessing.{name} is [{least}, {most}], not two numbers that rise"
                        ));
                    }
                }
                if ![0, 3, 5].contains(&p.opening_px) {
                    faults.push(format!(
                        "postprocessing.opening_px is {}, not 0, 3 or 5",
                        p.opening_px
                    ));
                }
            }
            Chain::Distance(p) => {
                within("np_threshold", p.np_threshold, 0.0, 1.0);
                within("smoothing_sigma_px", p.smoothing_sigma_px, 0.0, 5.0);
                within("dome_height", p.dome_height, 0.0, 1.0);
                within("marker_floor", p.marker_floor, 0.0, 1.0);
                within("nucleus_area_min_um2", p.nucleus_area_min_um2, 0.0, 1000.0);
            }
            Chain::Windows(p) => {
                within("glass_grey_min", p.glass_grey_min, 0.0, 255.0);
                if self.class_index(&p.glass_class).is_none() {
                    faults.push(format!(
                        "postprocessing.glass_class {:?} is no class",
                        p.glass_class
                    ));
                }
            }
        }
        let fits = match self.postprocessing {
            Chain::Hover(_) | Chain::Distance(_) => self.kind == Kind::Nuclei,
            Chain::Windows(_) => self.kind == Kind::Tissue,
        };
        if !fits && self.kind != Kind::Classifier {
            faults
                .push(format!("postprocessing.chain does not fit a model of kind {:?}", self.kind));
        }
        faults
    }
}

#[cfg(test)]
mod tests;
