//! Files that appear whole or not at all, even through a power cut.
//!
//! A file is written under a temporary name in its own folder, synced, renamed over its name, and
//! the folder is synced. A [`Pending`] that is dropped before [`Pending::commit`] leaves nothing.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use thiserror::Error;

/// Bytes that are gathered before they go to the file: some hundred nuclei.
const BUFFER_BYTES: usize = 256 << 10;

/// Why a file was not written. Nothing stands under its name that did not stand there before.
#[derive(Debug, Error)]
pub enum WriteError {
    /// No temporary file can be made beside it.
    #[error("no temporary file can be made in {}: does the folder exist, may it be written?", .folder.display())]
    Create {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The bytes do not go in.
    #[error("{} cannot be written: is the disk full?", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The whole file cannot take its name.
    #[error("the finished file cannot be put in place as {}", .path.display())]
    Replace {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Writes `bytes` to `path`, whole or not at all.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let mut pending = Pending::create(path)?;
    pending.write_all(bytes).map_err(|source| pending.failed(source))?;
    pending.commit()
}

/// A file that is being written under a temporary name, buffered.
#[derive(Debug)]
pub struct Pending {
    path: PathBuf,
    writer: BufWriter<NamedTempFile>,
}

impl Pending {
    /// Begins the file that will be `path`.
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        let folder = folder_of(path);
        let file = temporary_in(folder)
            .map_err(|source| WriteError::Create { folder: folder.into(), source })?;
        Ok(Self { path: path.into(), writer: BufWriter::with_capacity(BUFFER_BYTES, file) })
    }

    /// Puts the finished file in place, replacing one of that name.
    pub fn commit(self) -> Result<(), WriteError> {
        let Self { path, writer } = self;
        let synced = writer.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| {
            file.as_file().sync_all()?;
            Ok(file)
        });
        let file = match synced {
            Ok(file) => file,
            Err(source) => return Err(WriteError::Write { path, source }),
        };
        let replaced = file.persist(&path).map_err(|error| error.error);
        replaced
            .and_then(|_| sync_folder(folder_of(&path)))
            .map_err(|source| WriteError::Replace { path, source })
    }

    /// The error of a write to this file.
    pub fn failed(&self, source: io::Error) -> WriteError {
        WriteError::Write { path: self.path.clone(), source }
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Seek for Pending {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.writer.seek(to)
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A temporary file as readable as any other file of this user: the crate's own are private.
#[cfg(unix)]
fn temporary_in(folder: &Path) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;

    let before_umask = std::fs::Permissions::from_mode(0o666);
    tempfile::Builder::new().prefix(".margay-").permissions(before_umask).tempfile_in(folder)
}

#[cfg(not(unix))]
fn temporary_in(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(".margay-").tempfile_in(folder)
}

/// Makes the renaming last.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Other systems do not open folders; their file systems journal the renaming.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");

        write(&path, b"first").unwrap();
        write(&path, b"second").unwrap();

        assert_eq!(std::fs::read(&path).unwrap(), b"second");
        assert_eq!(names_in(folder.path()), ["report.json"]);
    }

    #[test]
    fn what_is_not_committed_leaves_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nuclei.geojson");
        write(&path, b"whole").unwrap();

        let mut pending = Pending::create(&path).unwrap();
        pending.write_all(&vec![0; 2 * BUFFER_BYTES]).unwrap();
        drop(pending);

        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        assert_eq!(names_in(folder.path()), ["nuclei.geojson"]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing").join("report.json");

        let error = write(&path, b"").unwrap_err();

        assert!(error.to_string().contains("missing"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_as_readable_as_any_other() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));

        write(&ours, b"").unwrap();
        File::create(&plain).unwrap();

        let mode = |path: &Path| path.metadata().unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }

    fn names_in(folder: &Path) -> Vec<String> {
        let name = |entry: io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
        folder.read_dir().unwrap().map(name).map(|name| name.into_string().unwrap()).collect()
    }
}
