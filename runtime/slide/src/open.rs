//! Why a file cannot be opened as an image.

use std::path::PathBuf;

use thiserror::Error;

use crate::whole::WHOLE_PIXELS_MAX;

/// Why a file cannot be opened as an image. Each says which file, why, and what to do.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The file is not there, or may not be read.
    #[error("{}: the file cannot be read", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The first bytes are those of no image that is known.
    #[error(
        "{}: not an image that is known by its first bytes; export it as SVS, OME-TIFF, tiled \
         TIFF, PNG or JPEG",
        path.display()
    )]
    Unrecognised {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged, or says what cannot be.
    #[error("{}: {reason}; export or copy the file again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The field, and what is wrong with it.
        reason: String,
    },
    /// The file is sound and stores its pixels in a way that is not read.
    #[error(
        "{}: {reason}, which is not read; export it as 8-bit RGB TIFF (JPEG, LZW or deflate)",
        path.display()
    )]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The field and its value.
        reason: String,
    },
    /// A format that is known and not read.
    #[error(
        "{}: {format} is recognised and not read; export it as SVS, OME-TIFF or tiled TIFF",
        path.display()
    )]
    Unread {
        /// The file.
        path: PathBuf,
        /// The format.
        format: &'static str,
    },
    /// The file says nothing believable about how large a pixel is.
    #[error(
        "{}: its resolution is unknown ({reason}); state it in µm/px with --mpp",
        path.display()
    )]
    Resolution {
        /// The file.
        path: PathBuf,
        /// What the file says instead.
        reason: String,
    },
    /// The image must be decoded as a whole and is too large for it.
    #[error(
        "{}: {width} × {height} px are more than the {WHOLE_PIXELS_MAX} pixels that are decoded \
         as a whole; convert it to a tiled TIFF",
        path.display()
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its columns.
        width: u64,
        /// Its rows.
        height: u64,
    },
}
