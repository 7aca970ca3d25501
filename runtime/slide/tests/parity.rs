//! Pixels are those that OpenSlide, tifffile and Pillow read.
//!
//! The goldens are made by `openslide_parity.py`, which says what each name
//! means. Files of the scanners' own are read from the shared data; where these
//! are absent the test says so and compares the bundled fixtures alone.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

#[path = "support/files.rs"]
mod files;

use std::path::{Path, PathBuf};

use contract::{Mpp, RgbImage, Size};
use slide::{Slide, read_image};

/// Mean difference allowed where a lossy codec's arithmetic is the decoder's own, grey levels.
const LOSSY_DIFFERENCE_MAX: f64 = 2.0;

struct Golden {
    path: PathBuf,
    file: String,
    level: usize,
    x: usize,
    y: usize,
    size: Size,
    exact: bool,
}

#[test]
fn every_region_is_the_one_that_other_readers_read() {
    let mut compared = 0;
    let mut missing = Vec::new();
    for golden in goldens() {
        let Some(path) = files::find(&golden.file) else {
            missing.push(golden.file);
            continue;
        };
        let slide = Slide::open(&path, Some(Mpp::new(0.5).unwrap())).unwrap();
        let found = slide.read_level(golden.level, golden.x, golden.y, golden.size).unwrap();
        let expected = read_image(&golden.path).unwrap();

        let name = golden.path.file_name().unwrap().display();
        if golden.exact {
            assert_eq!(found, expected, "{name}");
        } else {
            let difference = mean_difference(&found, &expected);
            assert!(difference < LOSSY_DIFFERENCE_MAX, "{name}: {difference} grey levels");
        }
        compared += 1;
    }

    // The bundled fixtures alone give 29.
    assert!(compared >= 29, "{compared} regions were compared");
    if !missing.is_empty() {
        eprintln!("absent from shared/data/scanner_files and not compared: {missing:?}");
    }
}

fn mean_difference(a: &RgbImage, b: &RgbImage) -> f64 {
    assert_eq!(a.size(), b.size());
    let pairs = a.pixels().iter().zip(b.pixels());
    let sum: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.pixels().len() as f64
}

/// `<file>@<level>-<x>-<y>-<width>-<height>-<exact|lossy>.png`
fn goldens() -> Vec<Golden> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let parse = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let (file, place) = name.rsplit_once('@').unwrap();
        let parts: Vec<&str> = place.split('-').collect();
        let [level, x, y, width, height] =
            [0, 1, 2, 3, 4].map(|at: usize| parts[at].parse::<usize>().unwrap());
        Golden {
            file: file.into(),
            level,
            x,
            y,
            size: Size::new(width, height),
            exact: parts[5] == "exact",
            path,
        }
    };
    std::fs::read_dir(folder).unwrap().map(|entry| parse(entry.unwrap().path())).collect()
}
