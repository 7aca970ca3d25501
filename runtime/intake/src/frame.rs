//! The frames of the tile socket, version 1. `docs/tile-protocol.md` is the whole of it.
//!
//! ```text
//! frame:
//!   length: u32 LE      bytes that follow: 1 to `FRAME_BYTES_MAX`
//!   kind:   u8          below 0x80 from the client, from 0x80 on from the box
//!   body:   u8[length - 1]   JSON, or a tile: header of 64 bytes, then the picture
//! ```
//!
//! **Invariant:** [`Decoder`] gives the same frames however the bytes are cut into pieces, holds at
//! most one frame and one piece, and takes memory for bytes that have come, not for announced ones.

mod control;
mod decoder;
mod refusal;
mod tile;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

pub use control::{
    About, Ack, Credit, Farewell, Goodbye, HeldTile, Hello, Kept, Ping, Pong, Refuse, SlideBegin,
    SlideEnd, SlideEnded, SlideOpen, Welcome,
};
pub use decoder::Decoder;
pub use refusal::{Code, Refusal};
pub use tile::{Encoding, TILE_HEADER_BYTES, Tile, TileHeader};

/// What [`Hello`] and [`Welcome`] name.
pub const PROTOCOL: &str = "margay-tile";

/// The version that is spoken here.
pub const VERSION: u32 = 1;

/// Bytes of a frame after its length, at most: a raw tile of 3,300², or any JPEG of a scanner.
pub const FRAME_BYTES_MAX: usize = 32 << 20;

/// Bytes of a control frame after its length, at most: four times the longest page of
/// [`SlideOpen`].
pub const CONTROL_BYTES_MAX: usize = 128 << 10;

/// Tiles in one page of [`SlideOpen`]: 256 × 110 bytes of JSON are below 32 KiB.
pub const PAGE_TILES: usize = 256;

/// A frame that the client sends.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientFrame {
    /// 0x01: the first frame.
    Hello(Hello),
    /// 0x02: a slide comes, or goes on.
    SlideBegin(SlideBegin),
    /// 0x03: a tile of it.
    Tile(Tile),
    /// 0x04: all its tiles were sent.
    SlideEnd(SlideEnd),
    /// 0x05: are you there?
    Ping(Ping),
}

/// A frame that the box sends.
#[derive(Clone, Debug, PartialEq)]
pub enum BoxFrame {
    /// 0x81: the answer to [`Hello`].
    Welcome(Welcome),
    /// 0x82: the answer to [`SlideBegin`]: what the box has of the slide.
    SlideOpen(SlideOpen),
    /// 0x83: a tile is on disk.
    Ack(Ack),
    /// 0x84: something was not taken.
    Refuse(Refuse),
    /// 0x85: so many more tiles may be sent.
    Credit(Credit),
    /// 0x86: the answer to [`SlideEnd`].
    SlideEnded(SlideEnded),
    /// 0x87: the answer to [`Ping`].
    Pong(Pong),
    /// 0x88: the last frame.
    Goodbye(Goodbye),
}

/// One direction's frames. It is implemented here for both, and is closed.
pub trait Frame: Sized {
    /// The number of the frame's kind.
    fn kind(&self) -> u8;

    /// Whether `kind` is one of this direction, and how long its body may be.
    fn body_bytes_max(kind: u8) -> Option<usize>;

    /// Writes the body.
    fn write_body(&self, out: &mut Vec<u8>);

    /// Reads the body of a frame of `kind`.
    fn read_body(kind: u8, body: &[u8]) -> Result<Self, DecodeError>;

    /// The whole frame, length and all.
    ///
    /// # Panics
    /// If the body is longer than `u32::MAX`; [`FRAME_BYTES_MAX`] is for the sender to keep.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, 0, self.kind()];
        self.write_body(&mut bytes);
        let length = u32::try_from(bytes.len() - 4).expect("a frame is shorter than 4 GiB");
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        bytes
    }
}

