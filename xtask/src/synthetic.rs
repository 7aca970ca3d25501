//! A large slide from real tiles: a tiled BigTIFF whose tiles are the JPEG files as they are.
//!
//! Nothing is decoded, so a slide of 40,000 × 40,000 px takes seconds. The tiles repeat in the
//! order of their names. Layout: header, tiles, then one IFD with its tables.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// Edge of a tile, px: what the JPEG files must measure.
const TILE_PX: u32 = 1024;

/// TIFF field types.
const SHORT: u16 = 3;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;
const LONG8: u16 = 16;

/// One entry of the IFD: tag, type, count and the value's bytes, little endian.
type Entry = (u16, u16, u64, Vec<u8>);

/// Writes a slide of `size_px` squared from the tiles of `folder`; says what it wrote.
pub(crate) fn write(folder: &Path, size_px: u32, mpp: f64, out: &Path) -> Result<String> {
    ensure!((0.05..=4.0).contains(&mpp), "--mpp is {mpp}, not 0.05 to 4 µm/px");
    ensure!((1..=400_000).contains(&size_px), "--size-px is {size_px}, not 1 to 400,000");
    let tiles = read_tiles(folder)?;
    let across = u64::from(size_px.div_ceil(TILE_PX));

    let file =
        fs::File::create(out).with_context(|| format!("{} cannot be written", out.display()))?;
    let mut file = BufWriter::new(file);
    let mut at = 16u64;
    let mut offsets = Vec::new();
    let mut lengths = Vec::new();
    file.write_all(&[0; 16])?;
    for tile in tiles.iter().cycle().take(usize::try_from(across * across)?) {
        file.write_all(tile)?;
        offsets.push(at);
        lengths.push(tile.len() as u64);
        at += tile.len() as u64;
    }
    let directory = write_directory(&mut file, at, &entries(size_px, mpp, &offsets, &lengths))?;
    let mut file = file.into_inner()?;
    write_header(&mut file, directory)?;

    let side_mm = f64::from(size_px) * mpp * 1e-3;
    Ok(format!(
        "{}: {size_px} × {size_px} px at {mpp} µm/px, {:.1} mm², {} tiles of {} images",
        out.display(),
        side_mm * side_mm,
        offsets.len(),
        tiles.len()
    ))
}

fn read_tiles(folder: &Path) -> Result<Vec<Vec<u8>>> {
    let mut names: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("{} cannot be read", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    names.retain(|name| name.extension().is_some_and(|e| e == "jpg" || e == "jpeg"));
    names.sort();
    ensure!(!names.is_empty(), "{} holds no JPEG file", folder.display());
    names
        .iter()
        .map(|name| {
            let bytes =
                fs::read(name).with_context(|| format!("{} cannot be read", name.display()))?;
            let size = jpeg_size(&bytes);
            ensure!(
                size == Some((TILE_PX as u16, TILE_PX as u16)),
                "{} measures {size:?}, not {TILE_PX} × {TILE_PX} px",
                name.display()
            );
            Ok(bytes)
        })
        .collect()
}

/// Width and height of a JPEG, from its start-of-frame marker (ITU T.81, B.2.2).
fn jpeg_size(bytes: &[u8]) -> Option<(u16, u16)> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    loop {
        let [0xff, marker, high, low, body @ ..] = rest else { return None };
        if matches!(marker, 0xc0..=0xc2) {
            let [_, h1, h0, w1, w0, ..] = body else { return None };
            return Some((u16::from_be_bytes([*w1, *w0]), u16::from_be_bytes([*h1, *h0])));
        }
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        rest = rest.get(2 + length..)?;
    }
}

fn entries(size_px: u32, mpp: f64, offsets: &[u64], lengths: &[u64]) -> Vec<Entry> {
    let short = |tag, value: u16| (tag, SHORT, 1, value.to_le_bytes().to_vec());
    let long = |tag, value: u32| (tag, LONG, 1, value.to_le_bytes().to_vec());
    let table = |tag, values: &[u64]| {
        (tag, LONG8, values.len() as u64, values.iter().flat_map(|v| v.to_le_bytes()).collect())
    };
    // Pixels per centimetre as a fraction of 1000: 1 cm is 10,000 µm.
    let per_cm = ((10_000.0 / mpp) * 1000.0).round() as u32;
    let resolution: Vec<u8> = [per_cm.to_le_bytes(), 1000u32.to_le_bytes()].concat();
    vec![
        long(256, size_px),
        long(257, size_px),
        (258, SHORT, 3, [8u16; 3].iter().flat_map(|v| v.to_le_bytes()).collect()),
        short(259, 7), // JPEG
        short(262, 6), // YCbCr, as JFIF files are
        short(277, 3),
        (282, RATIONAL, 1, resolution.clone()),
        (283, RATIONAL, 1, resolution),
        short(284, 1),
        short(296, 3), // centimetre
        long(322, TILE_PX),
        long(323, TILE_PX),
        table(324, offsets),
        table(325, lengths),
    ]
}

/// Writes the values that do not fit into their entries, then the IFD; gives its offset.
fn write_directory(file: &mut impl Write, mut at: u64, entries: &[Entry]) -> Result<u64> {
    let mut fields = Vec::new();
    for (tag, kind, count, value) in entries {
        let mut inline = [0; 8];
        if value.len() <= 8 {
            inline[..value.len()].copy_from_slice(value);
        } else {
            inline = at.to_le_bytes();
            file.write_all(value)?;
            at += value.len() as u64;
        }
        fields.extend(tag.to_le_bytes());
        fields.extend(kind.to_le_bytes());
        fields.extend(count.to_le_bytes());
        fields.extend(inline);
    }
    file.write_all(&(entries.len() as u64).to_le_bytes())?;
    file.write_all(&fields)?;
    file.write_all(&0u64.to_le_bytes())?;
    Ok(at)
}

fn write_header(file: &mut (impl Write + std::io::Seek), directory: u64) -> Result<()> {
    file.seek(std::io::SeekFrom::Start(0))?;
    file.write_all(b"II")?;
    file.write_all(&43u16.to_le_bytes())?;
    file.write_all(&8u16.to_le_bytes())?;
    file.write_all(&0u16.to_le_bytes())?;
    file.write_all(&directory.to_le_bytes())?;
    file.flush().context("the slide cannot be written to its end")
}
