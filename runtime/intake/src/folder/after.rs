//! What becomes of the scanner's file when it was taken. By default: nothing.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use contract::Digest;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Hexadecimal digits of the digest that tell two files of one name apart.
const DIGEST_DIGITS: usize = 12;

/// What becomes of a file that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum After {
    /// It stays as it is.
    Keep,
    /// It is moved.
    Move {
        /// Into this folder, which is made if need be and lies outside the watched one.
        to: PathBuf,
    },
}

/// Why a file was not moved. It is where it was.
#[derive(Debug, Error)]
pub enum MoveError {
    /// The folder cannot be made.
    #[error("{}: the folder cannot be made", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The file cannot be moved.
    #[error("{} cannot be moved to {}", from.display(), to.display())]
    Move {
        /// From here.
        from: PathBuf,
        /// To here.
        to: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl After {
    /// What is wrong with it for a folder that is watched at `root`.
    pub fn faults(&self, root: &Path) -> Vec<String> {
        match self {
            Self::Move { to } if to.starts_with(root) => {
                vec![format!("to is {}, which is inside the watched folder", to.display())]
            }
            Self::Keep | Self::Move { .. } => Vec::new(),
        }
    }

    /// Does it to the file at `path`, whose bytes have `digest`; says where it lies now. A folder of
    /// tiles is moved within its file system alone.
    pub fn settle(&self, path: &Path, digest: Digest) -> Result<PathBuf, MoveError> {
        let Self::Move { to } = self else { return Ok(path.into()) };
        fs::create_dir_all(to).map_err(|source| MoveError::Folder { path: to.clone(), source })?;
        let target = free_name(to, path, digest);
        move_file(path, &target).map_err(|source| {
            let (from, to) = (path.into(), target.clone());
            MoveError::Move { from, to, source }
        })?;
        Ok(target)
    }
}

/// The file's name in `folder`, with its digest where a file of that name is there.
fn free_name(folder: &Path, path: &Path, digest: Digest) -> PathBuf {
    let name = path.file_name().unwrap_or_default();
    let plain = folder.join(name);
    if fs::symlink_metadata(&plain).is_err() {
        return plain;
    }
    let mut text = OsString::from(path.file_stem().unwrap_or_default());
    text.push("-");
    text.push(&digest.to_string()[..DIGEST_DIGITS]);
    if let Some(extension) = path.extension() {
        text.push(".");
        text.push(extension);
    }
    folder.join(text)
}

fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => copy_over(from, to),
        renamed => renamed,
    }
}

/// To another file system: whole and on disk under its name before the first one goes.
fn copy_over(from: &Path, to: &Path) -> io::Result<()> {
    let mut partial = to.as_os_str().to_owned();
    partial.push(".part");
    let partial = PathBuf::from(partial);
    let copied = fs::copy(from, &partial)
        .and_then(|_| File::open(&partial)?.sync_all())
        .and_then(|()| fs::rename(&partial, to))
        .and_then(|()| sync_folder(to))
        .and_then(|()| fs::remove_file(from));
    if copied.is_err()
        && let Err(error) = fs::remove_file(&partial)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    copied
}

fn sync_folder(file: &Path) -> io::Result<()> {
    File::open(file.parent().unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_stays_unless_it_is_told_to_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "a.svs", b"one");

        assert_eq!(After::Keep.settle(&path, Digest::of(b"one")).unwrap(), path);
        assert!(path.exists());
    }

    #[test]
    fn files_of_one_name_do_not_replace_each_other() {
        let (folder, done) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let after = After::Move { to: done.path().join("2026") };
        let mut places = Vec::new();
        for bytes in [b"one", b"two", b"two"] {
            let path = file(folder.path(), "a.svs", bytes);
            places.push(after.settle(&path, Digest::of(bytes)).unwrap());
            assert!(!path.exists());
        }

        assert_eq!(places[0], done.path().join("2026/a.svs"));
        assert_eq!(places[1], done.path().join("2026/a-3fc4ccfe7458.svs"));
        assert_eq!(places[2], places[1]);
        assert_eq!(fs::read(&places[0]).unwrap(), b"one");
        assert_eq!(fs::read(&places[1]).unwrap(), b"two");
    }

    #[test]
    fn a_copy_over_file_systems_leaves_one_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (file(folder.path(), "a", b"bytes"), folder.path().join("b"));

        copy_over(&from, &to).unwrap();

        assert_eq!(fs::read(&to).unwrap(), b"bytes");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_moved_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "a.svs", b"one");

        let after = After::Move { to: path.clone() };

        assert!(after.settle(&path, Digest::of(b"one")).is_err());
        assert!(path.exists());
    }

    #[test]
    fn a_target_inside_the_watched_folder_is_a_fault() {
        let after = After::Move { to: "/in/done".into() };

        assert_eq!(after.faults(Path::new("/in")).len(), 1);
        assert!(after.faults(Path::new("/other")).is_empty());
    }

    fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
        let path = folder.join(name);
        File::create(&path).unwrap().write_all(bytes).unwrap();
        path
    }
}
