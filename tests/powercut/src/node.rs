//! One file or folder: what its reader sees, and what of it has reached the medium.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// What lies behind an inode number.
#[derive(Debug)]
pub(crate) enum Node {
    Folder(Folder),
    File(File),
}

/// The names of a folder. What was done to them since is in [`crate::names`].
#[derive(Debug, Default)]
pub(crate) struct Folder {
    pub(crate) now: BTreeMap<OsString, u64>,
    pub(crate) durable: BTreeMap<OsString, u64>,
}

/// The bytes of a file.
///
/// **Invariant:** `now` is `durable` with every change of `unsynced`, in order.
#[derive(Debug, Default)]
pub(crate) struct File {
    pub(crate) now: Vec<u8>,
    pub(crate) durable: Vec<u8>,
    pub(crate) unsynced: Vec<Change>,
}

/// What was done to a file and not yet synced.
#[derive(Debug)]
pub(crate) enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Resize { to: usize },
}

impl Change {
    pub(crate) fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => lay(file, *at, bytes),
            Self::Resize { to } => file.resize(*to, 0),
        }
    }
}

impl File {
    pub(crate) fn change(&mut self, change: Change) {
        change.apply(&mut self.now);
        self.unsynced.push(change);
    }

    pub(crate) fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            change.apply(&mut self.durable);
        }
    }
}

/// Lays `bytes` over `file` from `at` on; a hole before them reads as zeros.
pub(crate) fn lay(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[at..end].copy_from_slice(bytes);
}
