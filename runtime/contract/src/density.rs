//! Where the TILs of an image are: their number on a grid of square cells.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// TILs on a grid over the image, and the area in which they were looked for.
///
/// Cells begin at the image's upper left corner and stand row by row; those of the last column and
/// the last row may reach over the image. A TIL counts in the cell that holds its centre. The sums
/// over all cells are the report's count of TILs and its evaluated area, the latter but for the
/// rounding of the parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DensityGrid {
    /// Edge of a cell, µm.
    pub cell_um: u32,
    /// Columns, at most [`SIDE_MAX`](Self::SIDE_MAX).
    pub columns: u32,
    /// Rows, at most [`SIDE_MAX`](Self::SIDE_MAX).
    pub rows: u32,
    /// TILs in each cell.
    pub tils: Vec<u32>,
    /// Area of each cell that the nuclei model looked at and that is not glass, mm².
    pub evaluated_mm2: Vec<f32>,
}

impl DensityGrid {
    /// Columns and rows at most: 4,096 cells are some 60 kB of a report.
    pub const SIDE_MAX: u32 = 64;

    /// Whether there are as many values as cells, and neither too many nor none. A grid that was
    /// read need not be.
    pub fn is_whole(&self) -> bool {
        let sides = 1..=Self::SIDE_MAX;
        let cells = u64::from(self.columns) * u64::from(self.rows);
        self.cell_um > 0
            && sides.contains(&self.columns)
            && sides.contains(&self.rows)
            && self.tils.len() as u64 == cells
            && self.evaluated_mm2.len() as u64 == cells
    }

    /// Area of a cell that lies wholly in the image, mm².
    pub fn cell_mm2(&self) -> f64 {
        (f64::from(self.cell_um) * 1e-3).powi(2)
    }

    /// TILs per mm² of evaluated area in the cell at `index`; absent where nothing was evaluated,
    /// and beyond the grid.
    pub fn per_mm2(&self, index: usize) -> Option<f64> {
        let (tils, area) = (self.tils.get(index)?, self.evaluated_mm2.get(index)?);
        (*area > 0.0).then(|| f64::from(*tils) / f64::from(*area))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> DensityGrid {
        DensityGrid {
            cell_um: 100,
            columns: 3,
            rows: 1,
            tils: vec![5, 2, 0],
            evaluated_mm2: vec![0.01, 0.0, 0.005],
        }
    }

    #[test]
    fn a_cell_without_evaluated_area_has_no_density_and_one_without_tils_has_zero() {
        let grid = grid();

        let densities = [0, 1, 2, 3].map(|index| grid.per_mm2(index).map(f64::round));

        assert_eq!(densities, [Some(500.0), None, Some(0.0), None]);
        assert!((grid.cell_mm2() - 0.01).abs() < 1e-12);
    }

    #[test]
    fn a_grid_is_whole_with_one_value_a_cell_and_within_its_limits() {
        let changed = |change: &dyn Fn(&mut DensityGrid)| {
            let mut grid = grid();
            change(&mut grid);
            grid.is_whole()
        };

        assert!(changed(&|_| {}));
        assert!(!changed(&|grid| grid.rows = 2));
        assert!(!changed(&|grid| grid.tils.push(0)));
        assert!(!changed(&|grid| grid.evaluated_mm2.truncate(1)));
        assert!(!changed(&|grid| grid.cell_um = 0));
        assert!(!changed(&|grid| {
            grid.columns = 65;
            grid.tils.resize(65, 0);
            grid.evaluated_mm2.resize(65, 0.0);
        }));
    }

    #[test]
    fn a_grid_reads_back_as_it_was_written() {
        let text = serde_json::to_string(&grid()).unwrap();

        assert_eq!(serde_json::from_str::<DensityGrid>(&text).unwrap(), grid());
    }
}
