//! A plan of a tiny network over the samples that are bundled with the data crate.

use std::path::{Path, PathBuf};

/// Two stages of six steps; the second learns from outlines that the first one's network drew.
pub(crate) const PLAN: &str = include_str!("tiny.toml");

/// The data root of [`PLAN`].
pub(crate) fn data_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/tests/data")
}
