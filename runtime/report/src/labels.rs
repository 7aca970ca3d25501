//! Label images: which nucleus, and which tissue, each pixel belongs to.
//!
//! - `nuclei-labels.tif` ([`NucleiLabels`]): 32 bits a pixel at level 0; 0 is background, n the
//!   nucleus with id n. A pixel belongs to a nucleus when its centre lies in the outline; where two
//!   outlines meet in one pixel, the smaller id has it.
//! - `tissue-labels.tif` ([`write_tissue`]): 8 bits a cell *of the tissue map*, not of level 0; the
//!   index of the tissue class, or 255 where no model has looked. The description names the
//!   classes.
//!
//! Both are tiled (512²) and deflated, `BigTIFF` from 4 GiB, with their µm/px in the resolution
//! tags.
//!
//! **Memory** of [`NucleiLabels`]: one tile, and the outlines of those nuclei that reach into rows
//! of tiles which are not done.

use std::ops::Range;
use std::path::Path;

use contract::{Class, Mpp, Nucleus, Point, Size, TissueMap, UNLABELLED};
use thiserror::Error;

use crate::atomic::WriteError;
use crate::tiled_tiff::{Layout, TILE_PX, TiledTiff};
use crate::{NucleusError, checked, scanline};

/// Why a label image was not written.
#[derive(Debug, Error)]
pub enum LabelsError {
    /// The file cannot be written.
    #[error("the labels cannot be written as TIFF")]
    File(#[source] WriteError),
    /// A nucleus cannot be written.
    #[error("a nucleus cannot be written into the labels")]
    Nucleus(#[source] NucleusError),
    /// A nucleus reaches into rows that were declared done and are written.
    #[error(
        "nucleus {id} reaches up to row {row}, but the labels are written down to row {written}: \
         it is larger than the reach of {reach_px} px that was stated"
    )]
    TooLate {
        /// The nucleus.
        id: u32,
        /// Its first row.
        row: usize,
        /// Rows that are written.
        written: usize,
        /// How far nuclei were said to reach above their centre.
        reach_px: usize,
    },
}

/// `nuclei-labels.tif`, being written from the top as nuclei come.
#[derive(Debug)]
pub struct NucleiLabels {
    tiff: TiledTiff,
    size: Size,
    reach_px: usize,
    /// Rows that are written, a multiple of the tile's edge.
    written: usize,
    pending: Vec<Outline>,
    tile: Vec<u32>,
}

#[derive(Debug)]
struct Outline {
    id: u32,
    rows: Range<usize>,
    columns: Range<usize>,
    polygon: Vec<Point>,
}

impl NucleiLabels {
    /// Begins the file at `path` for an image of `size` at `mpp`.
    ///
    /// `reach_px` is how far, at most, a nucleus reaches above its centre, level-0 pixels: the
    /// margin of the network's window.
    pub fn create(path: &Path, size: Size, mpp: Mpp, reach_px: usize) -> Result<Self, LabelsError> {
        let description = "instances: 0 is background, n is nucleus n".into();
        let layout = Layout { size, mpp, sample_bytes: 4, description };
        Ok(Self {
            tiff: TiledTiff::create(path, layout).map_err(LabelsError::File)?,
            size,
            reach_px,
            written: 0,
            pending: Vec::new(),
            tile: vec![0; TILE_PX * TILE_PX],
        })
    }

    /// Takes one nucleus.
    pub fn push(&mut self, nucleus: &Nucleus) -> Result<(), LabelsError> {
        checked::check(nucleus, usize::MAX).map_err(LabelsError::Nucleus)?;
        let rows = scanline::rows(&nucleus.polygon, self.size.height);
        let columns = scanline::columns(&nucleus.polygon, self.size.width);
        if rows.is_empty() || columns.is_empty() {
            return Ok(());
        }
        if rows.start < self.written {
            return Err(LabelsError::TooLate {
                id: nucleus.id,
                row: rows.start,
                written: self.written,
                reach_px: self.reach_px,
            });
        }
        let polygon = nucleus.polygon.clone();
        self.pending.push(Outline { id: nucleus.id, rows, columns, polygon });
        Ok(())
    }

    /// Writes what is complete: no nucleus with a centre above level-0 row `y` will follow.
    pub fn rows_done(&mut self, y: f32) -> Result<(), LabelsError> {
        let complete = (f64::from(y).max(0.0) as usize).saturating_sub(self.reach_px);
        while self.written < self.size.height && self.written + TILE_PX <= complete {
            self.write_band()?;
        }
        Ok(())
    }

