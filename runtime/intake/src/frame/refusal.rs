//! Why something is not taken: each code with the one remedy that goes with it.

use contract::Digest;
use serde::{Deserialize, Serialize};

use crate::check::SLIDE_TILES_MAX;

/// The rule that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The slide's name is empty, too long, or has a character that no name may have.
    SlideName,
    /// The slide has no pixels, or more than a slide can have.
    SlideSize,
    /// The resolution is not believable.
    Resolution,
    /// The connection has as many open slides as it may.
    SlidesOpen,
    /// The slide is known with another size or resolution, or the place is taken by another tile.
    Contradicts,
    /// The handle stands for no open slide of this connection.
    UnknownSlide,
    /// No credit was left for the tile.
    NoCredit,
    /// The tile reaches over the slide's edge.
    Outside,
    /// The tile has no pixels, or is larger than a tile may be.
    TileSize,
    /// The tile is not of level 0.
    Level,
    /// The tile's resolution is not that of its slide.
    Mpp,
    /// The encoding is neither JPEG nor raw RGB.
    Encoding,
    /// The picture's bytes are not as many as they must be, or too many.
    Bytes,
    /// The picture's bytes have another digest.
    Digest,
    /// The JPEG's header cannot be read or says another size.
    Header,
    /// The slide has ended.
    Late,
    /// The box has fewer tiles than the client counted.
    TilesMissing,
    /// The slide has as many tiles as a slide may have.
    TooManyTiles,
    /// The disk's share for tiles is used up.
    NoRoom,
    /// The box could not store it.
    Failed,
}

/// What was wrong, and by which rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule.
    pub code: Code,
    /// What was wrong, with its numbers.
    pub reason: String,
}

impl Code {
    /// What the sender can do.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::SlideName => {
                "give a name of 1 to 128 characters without control characters, / \\ + and #, that \
                 does not begin or end with a space or a full stop"
            }
            Self::SlideSize => "state the columns and rows of level 0",
            Self::Resolution => "state the scanner's µm/px of level 0",
            Self::SlidesOpen => "end a slide before the next, or open a second connection",
            Self::Contradicts => "send what was sent first, or give the slide a new name",
            Self::UnknownSlide => "begin the slide on this connection and use the handle it gets",
            Self::NoCredit => "wait for a credit before the next tile",
            Self::Outside => "cut the tile at the slide's edge, or state the slide's true size",
            Self::TileSize => "send tiles of 1 to 8192 px along each edge",
            Self::Level => "send the tiles of level 0",
            Self::Mpp => "state in each tile the µm/px that was stated for the slide",
            Self::Encoding => "send JPEG (1) or raw RGB (2)",
            Self::Bytes => {
                "send 3 bytes a pixel as raw RGB, or no more than the box's tile_bytes_max"
            }
            Self::Digest => {
                "send the tile again with the SHA-256 of the bytes that follow the header"
            }
            Self::Header => {
                "send a baseline or progressive JPEG whose size is that of the tile's header"
            }
            Self::Late => "begin a slide of a new name",
            Self::TilesMissing => {
                "begin the slide again, send what is not in the list, and end it; or end it with \
                 accept_missing"
            }
            Self::TooManyTiles => "send larger tiles",
            Self::NoRoom => "send it again when a credit comes",
            Self::Failed => "send it again later; the box's log says what failed",
        }
    }

    /// Whether the same bytes may be taken later.
    pub fn may_pass_later(self) -> bool {
        matches!(self, Self::NoCredit | Self::NoRoom | Self::Failed)
    }
}

impl Refusal {
    /// A refusal by `code`.
    pub fn new(code: Code, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }

    /// The slide was begun before, with other facts.
    pub fn other_facts(slide: &str) -> Self {
        let reason = format!("slide {slide:?} was begun with another size or resolution");
        Self::new(Code::Contradicts, reason)
    }

    /// At (`x`, `y`) the box has a tile of other bytes.
    pub fn other_tile(x: u32, y: u32, first: Digest) -> Self {
        let reason = format!("the tile at ({x}, {y}) is on disk with the digest {first}");
        Self::new(Code::Contradicts, reason)
    }

    /// The tile at (`x`, `y`) came after its slide's end.
    pub fn late(x: u32, y: u32) -> Self {
        Self::new(Code::Late, format!("the slide ended before the tile at ({x}, {y}) came"))
    }

    /// The slide has [`SLIDE_TILES_MAX`] tiles.
    pub fn too_many_tiles() -> Self {
        Self::new(Code::TooManyTiles, format!("the slide has {SLIDE_TILES_MAX} tiles"))
    }

    /// There is no room on the disk.
    pub fn no_room(reason: impl Into<String>) -> Self {
        Self::new(Code::NoRoom, reason)
    }
}
