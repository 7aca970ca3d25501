//! TILs on a grid over the image, for a heat map.
//!
//! **The grid.** Cells are squares of a multiple of [`CELL_STEP_UM`], of [`CELL_UM_MIN`] at least,
//! and no larger than it takes for [`DensityGrid::SIDE_MAX`] of them along the longer side of the
//! image: a tile of 1 mm has cells of 100 µm, a slide of 15 mm has 60 of 250 µm. In a cell of 100 µm
//! one TIL is 100 per mm²; a smaller cell would show chance. More cells than 64 along a side would
//! show as specks, and be most of a report. Steps of 50 µm keep the size a round number, and waste
//! less of the 64 than doubling would.
//!
//! A nucleus counts in the cell that holds its centre; cells are half-open, and a centre outside
//! the image counts in the nearest cell.

use contract::{DensityGrid, Mpp, Role, Size};

use super::Input;

/// Smallest edge of a cell, µm.
const CELL_UM_MIN: u32 = 100;
/// Edges of cells are multiples of this, µm.
const CELL_STEP_UM: u32 = 50;

/// The cells of the grid over an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cells {
    cell_um: u32,
    columns: u32,
    rows: u32,
    /// Level-0 pixels of a cell's edge.
    cell_px: f64,
}

impl Cells {
    /// The cells over an image of level-0 size `image`, which has pixels.
    pub(crate) fn of(image: Size, mpp: Mpp) -> Self {
        let um = |px: usize| px as f64 * mpp.um_per_px();
        let side_max = f64::from(DensityGrid::SIDE_MAX);
        let longest_um = um(image.width.max(image.height));
        let steps = (longest_um / side_max / f64::from(CELL_STEP_UM)).ceil();
        let cell_um = CELL_STEP_UM.saturating_mul(steps as u32).max(CELL_UM_MIN);

        // Clamped, since the division may round up over a whole number.
        let cells = |px: usize| (um(px) / f64::from(cell_um)).ceil().clamp(1.0, side_max) as u32;
        Self {
            cell_um,
            columns: cells(image.width),
            rows: cells(image.height),
            cell_px: f64::from(cell_um) / mpp.um_per_px(),
        }
    }

    /// Number of cells.
    pub(crate) fn count(self) -> usize {
        self.columns as usize * self.rows as usize
    }

    /// Columns of the grid.
    pub(crate) fn columns(self) -> usize {
        self.columns as usize
    }

    /// The column that holds the level-0 position `x`.
    pub(crate) fn column_at(self, x: f64) -> usize {
        self.along(x, self.columns)
    }

    /// The row that holds the level-0 position `y`.
    pub(crate) fn row_at(self, y: f64) -> usize {
        self.along(y, self.rows)
    }

    fn along(self, at: f64, cells: u32) -> usize {
        ((at / self.cell_px).max(0.0) as usize).min(cells as usize - 1)
    }
}

/// The grid of an input that has been checked; none where the model has no class of TILs.
pub(super) fn grid(input: &Input<'_>) -> Option<DensityGrid> {
    let is_til: Vec<bool> = input.classes.iter().map(|class| class.role == Role::Til).collect();
    if !is_til.contains(&true) {
        return None;
    }

    let cells = Cells::of(input.image, input.mpp);
    let mut tils = vec![0; cells.count()];
    for til in input.nuclei.iter().filter(|nucleus| is_til[usize::from(nucleus.class)]) {
        let (column, row) = (cells.column_at(til.x.into()), cells.row_at(til.y.into()));
        tils[row * cells.columns() + column] += 1;
    }

    Some(DensityGrid {
        cell_um: cells.cell_um,
        columns: cells.columns,
        rows: cells.rows,
        tils,
        evaluated_mm2: input.evaluated_cells_mm2.to_vec(),
    })
}

#[cfg(test)]
mod tests;
