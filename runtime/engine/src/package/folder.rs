//! Reads a file of a package folder: a regular file inside of it, bounded.
//!
//! The folder itself may be reached through links (`models/current` is one); a file in it may not
//! lead out again.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::FileError;

pub(super) fn read(dir: &Path, file: &str, bytes_max: u64) -> Result<Vec<u8>, FileError> {
    let path = locate(dir, file).map_err(FileError::Read)?;
    let opened = File::open(path).map_err(FileError::Read)?;
    let mut bytes = Vec::new();
    // The length that the file system states is not believed: the file may be growing.
    opened.take(bytes_max + 1).read_to_end(&mut bytes).map_err(FileError::Read)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= bytes_max) {
        Ok(bytes)
    } else {
        Err(FileError::TooLarge)
    }
}

fn locate(dir: &Path, file: &str) -> io::Result<PathBuf> {
    let dir = fs::canonicalize(dir)?;
    let path = fs::canonicalize(dir.join(file))?;
    if !path.starts_with(&dir) {
        return Err(io::Error::other("it is a link that leads out of the package"));
    }
    // A pipe or a device would never end.
    if !fs::metadata(&path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    Ok(path)
}
