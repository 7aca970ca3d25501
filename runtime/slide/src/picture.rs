//! A JPEG that came alone, without a file: a tile that a scanner handed over.
//!
//! **Contract:** [`decode_jpeg`] gives the pixels that [`read_image`](crate::read_image) gives for a
//! file of the same bytes, EXIF orientation applied; [`jpeg_size`] says their size and decodes none.

use contract::{RgbImage, Size};
use thiserror::Error;

use crate::fault::Fault;
use crate::whole;

/// Why bytes are not the JPEG that they are said to be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PictureError {
    /// The bytes are no sound JPEG, or one that is not read.
    #[error("{reason}")]
    Unsound {
        /// The field, and what is wrong with it.
        reason: String,
    },
    /// The picture is of another size than was said.
    #[error(
        "the JPEG has {} × {} px, not the stated {} × {}",
        actual.width, actual.height, stated.width, stated.height
    )]
    Size {
        /// The size that was said.
        stated: Size,
        /// The size in the JPEG's header, orientation applied.
        actual: Size,
    },
}

/// The size of a JPEG by its header, orientation applied.
pub fn jpeg_size(bytes: &[u8]) -> Result<Size, PictureError> {
    whole::jpeg_size(bytes).map_err(unsound)
}

/// Decodes a JPEG of `stated` size; one of another size is refused before its pixels are decoded.
pub fn decode_jpeg(bytes: &[u8], stated: Size) -> Result<RgbImage, PictureError> {
    let actual = jpeg_size(bytes)?;
    if actual != stated {
        return Err(PictureError::Size { stated, actual });
    }
    Ok(whole::jpeg(bytes).map_err(unsound)?.image)
}

fn unsound(fault: Fault) -> PictureError {
    let reason = match fault {
        Fault::Damaged(reason) | Fault::Unsupported(reason) => reason,
        Fault::Io(error) => error.to_string(),
        Fault::Unread(format) => format!("{format} is not read"),
        Fault::TooLarge(width, height) => format!("{width} × {height} px are too many"),
    };
    PictureError::Unsound { reason }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::read_image;

    #[test]
    fn a_tile_is_what_the_file_of_its_bytes_is() {
        for name in ["rgb.jpg", "orientation-6.jpg"] {
            let path = data(name);
            let whole = read_image(&path).unwrap();
            let bytes = std::fs::read(path).unwrap();

            assert_eq!(jpeg_size(&bytes).unwrap(), whole.size(), "{name}");
            assert_eq!(decode_jpeg(&bytes, whole.size()).unwrap(), whole, "{name}");
        }
    }

    #[test]
    fn a_tile_of_another_size_is_refused_before_it_is_decoded() {
        let bytes = std::fs::read(data("rgb.jpg")).unwrap();
        let actual = jpeg_size(&bytes).unwrap();
        let stated = Size::new(actual.width + 1, actual.height);

        // What is left holds the header and no pixel.
        let head = &bytes[..bytes.len() / 3];

        assert_eq!(decode_jpeg(head, stated), Err(PictureError::Size { stated, actual }));
        assert!(matches!(decode_jpeg(head, actual), Err(PictureError::Unsound { .. })));
        assert!(matches!(jpeg_size(b"\x89PNG"), Err(PictureError::Unsound { .. })));
    }

    fn data(name: &str) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
    }
}
