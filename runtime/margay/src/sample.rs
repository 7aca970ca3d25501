//! The image that is analysed where none is named.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// PUMA, metastatic melanoma ROI 094: 1024 × 1024 px at 0.23 µm/px, CC0 (Zenodo 15050523).
const ROI: &[u8] = include_bytes!("../../../tests/data/puma-metastatic-094.tif");
const NAME: &str = "puma-metastatic-094.tif";

/// Puts the bundled ROI into the folder `out`.
pub(crate) fn write_to(out: &Path) -> Result<PathBuf> {
    let path = out.join(NAME);
    std::fs::create_dir_all(out)
        .with_context(|| format!("the folder {} cannot be made", out.display()))?;
    report::atomic::write(&path, ROI)
        .with_context(|| format!("the bundled image cannot be written to {}", path.display()))?;
    Ok(path)
}
