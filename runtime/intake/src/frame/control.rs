//! The bodies of the control frames, as they are written: JSON without unknown fields.
//!
//! They are what a peer says, checked for their shape alone; [`crate::session`] judges them.

use contract::Digest;
use serde::{Deserialize, Serialize};

use super::{Code, Refusal};

/// The client's first frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// [`PROTOCOL`](super::PROTOCOL).
    pub protocol: String,
    /// [`VERSION`](super::VERSION).
    pub version: u32,
    /// Program and version, for the box's log; 1 to 128 characters.
    pub client: String,
}

/// The box's first frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Welcome {
    /// [`PROTOCOL`](super::PROTOCOL).
    pub protocol: String,
    /// [`VERSION`](super::VERSION).
    pub version: u32,
    /// Program and version of the box.
    pub server: String,
    /// Tiles that the client may send before the first answer.
    pub credits: u32,
    /// Bytes of a tile's picture, at most.
    pub tile_bytes_max: u32,
}

/// A slide comes, or goes on after the line was lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlideBegin {
    /// The slide's name: 1 to 128 characters, none of them a control character, `/`, `\`, `+`
    /// or `#`.
    pub slide: String,
    /// Columns of level 0.
    pub width_px: u32,
    /// Rows of level 0.
    pub height_px: u32,
    /// Micrometres per pixel of level 0.
    pub mpp: f64,
}

/// What the box has of a slide; several frames where the list is long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlideOpen {
    /// The slide's name.
    pub slide: String,
    /// What stands for the slide on this connection.
    pub handle: u32,
    /// Tiles that are on disk.
    pub tiles: Vec<HeldTile>,
    /// Whether another page follows.
    pub more: bool,
}

/// A tile that the box has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldTile {
    /// First column, level-0 pixels.
    pub x: u32,
    /// First row, level-0 pixels.
    pub y: u32,
    /// Digest of the picture's bytes.
    pub sha256: Digest,
}

/// A tile is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ack {
    /// The slide.
    pub handle: u32,
    /// The tile's first column.
    pub x: u32,
    /// The tile's first row.
    pub y: u32,
    /// Whether it came for the first time.
    pub kept: Kept,
}

/// How a tile came to be on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// By this frame.
    Stored,
    /// It was there, with the same bytes.
    Duplicate,
}

/// Something was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refuse {
    /// What was refused.
    pub about: About,
    /// The rule, for programs.
    pub code: Code,
    /// What was wrong, for people.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

/// What a refusal is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum About {
    /// A [`SlideBegin`].
    SlideBegin {
        /// The name that was given.
        slide: String,
    },
    /// A tile.
    Tile {
        /// The handle that it named.
        handle: u32,
        /// Its first column.
        x: u32,
        /// Its first row.
        y: u32,
    },
    /// A [`SlideEnd`].
    SlideEnd {
        /// The handle that it named.
        handle: u32,
    },
}

/// So many more tiles may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credit {
    /// Tiles, added to what is left.
    pub credits: u32,
}

/// All tiles of a slide were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlideEnd {
    /// The slide.
    pub handle: u32,
    /// Tiles that the slide has by the client's count, each place once.
    pub tiles: u32,
    /// Whether the slide ends though the box has fewer.
    pub accept_missing: bool,
}

/// A slide has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlideEnded {
    /// The slide.
    pub handle: u32,
    /// Tiles that the box has.
    pub tiles: u32,
    /// Tiles that the client counted and the box does not have.
    pub missing: u32,
}

/// Are you there?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ping {
    /// Comes back in [`Pong`].
    pub token: u32,
}

/// The answer to [`Ping`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pong {
    /// The ping's.
    pub token: u32,
}

/// The box's last frame; it closes the connection after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goodbye {
    /// The rule, for programs.
    pub code: Farewell,
    /// Why, for people.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

/// Why the box closes the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Farewell {
    /// The hello names another protocol or version.
    Version,
    /// The frame does not belong where it came.
    Order,
    /// The bytes are no frame.
    Frame,
    /// The box stops.
    Closing,
}

impl Refuse {
    /// A refusal as it is sent.
    pub fn new(about: About, refusal: Refusal) -> Self {
        let Refusal { code, reason } = refusal;
        Self { about, code, reason, remedy: code.remedy().into() }
    }
}
