//! Where the program's words go: to the terminal, and into a file once there is a place for it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

/// The log file; nothing is kept before it was begun.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogFile(Arc<Mutex<Option<File>>>);

impl LogFile {
    /// Sends everything that is said from now on into the file at `path` as well, after what it
    /// holds.
    pub(crate) fn begin(&self, path: &Path) -> io::Result<()> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        *self.file() = Some(file);
        Ok(())
    }

    fn file(&self) -> MutexGuard<'_, Option<File>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has everything that is said go to the terminal, and into the file that is given back.
pub(crate) fn start() -> LogFile {
    let log = LogFile::default();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let terminal = fmt::layer().with_writer(io::stderr).with_target(false);
    let file = fmt::layer().with_writer(log.clone()).with_target(false).with_ansi(false);
    tracing_subscriber::registry().with(filter).with(terminal).with(file).init();
    log
}

/// The file for the length of one line.
pub(crate) struct Line<'a>(MutexGuard<'a, Option<File>>);

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self.file())
    }
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.as_mut().map_or(Ok(bytes.len()), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.as_mut().map_or(Ok(()), File::flush)
    }
}
