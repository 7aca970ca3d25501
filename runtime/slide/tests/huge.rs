//! A slide of 10 gigapixels opens at once, and a region of it costs what it touches.
//!
//! The file is sparse: its tiles lie up to 10 GB in, most of them holes that
//! read as zeros. Alone in its program, since the peak of the memory is the program's.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use contract::{Mpp, Size};
use slide::{Regions, Slide};

const EDGE: u64 = 100_000;
const TILE: u64 = 256;
const ACROSS: u64 = EDGE.div_ceil(TILE);
const TILE_BYTES: u64 = TILE * TILE;
/// Tables: 2 × 1.2 MiB; a region of 1024² and the 25 tiles it touches: 8 MiB.
const MEMORY_BYTES_MAX: u64 = 32 << 20;

#[test]
fn a_slide_of_ten_gigapixels_is_read_by_what_a_region_touches() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.tif");
    write(&path);
    let before = peak_bytes();

    let slide = Slide::open(&path, Some(Mpp::new(0.25).unwrap())).unwrap();
    assert_eq!(slide.size(), Size::new(EDGE as usize, EDGE as usize));
    for (x, y, expected) in
        [(EDGE - 1, EDGE - 1, 201), (50_000, 50_000, 102), (0, 0, 255), (12_345, 67_890, 0)]
    {
        let (x, y) = (x as usize, y as usize);
        let pixel = slide.read(x, y, Size::new(1, 1)).unwrap().pixel(0, 0);
        assert_eq!(pixel, [expected; 3], "{x}, {y}");
    }
    slide.read(98_900, 77_777, Size::new(1024, 1024)).unwrap();

    let grown = peak_bytes() - before;
    assert!(grown < MEMORY_BYTES_MAX, "the peak grew by {grown} bytes");
}

/// A grey `BigTIFF`: the first tile left out, the one in the middle 102, the last 201.
fn write(path: &Path) {
    let tiles = ACROSS * ACROSS;
    let tables = 16;
    let pixels = tables + 16 * tiles;
    let directory = pixels + tiles * TILE_BYTES;
    let offset = |tile: u64| pixels + tile * TILE_BYTES;

    let file = File::create(path).unwrap();
    let mut head = b"II\x2b\0\x08\0\0\0".to_vec();
    head.extend(directory.to_le_bytes());
    head.extend((0..tiles).flat_map(|tile| offset(tile).to_le_bytes()));
    let length = |tile: u64| if tile == 0 { 0 } else { TILE_BYTES };
    head.extend((0..tiles).flat_map(|tile| length(tile).to_le_bytes()));
    file.write_all_at(&head, 0).unwrap();

    let middle = 50_000 / TILE;
    for (tile, value) in [(middle * ACROSS + middle, 102), (tiles - 1, 201)] {
        file.write_all_at(&vec![value; TILE_BYTES as usize], offset(tile)).unwrap();
    }

    let fields = [
        (256_u16, 4_u16, 1_u64, EDGE),
        (257, 4, 1, EDGE),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (277, 3, 1, 1),
        (322, 4, 1, TILE),
        (323, 4, 1, TILE),
        (324, 16, tiles, tables),
        (325, 16, tiles, tables + 8 * tiles),
    ];
    let mut bytes = (fields.len() as u64).to_le_bytes().to_vec();
    for (tag, kind, count, value) in fields {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(0_u64.to_le_bytes());
    file.write_all_at(&bytes, directory).unwrap();
}

/// The greatest memory that this program has held (Linux).
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}
