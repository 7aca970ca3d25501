//! Why bytes are no image, before it is known which file they came from.

use std::io;
use std::path::Path;

use crate::open::OpenError;

/// What [`OpenError`] says of a file, without the file.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The system cannot read the file.
    Io(io::Error),
    /// The bytes contradict themselves: the field and what is wrong with it.
    Damaged(String),
    /// The bytes are sound and not read: the field and its value.
    Unsupported(String),
    /// A format that is known and not read.
    Unread(&'static str),
    /// More pixels than are decoded at once: columns and rows.
    TooLarge(u64, u64),
}

impl Fault {
    /// The same, of the file at `path`.
    pub(crate) fn of(self, path: &Path) -> OpenError {
        let path = path.into();
        match self {
            Self::Io(source) => OpenError::Io { path, source },
            Self::Damaged(reason) => OpenError::Damaged { path, reason },
            Self::Unsupported(reason) => OpenError::Unsupported { path, reason },
            Self::Unread(format) => OpenError::Unread { path, format },
            Self::TooLarge(width, height) => OpenError::TooLarge { path, width, height },
        }
    }

    /// The fault of a read of `what`: over the end is damage, all else the system's.
    pub(crate) fn reading(what: &str, error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::Damaged(format!("{what}: {error}; the file is cut short"))
        } else {
            Self::Io(error)
        }
    }
}

/// A [`Fault::Damaged`] that says `reason`.
pub(crate) fn damaged(reason: impl Into<String>) -> Fault {
    Fault::Damaged(reason.into())
}
