//! The handle that callers share.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use crate::bell::Bell;
use crate::error::{Fault, OpenError, ReadError, WriteError};
use crate::limits::Limits;
use crate::open::{self, InUse, Opened};
use crate::readers::Readers;
use crate::writer::Writer;

/// The open ledger. Clones share one writing thread; the last one dropped closes the file.
#[derive(Debug, Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

/// **Invariant:** dropped in this order, so that the file is closed before it is let go.
#[derive(Debug)]
struct Inner {
    writer: Writer,
    readers: Readers,
    bell: Arc<Bell>,
    limits: Arc<Limits>,
    _in_use: InUse,
}

impl Ledger {
    /// Opens the file at `path`, makes it where there is none, migrates it where it is older, and
    /// checks it. A damaged file is set aside under `<file>.damaged-<now_ms>`, with its `-wal` and
    /// `-shm`, and a fresh one takes its place: the second value says so.
    ///
    /// The check reads the whole file: about a second for each gigabyte.
    pub fn open(path: &Path, limits: Limits, now_ms: u64) -> Result<(Self, Opened), OpenError> {
        let (connection, in_use, opened) = open::open(path, now_ms)?;
        let bell = Arc::new(Bell::default());
        let writer = Writer::start(connection, Arc::clone(&bell)).map_err(|source| {
            OpenError::Io { path: path.into(), doing: "start the writing thread", source }
        })?;
        let readers = Readers::new(path.into());
        let inner = Inner { writer, readers, bell, limits: Arc::new(limits), _in_use: in_use };
        Ok((Self { inner: Arc::new(inner) }, opened))
    }

    /// The bounds that this handle keeps.
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    pub(crate) fn shared_limits(&self) -> Arc<Limits> {
        Arc::clone(&self.inner.limits)
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.inner.readers
    }

    pub(crate) fn bell(&self) -> Arc<Bell> {
        Arc::clone(&self.inner.bell)
    }

    pub(crate) fn read<T>(
        &self,
        doing: &'static str,
        act: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, ReadError> {
        self.inner.readers.read(doing, act)
    }

    /// Has `act` done durably; `bytes` is about what it carries.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        doing: &'static str,
        bytes: usize,
        act: impl FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, WriteError> {
        self.inner.writer.write(doing, bytes, act)
    }
}
