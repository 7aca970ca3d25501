//! The result of one slide as it leaves the box: the data of an event on `results/<slide>`, and a
//! line of the journal.
//!
//! A wire format: readers of format N ignore fields that they do not know.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::TilReport;

/// What is known of one slide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SlideResult {
    /// [`FORMAT`](crate::FORMAT).
    pub format: u32,
    /// Always true: for research use only, not for use in diagnostic procedures.
    pub research_use_only: bool,
    /// The box's own id of the slide.
    pub slide: String,
    /// The scanner's name of the slide; absent unless the site lets names leave the box.
    pub name: Option<String>,
    /// Whether more is to come.
    pub stage: ResultStage,
    /// What was scanned.
    pub scan: Scan,
    /// The figures.
    pub report: TilReport,
    /// Each tile of which the slide was made, in rows from the top; empty for a slide that came as
    /// one file, and in a preliminary result.
    pub tiles: Vec<TileResult>,
}

/// Whether more is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultStage {
    /// The slide is being scanned: figures of what has come so far.
    Preliminary,
    /// The slide has ended: these figures stand.
    Final,
}

/// What was scanned of a slide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scan {
    /// Tiles that are part of the slide; 0 for a slide that came as one file.
    pub tiles: u64,
    /// Area that no tile covers, mm²; it counts as glass.
    pub missing_mm2: f64,
    /// Windows of the nuclei model over the slide.
    pub windows: u64,
    /// Windows that were looked at.
    pub windows_done: u64,
    /// Windows that could not be looked at; they count as glass.
    pub windows_failed: u64,
}

/// What was found in one tile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TileResult {
    /// First level-0 column.
    pub x: u32,
    /// First level-0 row.
    pub y: u32,
    /// Level-0 columns.
    pub width: u32,
    /// Level-0 rows.
    pub height: u32,
    /// Nuclei of each class whose centre lies in the tile, in the order of the report's classes. A
    /// nucleus in the overlap of two tiles counts in both.
    pub nuclei: Vec<u64>,
    /// Re-blur ratio as in the report's quality; absent where there is no tissue.
    pub focus: Option<f64>,
    /// What is wrong with the tile.
    pub flags: Vec<TileFlag>,
}

/// What can be wrong with a tile that was taken.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TileFlag {
    /// It is less sharp than a sharp scan is.
    OutOfFocus,
    /// There is nothing but glass.
    Empty,
    /// Many of its pixels are at the end of the scale.
    Saturated,
    /// Its stain is far from that of the images from which the model learnt.
    StainFar,
    /// It could not be looked at; its place counts as glass.
    Failed,
}
