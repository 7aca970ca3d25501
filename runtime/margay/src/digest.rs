//! SHA-256 of files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use contract::Digest;
use sha2::{Digest as _, Sha256};

/// SHA-256 of a file, read in pieces.
pub(crate) fn of_file(path: &Path) -> Result<Digest> {
    let unreadable = || format!("{} cannot be read", path.display());
    let mut file = File::open(path).with_context(unreadable)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece).with_context(unreadable)? {
            0 => return Ok(Digest::from_bytes(hash.finalize().into())),
            bytes => hash.update(&piece[..bytes]),
        }
    }
}
