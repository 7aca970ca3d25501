//! The heat map: where in the image the TILs are, to be looked at.
//!
//! The image lies pale and grey beneath; each cell of the report's density grid is coloured by its
//! TILs per mm² of evaluated area (`palette.rs`), from zero to a round number (`scale.rs`), so that
//! images often share a scale. A cell without evaluated area keeps the image's grey, and so does one
//! of which less than [`EVALUATED_PART_MIN`] was evaluated. Where a cell has room, its density
//! stands in it. Beside the image are the scale and what the grid sums to; a scale bar stands in the
//! image.
//!
//! A heat map shows where TILs are; it is no score.

use std::path::Path;

use contract::{DensityGrid, RgbImage, Role, Size, TilReport};
use thiserror::Error;

use crate::atomic::{self, WriteError};
use crate::picture::{self, Frame, panel, scale_bar};

mod cells;
mod legend;
mod palette;
mod scale;

/// Part of a cell that must have been evaluated for a colour: below it a single TIL would show as
/// 1,000 per mm² and more in cells of 100 µm.
const EVALUATED_PART_MIN: f64 = 0.1;

/// Why there is no heat map.
#[derive(Debug, Error)]
pub enum HeatError {
    /// An image without pixels, or one whose shape is not that of level 0.
    #[error(
        "an image of {} × {} px cannot stand for one of {} × {} px",
        .image.width, .image.height, .level0.width, .level0.height
    )]
    Shape {
        /// The image that was given.
        image: Size,
        /// The size at level 0.
        level0: Size,
    },
    /// The grid contradicts itself.
    #[error(
        "the density grid of {columns} × {rows} cells of {cell_um} µm has {tils} counts and {areas} areas"
    )]
    Grid {
        /// Columns announced.
        columns: u32,
        /// Rows announced.
        rows: u32,
        /// Edge of a cell, µm.
        cell_um: u32,
        /// Counts that are there.
        tils: usize,
        /// Areas that are there.
        areas: usize,
    },
    /// The picture cannot be packed.
    #[error("the heat map cannot be encoded as PNG")]
    Encode(#[source] png::EncodingError),
    /// The file cannot be written.
    #[error("the heat map cannot be written")]
    File(#[source] WriteError),
}

/// What a heat map is made of.
#[derive(Clone, Copy, Debug)]
pub struct HeatMap<'a> {
    image: &'a RgbImage,
    report: &'a TilReport,
    density: &'a DensityGrid,
}

impl<'a> HeatMap<'a> {
    /// The heat map of `report` over `image`, a copy of its image as small as it shall be shown
    /// ([`LONGEST_SIDE_PX`](crate::overlay::LONGEST_SIDE_PX) at most is meant); none where the
    /// report has no density.
    pub fn of(image: &'a RgbImage, report: &'a TilReport) -> Option<Self> {
        report.density.as_ref().map(|density| Self { image, report, density })
    }

    /// Draws it.
    pub fn draw(&self) -> Result<RgbImage, HeatError> {
        let DensityGrid { cell_um, columns, rows, tils, evaluated_mm2 } = self.density;
        if !self.density.is_whole() {
            let (tils, areas) = (tils.len(), evaluated_mm2.len());
            return Err(HeatError::Grid {
                columns: *columns,
                rows: *rows,
                cell_um: *cell_um,
                tils,
                areas,
            });
        }
        let image = &self.report.image;
        let level0 = Size::new(image.width_px as usize, image.height_px as usize);
        let mut frame = Frame::of(self.image, level0, image.mpp)
            .ok_or(HeatError::Shape { image: self.image.size(), level0 })?;

        let cells = cells::coloured(self.density);
        let scale = cells::scale_of(self.density, &cells);
        cells::draw(&mut frame, self.density, (&cells, scale));
        scale_bar::draw(&mut frame.canvas, frame.um_per_px);
        let lines = legend::lines(self.report, self.density, (&cells, scale));
        Ok(panel::beside(&frame.canvas, &lines).into_image())
    }
}

/// Draws `map` and writes it to `path` as PNG, whole or not at all.
pub fn write_png(path: &Path, map: &HeatMap<'_>) -> Result<(), HeatError> {
    let bytes = picture::png_of(&map.draw()?).map_err(HeatError::Encode)?;
    atomic::write(path, &bytes).map_err(HeatError::File)
}

/// TILs in all, by the report's classes.
fn tils_of(report: &TilReport) -> u64 {
    report.nuclei.iter().filter(|class| class.role == Role::Til).map(|class| class.count).sum()
}

#[cfg(test)]
mod tests;
