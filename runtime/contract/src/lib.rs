//! The words of Margay: what a tile, a nucleus, a tissue class, a TIL figure and
//! a model card are, and how each is written down.
//!
//! **Invariant:** a value of a type here is valid: a [`Mpp`] is believable, a
//! [`RgbImage`] holds as many bytes as its size says, a [`ModelCard`] has passed
//! [`ModelCard::parse`]. **Never:** this crate imports nothing of ours, reads no
//! file and knows no clock.

#![forbid(unsafe_code)]

mod card;
mod density;
mod digest;
pub mod exit;
mod image;
pub mod message;
mod nucleus;
pub mod postprocessing;
mod report;
mod resolution;
mod result;
mod tissue;

pub use card::{
    CardError, Class, Dataset, Figure, Golden, Input, Kind, LabelQuality, ModelCard, Output,
    Outputs, Role, Window,
};
pub use density::DensityGrid;
pub use digest::{Digest, DigestError};
pub use image::{ImageSizeError, RgbImage, Size};
pub use nucleus::{Nucleus, Point};
pub use postprocessing::Chain;
pub use report::{
    ClassCount, Evidence, FORMAT, HotSpot, ImageSummary, ModelUse, MppSource, Quality, Quantity,
    TilFigure, TilReport, TissueArea,
};
pub use resolution::{Mpp, MppError};
pub use result::{ResultStage, Scan, SlideResult, TileFlag, TileResult};
pub use tissue::{TissueMap, UNLABELLED};
