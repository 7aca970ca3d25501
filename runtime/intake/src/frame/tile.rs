//! The frame of a tile.
//!
//! ```text
//! body, little endian:
//!    0  u32    handle of the slide
//!    4  u32    x, first column, level-0 pixels
//!    8  u32    y, first row
//!   12  u32    width, pixels
//!   16  u32    height, pixels
//!   20  f64    µm/px
//!   28  u8     level, 0
//!   29  u8     encoding: 1 JPEG, 2 raw RGB, 8 bits a channel, rows from the top
//!   30  u8[2]  zero
//!   32  u8[32] SHA-256 of the picture's bytes
//!   64  u8[]   the picture
//! ```

use contract::Digest;

use super::DecodeError;

/// Bytes before the picture.
pub const TILE_HEADER_BYTES: usize = 64;

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// A JPEG file.
    Jpeg,
    /// `R G B` a pixel, rows from the top.
    RawRgb,
}

/// What a client says of a tile; nothing of it is believed yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TileHeader {
    /// The slide.
    pub handle: u32,
    /// First column, level-0 pixels.
    pub x: u32,
    /// First row, level-0 pixels.
    pub y: u32,
    /// Columns.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
    /// Micrometres per pixel.
    pub mpp: f64,
    /// Level of the pyramid.
    pub level: u8,
    /// Number of the [`Encoding`].
    pub encoding: u8,
    /// SHA-256 of the picture's bytes.
    pub sha256: Digest,
}

/// A tile as it is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// What is said of it.
    pub header: TileHeader,
    /// The picture.
    pub bytes: Vec<u8>,
}

impl Encoding {
    /// The encoding of this number, if there is one.
    pub fn new(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Jpeg),
            2 => Some(Self::RawRgb),
            _ => None,
        }
    }

    /// Its number.
    pub fn number(self) -> u8 {
        match self {
            Self::Jpeg => 1,
            Self::RawRgb => 2,
        }
    }
}

impl Tile {
    /// Writes the body of the frame.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let TileHeader { handle, x, y, width_px, height_px, mpp, level, encoding, sha256 } =
            self.header;
        for number in [handle, x, y, width_px, height_px] {
            out.extend(number.to_le_bytes());
        }
        out.extend(mpp.to_le_bytes());
        out.extend([level, encoding, 0, 0]);
        out.extend(sha256.bytes());
        out.extend_from_slice(&self.bytes);
    }

    /// Reads the body of the frame.
    pub(super) fn read(body: &[u8]) -> Result<Self, DecodeError> {
        let Some((header, picture)) = body.split_first_chunk::<TILE_HEADER_BYTES>() else {
            let reason = format!("it has {} of {TILE_HEADER_BYTES} bytes", body.len());
            return Err(DecodeError::Tile { reason });
        };
        if header[30..32] != [0, 0] {
            return Err(DecodeError::Tile { reason: "bytes 30 and 31 are not zero".into() });
        }
        let number = |at| u32::from_le_bytes(chunk(header, at));
        let header = TileHeader {
            handle: number(0),
            x: number(4),
            y: number(8),
            width_px: number(12),
            height_px: number(16),
            mpp: f64::from_le_bytes(chunk(header, 20)),
            level: header[28],
            encoding: header[29],
            sha256: Digest::from_bytes(chunk(header, 32)),
        };
        Ok(Self { header, bytes: picture.to_vec() })
    }
}

fn chunk<const N: usize>(header: &[u8; TILE_HEADER_BYTES], at: usize) -> [u8; N] {
    *header[at..].first_chunk().expect("the fields lie inside the header")
}
