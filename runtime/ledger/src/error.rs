//! Why the ledger refuses, one type for opening, one for reading, one for writing.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::ErrorCode;
use thiserror::Error;

use crate::limits::Bound;
use crate::slide::{SlideId, SlideState};

/// Why a ledger cannot be opened. A damaged file is no error: it is set aside.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The file is a sound database of another program.
    #[error("{}: a database of another program; name another file", path.display())]
    NotALedger {
        /// The file.
        path: PathBuf,
    },
    /// A newer program has written the file.
    #[error(
        "{}: written by schema {found}, this program knows up to {known}; install the newer \
         program again",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: u32,
        /// The newest that this program knows.
        known: u32,
    },
    /// The file must be made, migrated or set aside, and another process has it open.
    #[error("{}: {needs}, and another process has it open; stop that one first", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
        /// What must be done.
        needs: String,
    },
    /// A file could not be read, renamed, locked or synced.
    #[error("{}: cannot {doing}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// SQLite could not do it.
    #[error("{}: cannot {doing}", path.display())]
    Storage {
        /// The file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
}

/// Why something could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The disk or SQLite failed.
    #[error("the ledger cannot {doing}")]
    Storage {
        /// What was being read.
        doing: &'static str,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// The file is damaged.
    #[error("the ledger cannot {doing}: the file is damaged; start again, so that it is set aside")]
    Damaged {
        /// What was being read.
        doing: &'static str,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
}

/// Why something was not written. After [`WriteError::Storage`], [`WriteError::Damaged`] and
/// [`WriteError::Gone`] it may yet be found written after a restart; say it again, each call is made
/// for that. After the others it was not.
#[derive(Debug, Clone, Error)]
pub enum WriteError {
    /// A bound is reached.
    #[error(
        "{what}: {rows} rows, {bytes} bytes; the bound is {} rows, {} bytes",
        limit.rows, limit.bytes
    )]
    Full {
        /// What is bounded.
        what: &'static str,
        /// Rows there are.
        rows: u64,
        /// Bytes there are.
        bytes: u64,
        /// Rows and bytes there may be.
        limit: Bound,
    },
    /// One row is too large.
    #[error("{what} of {bytes} bytes; at most {bytes_max} are taken")]
    TooLarge {
        /// Which field.
        what: &'static str,
        /// Its bytes.
        bytes: u64,
        /// The most it may have.
        bytes_max: u64,
    },
    /// A name has no letters.
    #[error("{what} is empty")]
    Empty {
        /// Which field.
        what: &'static str,
    },
    /// The same key was written with other content.
    #[error("{what} {key} is already there with other content; take another key")]
    Contradicts {
        /// What it is.
        what: &'static str,
        /// Its key.
        key: String,
    },
    /// There is no such row.
    #[error("there is no {what} {key}")]
    Unknown {
        /// What it is.
        what: &'static str,
        /// Its key or number.
        key: String,
    },
    /// The slide's state does not allow it.
    #[error("slide {slide} is {state:?} and cannot {doing}")]
    State {
        /// The slide.
        slide: SlideId,
        /// Its state.
        state: SlideState,
        /// What was asked.
        doing: &'static str,
    },
    /// Another process held the file for too long.
    #[error("the ledger cannot {doing}: another process holds the file; try again")]
    Busy {
        /// What was being written.
        doing: &'static str,
        /// What SQLite says.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// The disk is full or failed.
    #[error("the ledger cannot {doing}")]
    Storage {
        /// What was being written.
        doing: &'static str,
        /// What SQLite says.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// The file is damaged.
    #[error("the ledger cannot {doing}: the file is damaged; start again, so that it is set aside")]
    Damaged {
        /// What was being written.
        doing: &'static str,
        /// What SQLite says.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// The writer has stopped.
    #[error("the ledger's writer has stopped; end the process")]
    Gone,
}

impl WriteError {
    pub(crate) fn storage(doing: &'static str, source: Arc<rusqlite::Error>) -> Self {
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Busy { doing, source }
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { doing, source }
            }
            _ => Self::Storage { doing, source },
        }
    }

    pub(crate) fn unknown(what: &'static str, key: &impl ToString) -> Self {
        Self::Unknown { what, key: key.to_string() }
    }
}

impl ReadError {
    pub(crate) fn storage(doing: &'static str, source: rusqlite::Error) -> Self {
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { doing, source }
            }
            _ => Self::Storage { doing, source },
        }
    }
}

/// What stops one write inside the transaction: a refusal of ours, or SQLite.
#[derive(Debug)]
pub(crate) enum Fault {
    Refused(WriteError),
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(source: rusqlite::Error) -> Self {
        Self::Sql(source)
    }
}

impl From<WriteError> for Fault {
    fn from(refused: WriteError) -> Self {
        Self::Refused(refused)
    }
}
