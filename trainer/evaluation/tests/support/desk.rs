//! Two folders with files to be scored.

#![expect(clippy::disallowed_methods, reason = "a test's files need not outlive a power cut")]

use std::fs;
use std::path::PathBuf;

use margay_evaluation::score::{Rules, ScoreError, Scores, score};
use serde_json::{Value, json};
use tempfile::TempDir;
use tiff::encoder::{TiffEncoder, colortype};

/// Folders `truth` and `result`, to be filled.
pub(crate) struct Desk {
    folder: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("result")).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn score(&self, rules: &Rules) -> Result<Scores, ScoreError> {
        score(&self.path("truth"), &self.path("result"), rules)
    }
}

/// Squares of 8 px of these classes, at these columns, as the platform has them.
pub(crate) fn grand_challenge(nuclei: &[(&str, f64)]) -> String {
    let square = |x: f64| [[x, 0.0], [x + 8.0, 0.0], [x + 8.0, 8.0], [x, 8.0]];
    let polygons: Vec<Value> = nuclei
        .iter()
        .map(|&(class, x)| json!({ "name": class, "path_points": square(x) }))
        .collect();
    json!({ "type": "Multiple polygons", "polygons": polygons }).to_string()
}

pub(crate) fn mask(row: &[u8]) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
    encoder.write_image::<colortype::Gray8>(row.len() as u32, 1, row).unwrap();
    bytes.into_inner()
}

pub(crate) fn real_nuclei() -> &'static str {
    include_str!("../goldens/excerpts/training_set_primary_roi_034.geojson")
}
