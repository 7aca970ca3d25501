//! Which format a file is in, by its first bytes.

use std::fmt;

/// A format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Aperio SVS: a TIFF whose description starts with "Aperio".
    Svs,
    /// OME-TIFF: a TIFF whose description is OME-XML.
    OmeTiff,
    /// Any other TIFF or `BigTIFF`.
    Tiff,
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Svs => "Aperio SVS",
            Self::OmeTiff => "OME-TIFF",
            Self::Tiff => "TIFF",
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
        })
    }
}

/// What the first bytes of a file announce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signature {
    Png,
    Jpeg,
    Tiff,
}

/// The signature at the start of `bytes`, if it is a known one.
pub(crate) fn signature(bytes: &[u8]) -> Option<Signature> {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Signature::Png),
        [0xff, 0xd8, 0xff, ..] => Some(Signature::Jpeg),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Signature::Tiff),
        _ => None,
    }
}
