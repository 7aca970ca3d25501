//! The 59 contiguous tiles of a slide, read as a mosaic, equal the stitched image to the last digit.

#![expect(clippy::unwrap_used, reason = "a test may stop")]
#![expect(clippy::print_stderr, reason = "a test says which data are absent")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use contract::{Mpp, RgbImage, Size};
use intake::frame::Encoding;
use intake::mosaic::{Mosaic, Placed, TileReadError, TileSource};
use slide::{Regions, read_image};

const EDGE: usize = 1024;

#[test]
fn the_mosaic_of_the_grid_is_the_stitched_image() {
    let Some(folder) = shared("slide_grid") else { return };
    let grid = Grid::open(&folder);
    let stitched = grid.stitch();
    // In an order that is not that of the files.
    let placed = grid.0.keys().rev().zip(1..).map(|(&(x, y), sequence)| Placed {
        x,
        y,
        width_px: EDGE as u32,
        height_px: EDGE as u32,
        sequence,
    });
    let tiles: Vec<Placed> = placed.collect();

    let mosaic =
        Mosaic::new(stitched.size(), Mpp::new(0.25).unwrap(), tiles, Box::new(grid)).unwrap();

    assert_eq!(mosaic.coverage().covered_px, 59 << 20);
    for window in windows(stitched.size()) {
        let (x, y, size) = window;
        let read = mosaic.read(x, y, size).unwrap();
        for (row, line) in read.pixels().chunks_exact(3 * size.width).enumerate() {
            let at = 3 * ((y + row) * stitched.width() + x);
            assert!(line == &stitched.pixels()[at..at + line.len()], "row {row} of {window:?}");
        }
    }
}

/// Windows with margins, as a network sees them: none of them begins on a tile.
fn windows(image: Size) -> Vec<(usize, usize, Size)> {
    let starts = |length: usize| (0..length).step_by(900);
    let places = starts(image.height).flat_map(|y| starts(image.width).map(move |x| (x, y)));
    places
        .map(|(x, y)| (x, y, Size::new(1088.min(image.width - x), 1088.min(image.height - y))))
        .collect()
}

/// The tiles by first column and row.
struct Grid(BTreeMap<(u32, u32), PathBuf>);

impl Grid {
    fn open(folder: &Path) -> Self {
        let mut tiles = BTreeMap::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap();
            let (x, y) = stem.strip_prefix('x').unwrap().split_once("_y").unwrap();
            let place = |number: &str| EDGE as u32 * number.parse::<u32>().unwrap();
            tiles.insert((place(x), place(y)), path);
        }
        assert_eq!(tiles.len(), 59);
        Self(tiles)
    }

    fn stitch(&self) -> RgbImage {
        let end =
            |edge: fn(&(u32, u32)) -> u32| self.0.keys().map(edge).max().unwrap() as usize + EDGE;
        let mut image = RgbImage::filled(Size::new(end(|k| k.0), end(|k| k.1)), [255; 3]);
        let width = image.width();
        for (&(x, y), path) in &self.0 {
            let tile = read_image(path).unwrap();
            for row in 0..EDGE {
                let at = 3 * ((y as usize + row) * width + x as usize);
                image.pixels_mut()[at..at + 3 * EDGE]
                    .copy_from_slice(&tile.pixels()[3 * EDGE * row..3 * EDGE * (row + 1)]);
            }
        }
        image
    }
}

impl TileSource for Grid {
    fn bytes(&self, x: u32, y: u32) -> Result<(Encoding, Vec<u8>), TileReadError> {
        let path = self.0.get(&(x, y)).ok_or(TileReadError::Absent)?;
        Ok((Encoding::Jpeg, std::fs::read(path).unwrap()))
    }
}

/// A folder of the shared data (`MARGAY_DATA`, `../shared/data`, `shared/data`); where it is
/// absent, that is said.
fn shared(name: &str) -> Option<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let stated = std::env::var_os("MARGAY_DATA").map(PathBuf::from);
    let beside = ["../shared/data", "shared/data"].map(|folder| repository.join(folder));
    let found = stated.into_iter().chain(beside).map(|f| f.join(name)).find(|path| path.exists());
    if found.is_none() {
        eprintln!("{name} is absent from shared/data and is not tested");
    }
    found
}
