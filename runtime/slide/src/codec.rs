//! The codecs of a tile or strip: bytes in, interleaved 8-bit samples out.
//!
//! **Contract:** a codec gives exactly the samples that its [`Shape`] asks for,
//! or an error; it allocates no more than a small multiple of them. The codecs
//! come from others and eat foreign bytes: a panic in one is caught here and is
//! one more way for a tile to be damaged.

mod jpeg;
mod jpeg2000;
mod lossless;

use std::panic::{AssertUnwindSafe, catch_unwind};

use contract::Size;
use thiserror::Error;

pub(crate) use jpeg::{Density, picture};

use crate::tiff::Encoding;

/// What made the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    /// 1.
    None,
    /// 5.
    Lzw,
    /// 7.
    Jpeg,
    /// 8 and 32946.
    Deflate,
    /// 32773.
    PackBits,
    /// 50000.
    Zstd,
    /// 33003 and 33005 (Aperio), 34712.
    Jpeg2000(u16),
}

/// Bits of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// 8.
    Eight,
    /// 16.
    Sixteen,
}

/// What a codec must give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Pixels.
    pub(crate) size: Size,
    /// Samples of a pixel.
    pub(crate) samples: usize,
    /// Rows that the last strip may have been written with, though they are not of the image.
    pub(crate) rows_max: usize,
}

impl Shape {
    /// Samples in all.
    pub(crate) fn len(self) -> usize {
        self.size.pixels() * self.samples
    }
}

/// Why bytes are not what a codec makes.
#[derive(Debug, Error)]
pub enum CodecError {
    /// The codec says so.
    #[error("not sound {codec}: {reason}")]
    Unsound {
        /// The codec.
        codec: &'static str,
        /// What it says.
        reason: String,
    },
    /// There are fewer bytes than the pixels take.
    #[error("the {codec} data end after {actual} of {expected} bytes")]
    Short {
        /// The codec.
        codec: &'static str,
        /// Bytes that the pixels take.
        expected: usize,
        /// Bytes that there are.
        actual: usize,
    },
    /// The picture inside is not the one that the tags announce.
    #[error("the {codec} picture has {actual}, and the tags say {expected}")]
    Shape {
        /// The codec.
        codec: &'static str,
        /// Columns × rows × samples by the tags.
        expected: String,
        /// Columns × rows × samples in the picture.
        actual: String,
    },
}

/// Decodes one tile or strip.
pub(crate) fn decode(
    encoding: &Encoding,
    bytes: &[u8],
    shape: Shape,
) -> Result<Vec<u8>, CodecError> {
    match encoding.compression {
        Compression::Jpeg => {
            guarded("JPEG", || jpeg::decode(bytes, encoding.jpeg_tables.as_deref(), shape))
        }
        Compression::Jpeg2000(_) => guarded("JPEG 2000", || jpeg2000::decode(bytes, shape)),
        Compression::None
        | Compression::Lzw
        | Compression::Deflate
        | Compression::PackBits
        | Compression::Zstd => guarded("tile", || lossless::decode(encoding, bytes, shape)),
    }
}

/// Runs a codec that others wrote; its panic is an error.
pub(crate) fn guarded<T>(
    codec: &'static str,
    decode: impl FnOnce() -> Result<T, CodecError>,
) -> Result<T, CodecError> {
    // Nothing outlives the closure that it could leave half-changed.
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| {
        let reason = "the bytes led its decoder into a contradiction".into();
        Err(CodecError::Unsound { codec, reason })
    })
}
