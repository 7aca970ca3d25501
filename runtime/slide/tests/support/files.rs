//! Where the tests' files lie.

#![expect(clippy::print_stderr, reason = "a test says which data are absent")]

use std::path::{Path, PathBuf};

/// A fixture in `tests/data`.
pub(crate) fn bundled(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// A bundled fixture or a scanner's file of the shared data; where it is absent, that is said.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folders = ["../shared", "shared"].map(|f| repository.join(f).join("data/scanner_files"));
    let places = [bundled(name)].into_iter().chain(folders.map(|folder| folder.join(name)));
    let found = places.into_iter().find(|path| path.exists());
    if found.is_none() {
        eprintln!("{name} is absent from shared/data/scanner_files and is not tested");
    }
    found
}
