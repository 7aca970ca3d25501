//! Where the shared data lie.

#![expect(clippy::print_stderr, reason = "a test says which data are absent")]

use std::path::{Path, PathBuf};

/// A folder of the shared data (`MARGAY_DATA`, `../shared/data`, `shared/data`); where it is
/// absent, that is said.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let stated = std::env::var_os("MARGAY_DATA").map(PathBuf::from);
    let beside = ["../shared/data", "shared/data"].map(|folder| repository.join(folder));
    let found = stated.into_iter().chain(beside).map(|f| f.join(name)).find(|path| path.exists());
    if found.is_none() {
        eprintln!("{name} is absent from shared/data and is not tested");
    }
    found
}
