//! 59 contiguous tiles of a real slide, faster than the box can look at them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use contract::RgbImage;
use slide::read_image;

use crate::appliance::{Appliance, assert_same_figures, said};

const EDGE: u32 = 1024;

/// Memory that the box may take: two workers' windows, the mosaic's cache of 192 MiB, the ledger's.
const PEAK_BYTES_MAX: u64 = 700 << 20;

#[test]
fn the_grid_through_the_socket_comes_to_what_analyze_says_of_the_stitched_image() {
    let Some(tiles) = tiles() else { return };
    let mut appliance = Appliance::new();
    let folder = appliance.path("tiles");
    fs::create_dir(&folder).unwrap();
    for ((column, row), path) in &tiles {
        let name = format!("{}_{}.jpg", column * EDGE, row * EDGE);
        fs::copy(path, folder.join(name)).unwrap();
    }
    let stitched = stitch(&appliance, &tiles);
    let (expected, _) = appliance.analyze(&stitched, &["--mpp", "0.25"]);
    appliance.start();

    let output = appliance.scanner(&folder, &["--mpp", "0.25"]).output().unwrap();

    assert!(output.status.success(), "{}", said(&output));
    let results = appliance.wait_for_results(1);
    assert_eq!(results[0].scan.tiles, 59);
    assert!(results[0].scan.missing_mm2 > 0.0, "the grid is no rectangle");
    assert_same_figures(&results[0].report, &expected);
    let peak = appliance.peak_bytes();
    assert!(peak < PEAK_BYTES_MAX, "{} MiB", peak >> 20);
}

/// Column, row and file of each tile; none where the data are not here, which is said.
#[expect(clippy::print_stderr, reason = "a test says which data are absent")]
fn tiles() -> Option<BTreeMap<(u32, u32), PathBuf>> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let stated = std::env::var_os("MARGAY_DATA").map(PathBuf::from);
    let beside = ["../shared/data", "shared/data"].map(|folder| repository.join(folder));
    let found = stated.into_iter().chain(beside).map(|f| f.join("slide_grid")).find(|f| f.exists());
    let Some(folder) = found else {
        eprintln!("slide_grid is absent from shared/data and is not tested");
        return None;
    };
    let entries = fs::read_dir(&folder).unwrap();
    let place = |path: &Path| {
        let stem = path.file_stem()?.to_str()?;
        let (x, y) = stem.strip_prefix('x')?.split_once("_y")?;
        Some((x.parse().ok()?, y.parse().ok()?))
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    let tiles: BTreeMap<(u32, u32), PathBuf> =
        paths.filter_map(|path| Some((place(&path)?, path))).collect();
    // The grid begins where its first column and row are.
    let first = |of: fn(&(u32, u32)) -> u32| tiles.keys().map(of).min().unwrap();
    let (left, top) = (first(|place| place.0), first(|place| place.1));
    Some(tiles.into_iter().map(|((x, y), path)| ((x - left, y - top), path)).collect())
}

/// One image of all tiles, white where there is none.
fn stitch(appliance: &Appliance, tiles: &BTreeMap<(u32, u32), PathBuf>) -> PathBuf {
    let edge = EDGE as usize;
    let columns = tiles.keys().map(|(x, _)| x + 1).max().unwrap() as usize;
    let rows = tiles.keys().map(|(_, y)| y + 1).max().unwrap() as usize;
    let (width, height) = (columns * edge, rows * edge);
    let mut pixels = vec![u8::MAX; 3 * width * height];
    for ((column, row), path) in tiles {
        let tile: RgbImage = read_image(path).unwrap();
        for (y, line) in tile.pixels().chunks_exact(3 * edge).enumerate() {
            let at = 3 * ((*row as usize * edge + y) * width + *column as usize * edge);
            pixels[at..at + line.len()].copy_from_slice(line);
        }
    }
    let path = appliance.path("stitched.tif");
    let file = fs::File::create(&path).unwrap();
    tiff::encoder::TiffEncoder::new(file)
        .unwrap()
        .write_image::<tiff::encoder::colortype::RGB8>(width as u32, height as u32, &pixels)
        .unwrap();
    path
}
