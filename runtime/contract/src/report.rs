//! The report of one image: `report.json`.
//!
//! A wire format: readers of format N ignore fields that they do not know.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DensityGrid, Digest, Kind, Mpp, Role};

/// Format of the reports that this version writes.
pub const FORMAT: u32 = 1;

/// What was found in one image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TilReport {
    /// [`FORMAT`].
    pub format: u32,
    /// Version of the program that wrote it.
    pub margay: String,
    /// Always true.
    pub research_use_only: bool,
    /// The image.
    pub image: ImageSummary,
    /// The models that looked at it.
    pub models: Vec<ModelUse>,
    /// Whether the image is fit to be read.
    pub quality: Quality,
    /// Area that the nuclei model looked at and that is not glass, mm².
    pub evaluated_area_mm2: f64,
    /// Nuclei of each class that the model can see, in class order.
    pub nuclei: Vec<ClassCount>,
    /// Area of each tissue class that the model can see, in class order.
    pub tissue: Vec<TissueArea>,
    /// The TIL figures, each under its own name and formula; none is *the* TIL score.
    pub tils: Vec<TilFigure>,
    /// Where TILs are densest. Never part of a score (International Immuno-Oncology Biomarker
    /// Working Group).
    pub hot_spots: Vec<HotSpot>,
    /// Where the TILs are; absent where the nuclei model has no class of TILs.
    pub density: Option<DensityGrid>,
    /// Seed of the bootstrap.
    pub seed: u64,
    /// What a reader must know before believing the figures.
    pub warnings: Vec<String>,
}

/// The image of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImageSummary {
    /// File name without its folder.
    pub name: String,
    /// SHA-256 of the file.
    pub digest: Digest,
    /// Level-0 columns.
    pub width_px: u64,
    /// Level-0 rows.
    pub height_px: u64,
    /// Level-0 resolution.
    pub mpp: Mpp,
    /// Who said so.
    pub mpp_source: MppSource,
}

/// Who stated an image's resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MppSource {
    /// The image file.
    File,
    /// The operator, on the command line or in the configuration.
    Operator,
    /// The scanner, with the tiles that it sent.
    Scanner,
}

/// A model that was used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelUse {
    /// What it finds.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its `card.toml`, which names the digests of all its other files.
    pub card: Digest,
    /// Resolution it was run at.
    pub mpp: Mpp,
}

/// Whether an image is fit to be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quality {
    /// Fraction of the image that is glass.
    pub glass_fraction: f64,
    /// Re-blur ratio: variance of the Laplacian over that of the image blurred by σ = 1.5 px,
    /// at the nuclei model's resolution; low is out of focus. Absent where there is no tissue.
    pub focus: Option<f64>,
    /// Mean optical density of red, green and blue over tissue. Absent where there is none.
    pub stain_mean_od: Option<[f64; 3]>,
}

/// Nuclei of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClassCount {
    /// Name of the class.
    pub class: String,
    /// What it counts as.
    pub role: Role,
    /// Nuclei.
    pub count: u64,
    /// Nuclei per mm² of evaluated area.
    pub per_mm2: Option<f64>,
    /// Mean area of a nucleus, µm².
    pub mean_area_um2: Option<f64>,
    /// Mean probability of the class over its nuclei.
    pub mean_probability: Option<f64>,
}

/// Area of one tissue class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TissueArea {
    /// Name of the class.
    pub class: String,
    /// What it counts as.
    pub role: Role,
    /// Area, mm².
    pub area_mm2: f64,
    /// Fraction of the image.
    pub fraction: f64,
}

/// One TIL figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TilFigure {
    /// Stable name, for example `etil_percent`.
    pub name: String,
    /// Title for people, for example `eTIL %`.
    pub title: String,
    /// Formula in words and symbols.
    pub formula: String,
    /// Where the formula comes from.
    pub source: String,
    /// Unit of `value`: `%`, `1/mm²`.
    pub unit: String,
    /// The figure; absent where the denominator is zero or a class is not seen.
    pub value: Option<f64>,
    /// What stands above the line.
    pub numerator: Quantity,
    /// What stands below the line.
    pub denominator: Quantity,
    /// Area that the figure was taken over, mm².
    pub area_mm2: f64,
    /// For rings: the part of the ring that lies outside the image, estimated, 0 to 1.
    pub truncated_fraction: Option<f64>,
    /// 95 % interval, bootstrap over fields of view.
    pub interval_95: Option<[f64; 2]>,
    /// Fields of view in the bootstrap.
    pub fields: u32,
    /// Whether there is enough to believe it.
    pub evidence: Evidence,
}

/// A numerator or denominator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quantity {
    /// What is counted or measured.
    pub what: String,
    /// How much.
    pub value: f64,
    /// `nuclei`, `mm²` or `µm²`.
    pub unit: String,
}

/// Whether a figure rests on enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "level", rename_all = "snake_case")]
pub enum Evidence {
    /// Enough area and nuclei.
    Sufficient,
    /// A figure is given and rests on little.
    Low {
        /// On what it is short.
        reason: String,
    },
    /// No figure can be given.
    None {
        /// Why.
        reason: String,
    },
}

/// A place with many TILs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HotSpot {
    /// Centre, level-0 pixels.
    pub x: f64,
    /// Centre, level-0 pixels.
    pub y: f64,
    /// Radius, µm.
    pub radius_um: f64,
    /// TILs within the radius.
    pub tils: u64,
    /// TILs per mm² of the circle's evaluated area.
    pub per_mm2: f64,
}
