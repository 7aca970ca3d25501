//! Where a cell of the tissue map lies with respect to the tumour.
//!
//! **Tumour** is tissue of role tumour, less its clusters (of cells that share an edge) below
//! [`Parameters::tumour_cluster_area_min_um2`](super::Parameters). **Ring** k is what lies outside
//! the tumour at a distance above edge k - 1 and up to edge k, where the distance of a cell is
//! that of its centre to the nearest centre of a tumour cell, less half a cell (the tumour ends at
//! its cells' edges, not at their centres). Glass and cells that no model has looked at are in no
//! area, but the geometry of the rings runs over them.
//!
//! The rings are measured on a grid that is wider than the image by the outermost edge, so that
//! the part of each ring that the image cuts off is known exactly. Tumour outside the image is
//! not known: the true cut-off part may be smaller.

use std::ops::Range;

use contract::{Mpp, Role, Size, TissueMap, UNLABELLED};

use super::{Parameters, Tissue, rings};

/// Zone of a cell far from any tumour.
pub(super) const FAR: u8 = 0;
/// Zone of a tumour cell.
pub(super) const TUMOUR: u8 = 1;
/// Zone of the innermost ring; the next ring is one more.
pub(super) const FIRST_RING: u8 = 2;

/// What a tissue cell counts as in the areas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Ground {
    /// Glass, or not looked at: no area.
    None = 0,
    /// Tissue, not stroma.
    Tissue = 1,
    /// Stroma.
    Stroma = 2,
}

/// Zones and grounds of the cells of a tissue map.
#[derive(Debug)]
pub(super) struct Zones<'a> {
    map: &'a TissueMap,
    values: Vec<u8>,
    grounds: [Ground; 256],
    /// Part of each ring that lies outside the image; absent where there is no such ring.
    pub(super) truncated: Vec<Option<f64>>,
    /// Widths of the columns inside the image, in cells.
    pub(super) columns: Vec<f64>,
    /// Heights of the rows inside the image, in cells.
    pub(super) rows: Vec<f64>,
}

impl<'a> Zones<'a> {
    /// The zones of `tissue`, which has been checked against the image.
    pub(super) fn of(tissue: Tissue<'a>, image: Size, parameters: &Parameters) -> Self {
        let map = tissue.map;
        let tumour = table(tissue, |role| u8::from(role == Role::Tumour), 0);
        let mut values: Vec<u8> =
            map.classes.iter().map(|&class| tumour[usize::from(class)]).collect();
        let smallest = parameters.tumour_cluster_area_min_um2 / map.mpp.um2_per_px();
        clear_small_clusters(&mut values, map.size, smallest.ceil() as usize);

        let columns = inside(map.size.width, image.width, map.px_per_cell);
        let rows = inside(map.size.height, image.height, map.px_per_cell);
        let reaches = reaches(&parameters.ring_edges_um, map.mpp);
        let totals = rings::paint(&mut values, map.size, &reaches);
        let mut zones =
            Self { map, values, grounds: grounds(tissue), truncated: Vec::new(), columns, rows };
        zones.truncated = zones.truncated_parts(&totals);
        zones
    }

    /// The map under the zones.
    pub(super) fn map(&self) -> &'a TissueMap {
        self.map
    }

    /// Zone and ground of the cell at `index`.
    pub(super) fn at(&self, index: usize) -> (u8, Ground) {
        (self.values[index], self.grounds[usize::from(self.map.classes[index])])
    }

    /// Zone and ground at a level-0 position, clamped to the grid.
    pub(super) fn at_position(&self, x: f32, y: f32) -> (u8, Ground) {
        let cell = |at: f32, cells: usize| {
            ((f64::from(at) / self.map.px_per_cell).max(0.0) as usize).min(cells - 1)
        };
        let Size { width, height } = self.map.size;
        self.at(cell(y, height) * width + cell(x, width))
    }

    /// From each ring's cells on the unbounded grid to the part that lies outside the image.
    fn truncated_parts(&self, totals: &[u64]) -> Vec<Option<f64>> {
        let mut inside = vec![0.0; totals.len()];
        for (row, &height) in self.values.chunks_exact(self.map.size.width).zip(&self.rows) {
            let mut cells = [0u64; Parameters::RINGS_MAX];
            let (&last, others) = row.split_last().expect("a checked grid has columns");
            others
                .iter()
                .filter(|&&zone| zone >= FIRST_RING)
                .for_each(|&zone| cells[usize::from(zone - FIRST_RING)] += 1);
            for (sum, &count) in inside.iter_mut().zip(&cells) {
                *sum += count as f64 * height;
            }
            if last >= FIRST_RING {
                let width = self.columns[self.columns.len() - 1];
                inside[usize::from(last - FIRST_RING)] += width * height;
            }
        }
        let outside = |(&total, inside): (&u64, f64)| {
            (total > 0).then(|| (1.0 - inside / total as f64).clamp(0.0, 1.0))
        };
        totals.iter().zip(inside).map(outside).collect()
    }
}