/// Why bytes are no frame. What follows them cannot be read either.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// The length cannot be one of the protocol.
    #[error("a frame of kind {kind:#04x} announces {bytes} bytes, not 1 to {max}")]
    Length {
        /// The kind; 0 where it has not come yet.
        kind: u8,
        /// Bytes that are announced.
        bytes: usize,
        /// Bytes at most.
        max: usize,
    },
    /// No such frame goes in this direction.
    #[error("there is no frame of kind {kind:#04x} in this direction of version {VERSION}")]
    Kind {
        /// The kind.
        kind: u8,
    },
    /// The JSON is not that of this kind.
    #[error("the body of the frame of kind {kind:#04x} is not the JSON of its kind")]
    Control {
        /// The kind.
        kind: u8,
        /// Where, and why.
        #[source]
        source: serde_json::Error,
    },
    /// The tile's header is cut short, or its reserved bytes are not zero.
    #[error("the header of a tile: {reason}")]
    Tile {
        /// What is wrong with it.
        reason: String,
    },
}

impl Frame for ClientFrame {
    fn kind(&self) -> u8 {
        match self {
            Self::Hello(_) => 0x01,
            Self::SlideBegin(_) => 0x02,
            Self::Tile(_) => 0x03,
            Self::SlideEnd(_) => 0x04,
            Self::Ping(_) => 0x05,
        }
    }

    fn body_bytes_max(kind: u8) -> Option<usize> {
        match kind {
            0x03 => Some(FRAME_BYTES_MAX - 1),
            0x01 | 0x02 | 0x04 | 0x05 => Some(CONTROL_BYTES_MAX - 1),
            _ => None,
        }
    }

    fn write_body(&self, out: &mut Vec<u8>) {
        match self {
            Self::Hello(body) => write_json(body, out),
            Self::SlideBegin(body) => write_json(body, out),
            Self::Tile(tile) => tile.write(out),
            Self::SlideEnd(body) => write_json(body, out),
            Self::Ping(body) => write_json(body, out),
        }
    }

    fn read_body(kind: u8, body: &[u8]) -> Result<Self, DecodeError> {
        Ok(match kind {
            0x01 => Self::Hello(read_json(kind, body)?),
            0x02 => Self::SlideBegin(read_json(kind, body)?),
            0x03 => Self::Tile(Tile::read(body)?),
            0x04 => Self::SlideEnd(read_json(kind, body)?),
            0x05 => Self::Ping(read_json(kind, body)?),
            _ => return Err(DecodeError::Kind { kind }),
        })
    }
}

impl Frame for BoxFrame {
    fn kind(&self) -> u8 {
        match self {
            Self::Welcome(_) => 0x81,
            Self::SlideOpen(_) => 0x82,
            Self::Ack(_) => 0x83,
            Self::Refuse(_) => 0x84,
            Self::Credit(_) => 0x85,
            Self::SlideEnded(_) => 0x86,
            Self::Pong(_) => 0x87,
            Self::Goodbye(_) => 0x88,
        }
    }

    fn body_bytes_max(kind: u8) -> Option<usize> {
        (0x81..=0x88).contains(&kind).then_some(CONTROL_BYTES_MAX - 1)
    }

    fn write_body(&self, out: &mut Vec<u8>) {
        match self {
            Self::Welcome(body) => write_json(body, out),
            Self::SlideOpen(body) => write_json(body, out),
            Self::Ack(body) => write_json(body, out),
            Self::Refuse(body) => write_json(body, out),
            Self::Credit(body) => write_json(body, out),
            Self::SlideEnded(body) => write_json(body, out),
            Self::Pong(body) => write_json(body, out),
            Self::Goodbye(body) => write_json(body, out),
        }
    }

    fn read_body(kind: u8, body: &[u8]) -> Result<Self, DecodeError> {
        Ok(match kind {
            0x81 => Self::Welcome(read_json(kind, body)?),
            0x82 => Self::SlideOpen(read_json(kind, body)?),
            0x83 => Self::Ack(read_json(kind, body)?),
            0x84 => Self::Refuse(read_json(kind, body)?),
            0x85 => Self::Credit(read_json(kind, body)?),
            0x86 => Self::SlideEnded(read_json(kind, body)?),
            0x87 => Self::Pong(read_json(kind, body)?),
            0x88 => Self::Goodbye(read_json(kind, body)?),
            _ => return Err(DecodeError::Kind { kind }),
        })
    }
}

fn write_json(body: &impl Serialize, out: &mut Vec<u8>) {
    serde_json::to_writer(out, body).expect("a control frame has string keys and goes to memory");
}

fn read_json<T: DeserializeOwned>(kind: u8, body: &[u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(body).map_err(|source| DecodeError::Control { kind, source })
}
