//! What must hold for any bytes that are read as a manifest. Shared by the fuzz target and the replay
//! of its corpus.

use std::path::{Component, Path};

use intake::folder::Manifest;

/// Reads `bytes` as a manifest; says whether they are one.
pub(crate) fn listing(bytes: &[u8]) -> bool {
    let folder = Path::new("watched");
    let Ok(manifest) = Manifest::parse(bytes, folder) else { return false };
    for file in manifest.files() {
        let inside = file.path.strip_prefix(folder).expect("it lies in the folder");
        assert!(inside.components().all(|part| matches!(part, Component::Normal(_))));
    }
    true
}
