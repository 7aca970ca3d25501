//! Files beside the ledger: renamed, removed and synced so that a power cut loses nothing.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::OpenError;

/// The file of the same name with `ending` at its end.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

/// Moves a damaged file and what belongs to it out of the way; gives its new name. The file goes
/// first: its log without it is recognised, it without its log would be missing what the log holds.
pub(super) fn set_aside(path: &Path, now_ms: u64) -> Result<PathBuf, OpenError> {
    let file = free_name(path, now_ms)?;
    for ending in ["", "-wal", "-shm"] {
        let (from, to) = (beside(path, ending), beside(&file, ending));
        match std::fs::rename(&from, &to) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(fault(&from, "set aside the file")(source)),
        }
    }
    sync_folder(path)?;
    Ok(file)
}

/// `<file>.damaged-<now_ms>`, and a further number where that is taken.
fn free_name(path: &Path, now_ms: u64) -> Result<PathBuf, OpenError> {
    let first = beside(path, &format!(".damaged-{now_ms}"));
    let mut name = first.clone();
    let mut number = 1;
    while name.try_exists().map_err(fault(&name, "look for the file"))? {
        name = beside(&first, &format!(".{number}"));
        number += 1;
    }
    Ok(name)
}

pub(super) fn remove(path: &Path) -> Result<(), OpenError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(fault(path, "remove the leftover")(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Renames a synced file, durably.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), OpenError> {
    std::fs::rename(from, to).map_err(fault(from, "rename the file"))?;
    sync_folder(to)
}

pub(super) fn sync(path: &Path) -> Result<(), OpenError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(fault(path, "sync the file"))
}

fn sync_folder(path: &Path) -> Result<(), OpenError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    sync(folder)
}

fn fault(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Io { path, doing, source }
}
