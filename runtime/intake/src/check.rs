//! A tile is looked at: its facts when it comes, its pixels when there is time.
//!
//! [`accept`] judges what can be judged without decoding, before a tile is stored. [`quality`] judges
//! the picture; it takes a decoded tile and belongs to the side that computes.

mod facts;
mod quality;

pub use facts::{
    Accepted, SLIDE_EDGE_PX_MAX, SLIDE_NAME_CHARS_MAX, SLIDE_TILES_MAX, SlideFacts,
    TILE_EDGE_PX_MAX, accept,
};
pub use quality::{Flag, OdRange, QualityRule, TileQuality, quality};
