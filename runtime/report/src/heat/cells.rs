//! The cells of a heat map over the pale image.

use contract::DensityGrid;

use super::scale::Scale;
use super::{EVALUATED_PART_MIN, palette};
use crate::picture::Frame;
use crate::picture::canvas::{Colour, luma};
use crate::picture::panel::grouped;
use crate::picture::text::{self, Style};

/// How much of a cell's colour covers the image where there is no TIL, and at the end of the scale:
/// the tissue can be made out beneath, and few TILs do not shout.
const OPACITY: [f32; 2] = [0.32, 0.74];
/// How much of the image's darkness is left beneath: 0 is white.
const PALE: f32 = 0.45;
/// Grey of common tissue once it is pale: what the legend's colours lie on.
const PALE_TISSUE: Colour = [210; 3];
/// Part of a cell that must have been evaluated for its density to set the scale: at the rim of the
/// tissue a few TILs on little area would make all others pale.
const SCALE_PART_MIN: f64 = 0.5;
/// Edge of cells from which on their densities stand in them, pixels: over smaller ones numbers
/// would hide the map.
const NUMBER_EDGE_MIN_PX: f64 = 96.0;
/// Room to either side of a number in a cell, pixels.
const NUMBER_MARGIN_PX: i64 = 6;
const INK: Colour = [20, 20, 24];
const WHITE: Colour = [255; 3];

/// A cell that gets a colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cell {
    /// Index in the grid.
    pub(super) index: usize,
    /// TILs per mm².
    pub(super) per_mm2: f64,
}

/// The cells of `grid` of which enough was evaluated.
pub(super) fn coloured(grid: &DensityGrid) -> Vec<Cell> {
    let least = EVALUATED_PART_MIN * grid.cell_mm2();
    let areas = grid.evaluated_mm2.iter().enumerate();
    areas
        .filter(|(_, area)| f64::from(**area) >= least)
        .filter_map(|(index, _)| Some(Cell { index, per_mm2: grid.per_mm2(index)? }))
        .collect()
}

/// The scale of the `cells`: no cell that was evaluated by half exceeds it, or none at all where
/// there is no such cell.
pub(super) fn scale_of(grid: &DensityGrid, cells: &[Cell]) -> Scale {
    let least = SCALE_PART_MIN * grid.cell_mm2();
    let sound = |cell: &&Cell| f64::from(grid.evaluated_mm2[cell.index]) >= least;
    let densities = |cell: &Cell| cell.per_mm2;
    if cells.iter().any(|cell| sound(&cell)) {
        Scale::over(cells.iter().filter(sound).map(densities))
    } else {
        Scale::over(cells.iter().map(densities))
    }
}

/// Pales the image and lays the `cells` over it.
pub(super) fn draw(frame: &mut Frame, grid: &DensityGrid, (cells, scale): (&[Cell], Scale)) {
    frame.canvas.pale(PALE);
    let has_numbers = f64::from(grid.cell_um) / frame.um_per_px >= NUMBER_EDGE_MIN_PX;
    for cell in cells {
        let (place, part) = (place(frame, grid, cell.index), scale.part(cell.per_mm2));
        frame.canvas.rectangle(place, palette::colour(part), opacity(part));
        if has_numbers {
            number(frame, place, cell.per_mm2, on_tissue(part));
        }
    }
}

/// The colour of a part of the scale as it looks in the picture.
pub(super) fn on_tissue(part: f64) -> Colour {
    let (colour, opacity) = (palette::colour(part), opacity(part));
    std::array::from_fn(|channel| {
        let (above, below) = (f32::from(colour[channel]), f32::from(PALE_TISSUE[channel]));
        (below + (above - below) * opacity).round() as u8
    })
}

fn opacity(part: f64) -> f32 {
    let [none, most] = OPACITY;
    none + (most - none) * part.clamp(0.0, 1.0) as f32
}

/// Left, top, width and height of a cell in the picture, cut to it.
fn place(frame: &Frame, grid: &DensityGrid, index: usize) -> [i64; 4] {
    let edge = f64::from(grid.cell_um) / frame.um_per_px;
    let columns = grid.columns as usize;
    let size = frame.canvas.size();
    let along = |cell: usize, all: usize| {
        let border = |cell: usize| ((cell as f64 * edge).round() as i64).min(all as i64);
        (border(cell), border(cell + 1))
    };
    let (left, right) = along(index % columns, size.width);
    let (top, bottom) = along(index / columns, size.height);
    [left, top, right - left, bottom - top]
}

/// The density in the middle of its cell, where it has room.
fn number(frame: &mut Frame, [left, top, width, height]: [i64; 4], per_mm2: f64, beneath: Colour) {
    let style = Style::head(if luma(beneath) < 140.0 { WHITE } else { INK });
    let number = grouped(per_mm2.round() as u64);
    let (wide, high) = (style.width_px(&number), style.height_px());
    if wide + 2 * NUMBER_MARGIN_PX <= width && high + 2 * NUMBER_MARGIN_PX <= height {
        let at = (left + (width - wide) / 2, top + (height - high) / 2);
        text::write(&mut frame.canvas, at, &number, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_tissue_too_darker_is_more() {
        let steps: Vec<f32> =
            (0..=32u8).map(|step| luma(on_tissue(f64::from(step) / 32.0))).collect();

        assert!(steps.windows(2).all(|pair| pair[1] < pair[0] - 1.0), "{steps:?}");
    }

    #[test]
    fn a_sliver_of_tissue_does_not_set_the_scale_unless_there_is_nothing_else() {
        let mut grid = DensityGrid {
            cell_um: 100,
            columns: 2,
            rows: 1,
            tils: vec![9, 9],
            evaluated_mm2: vec![0.01, 0.002],
        };

        let scale = |grid: &DensityGrid| scale_of(grid, &coloured(grid));

        assert!(!scale(&grid).is_exceeded_by(900.0) && scale(&grid).is_exceeded_by(4500.0));
        grid.evaluated_mm2[0] = 0.0;
        assert!(!scale(&grid).is_exceeded_by(4500.0));
    }
}