/// What each class byte counts as in the areas.
pub(super) fn grounds(tissue: Tissue<'_>) -> [Ground; 256] {
    table(
        tissue,
        |role| match role {
            Role::Background => Ground::None,
            Role::Stroma => Ground::Stroma,
            Role::Tumour | Role::Til | Role::Other => Ground::Tissue,
        },
        Ground::None,
    )
}

/// How much of each of `cells` cells lies inside an image of `px` pixels, in cells: 1 but for the
/// last.
pub(super) fn inside(cells: usize, px: usize, px_per_cell: f64) -> Vec<f64> {
    let mut widths = vec![1.0; cells];
    if let Some(last) = widths.last_mut() {
        *last = (px as f64 / px_per_cell - (cells - 1) as f64).max(0.0);
    }
    widths
}

/// A value for each class byte.
fn table<T: Copy>(tissue: Tissue<'_>, value: impl Fn(Role) -> T, unlabelled: T) -> [T; 256] {
    let mut table = [unlabelled; 256];
    for (slot, class) in table[..usize::from(UNLABELLED)].iter_mut().zip(tissue.classes) {
        *slot = value(class.role);
    }
    table
}

/// Greatest squared distance between cell centres, in cells, that lies within each edge.
fn reaches(edges_um: &[u32], mpp: Mpp) -> Vec<u64> {
    let squared = |edge_um: &u32| {
        let reach = f64::from(*edge_um) / mpp.um_per_px() + 0.5;
        (reach * reach).floor() as u64
    };
    edges_um.iter().map(squared).collect()
}

/// Takes clusters of fewer than `smallest` cells out of the mask (1 is tumour).
fn clear_small_clusters(mask: &mut [u8], size: Size, smallest: usize) {
    let mut open = Vec::new();
    let mut runs = Vec::new();
    for start in 0..mask.len() {
        if mask[start] != TUMOUR {
            continue;
        }
        let mut cells = 0;
        runs.clear();
        open.push(start);
        while let Some(index) = open.pop() {
            if mask[index] != TUMOUR {
                continue;
            }
            let run = run_at(mask, size, index);
            mask[run.clone()].fill(SEEN);
            cells += run.len();
            // Beyond the least size the runs need not be remembered.
            if cells < smallest {
                runs.push(run.clone());
            }
            open_neighbours(mask, size, &run, &mut open);
        }
        if cells < smallest {
            for run in &runs {
                mask[run.clone()].fill(FAR);
            }
        }
    }
    mask.iter_mut().filter(|cell| **cell == SEEN).for_each(|cell| *cell = TUMOUR);
}

/// A tumour cell whose cluster is being, or has been, counted.
const SEEN: u8 = 2;

/// The tumour cells of one row around `index`.
fn run_at(mask: &[u8], size: Size, index: usize) -> Range<usize> {
    let row = index - index % size.width;
    let before = mask[row..index].iter().rev().take_while(|&&cell| cell == TUMOUR).count();
    let after = mask[index..row + size.width].iter().take_while(|&&cell| cell == TUMOUR).count();
    index - before..index + after
}

/// Remembers the first cell of each run of tumour that shares an edge with `run`.
fn open_neighbours(mask: &[u8], size: Size, run: &Range<usize>, open: &mut Vec<usize>) {
    let above = run.start.checked_sub(size.width);
    let below = Some(run.start + size.width).filter(|&below| below < mask.len());
    for start in [above, below].into_iter().flatten() {
        let mut before = FAR;
        for (index, &cell) in (start..).zip(&mask[start..start + run.len()]) {
            if cell == TUMOUR && before != TUMOUR {
                open.push(index);
            }
            before = cell;
        }
    }
}

#[cfg(test)]
mod tests;