    /// Writes the rest and puts the file in place.
    pub fn finish(mut self) -> Result<(), LabelsError> {
        while self.written < self.size.height {
            self.write_band()?;
        }
        self.tiff.finish().map_err(LabelsError::File)
    }

    /// Writes the next row of tiles and forgets the outlines that end in it.
    fn write_band(&mut self) -> Result<(), LabelsError> {
        let rows = self.written..self.written + TILE_PX;
        let mut by_tile = vec![Vec::new(); self.size.width.div_ceil(TILE_PX)];
        for (at, outline) in self.pending.iter().enumerate() {
            if outline.rows.start < rows.end {
                let first = outline.columns.start / TILE_PX;
                let last = (outline.columns.end - 1) / TILE_PX;
                by_tile[first..=last].iter_mut().for_each(|tile| tile.push(at));
            }
        }

        let mut bytes = Vec::with_capacity(4 * self.tile.len());
        for (column, outlines) in by_tile.iter().enumerate() {
            if outlines.is_empty() {
                self.tiff.append_zero_tile().map_err(LabelsError::File)?;
                continue;
            }
            self.tile.fill(0);
            for &at in outlines {
                paint(&mut self.tile, (column * TILE_PX, rows.start), &self.pending[at]);
            }
            bytes.clear();
            bytes.extend(self.tile.iter().flat_map(|label| label.to_le_bytes()));
            self.tiff.append_tile(&bytes).map_err(LabelsError::File)?;
        }

        self.written = rows.end;
        self.pending.retain(|outline| outline.rows.end > rows.end);
        Ok(())
    }
}

/// Paints an outline into the tile whose first pixel stands at `origin`.
fn paint(tile: &mut [u32], (left, top): (usize, usize), outline: &Outline) {
    let rows = outline.rows.start.max(top)..outline.rows.end.min(top + TILE_PX);
    let columns = outline.columns.start.max(left)..outline.columns.end.min(left + TILE_PX);
    for row in rows {
        let line = &mut tile[(row - top) * TILE_PX..][..TILE_PX];
        scanline::spans(&outline.polygon, row, &columns, |span| {
            for label in &mut line[span.start - left..span.end - left] {
                if *label == 0 || outline.id < *label {
                    *label = outline.id;
                }
            }
        });
    }
}

/// Writes `tissue-labels.tif`: the cells of `map` as they are.
pub fn write_tissue(path: &Path, map: &TissueMap, classes: &[Class]) -> Result<(), LabelsError> {
    let names: Vec<String> = classes
        .iter()
        .enumerate()
        .map(|(index, class)| format!("{index} {}", class.name))
        .collect();
    let description = format!("tissue: {}, {UNLABELLED} not looked at", names.join(", "));
    let layout = Layout { size: map.size, mpp: map.mpp, sample_bytes: 1, description };
    write_bytes(path, layout, |column, row| map.classes[row * map.size.width + column])
        .map_err(LabelsError::File)
}

/// Writes an 8-bit image whose pixels `value` gives by column and row, and its least and greatest
/// value as tags.
pub(crate) fn write_bytes(
    path: &Path,
    layout: Layout,
    value: impl Fn(usize, usize) -> u8,
) -> Result<(), WriteError> {
    let size = layout.size;
    let mut tiff = TiledTiff::create(path, layout)?;
    let tiles = TiledTiff::tiles(size);
    let mut tile = vec![0; TILE_PX * TILE_PX];
    let mut extremes: Option<[u8; 2]> = None;
    for at in 0..tiles.pixels() {
        let (left, top) = (at % tiles.width * TILE_PX, at / tiles.width * TILE_PX);
        tile.fill(0);
        for row in top..(top + TILE_PX).min(size.height) {
            let columns = left..(left + TILE_PX).min(size.width);
            let line = &mut tile[(row - top) * TILE_PX..][..columns.len()];
            for (pixel, column) in line.iter_mut().zip(columns) {
                *pixel = value(column, row);
            }
            let (least, greatest) = (line.iter().min().copied(), line.iter().max().copied());
            extremes = least.zip(greatest).map(|(least, greatest)| {
                let [below, above] = extremes.unwrap_or([least, greatest]);
                [below.min(least), above.max(greatest)]
            });
        }
        tiff.append_tile(&tile)?;
    }
    tiff.state_extremes(extremes.unwrap_or([0, 0]));
    tiff.finish()
}

#[cfg(test)]
mod tests;
