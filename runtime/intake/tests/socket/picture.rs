//! Small pictures.

use contract::{Digest, RgbImage, Size};
use intake::client::Picture;
use intake::frame::Encoding;

/// A raw tile of one grey per seed.
pub(crate) fn raw(size: Size, seed: u8) -> Picture {
    Picture {
        size,
        encoding: Encoding::RawRgb,
        bytes: RgbImage::filled(size, [seed; 3]).into_pixels(),
    }
}

/// The digest of a picture's bytes.
pub(crate) fn digest(picture: &Picture) -> Digest {
    Digest::of(&picture.bytes)
}
