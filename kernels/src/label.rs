//! Connected components of a mask.
//!
//! **Contract.** Neighbours share an edge ([`Connectivity::Four`]) or an edge or a corner
//! ([`Connectivity::Eight`]); what lies outside of the image is not set. Components are numbered
//! from 1 in the order of their smallest raster index (row × width + column), so numbers depend on
//! the mask alone and are those of `scipy.ndimage.label`.
//!
//! The CPU path works on runs of set pixels: Rosenfeld and Pfaltz 1966, with union-find whose root
//! is the smallest run (He, Chao, Suzuki 2008).

mod cpu;

use contract::Size;

use crate::{Labels, Mask};

/// Which pixels are neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connectivity {
    /// Those that share an edge.
    Four,
    /// Those that share an edge or a corner.
    Eight,
}

/// The components of a mask, as runs. Reused from mask to mask, it allocates nothing.
#[derive(Clone, Debug, Default)]
pub struct Components {
    width: usize,
    /// Index of the first run of each row, and one past the last.
    rows: Vec<u32>,
    runs: Vec<Run>,
    /// Union-find over the runs; afterwards the component of each run, from 0.
    component: Vec<u32>,
    areas: Vec<u32>,
}

/// Set pixels side by side: columns `start..end` of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// First column.
    pub start: u32,
    /// One past the last column.
    pub end: u32,
}

impl Run {
    /// The columns, for indexing.
    pub fn columns(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Components {
    /// Finds the components of `mask`.
    pub fn find(&mut self, mask: &Mask, connectivity: Connectivity) {
        cpu::find(self, mask, connectivity, 0);
    }

    /// Finds the components of the pixels that are *not* set.
    pub fn find_complement(&mut self, mask: &Mask, connectivity: Connectivity) {
        cpu::find(self, mask, connectivity, !0);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.areas.len()
    }

    /// Pixels of each component, in the order of their numbers; the first is number 1.
    pub fn areas(&self) -> &[u32] {
        &self.areas
    }

    /// The runs of row `y` from left to right, each with the index of its component (number − 1).
    pub fn row(&self, y: usize) -> impl Iterator<Item = (Run, usize)> + Clone {
        let range = self.runs_of(y);
        self.runs[range.clone()]
            .iter()
            .zip(&self.component[range])
            .map(|(run, &component)| (*run, component as usize))
    }

    /// The indices of the runs of row `y`; they count on from row to row.
    pub(crate) fn runs_of(&self, y: usize) -> std::ops::Range<usize> {
        self.rows[y] as usize..self.rows[y + 1] as usize
    }

    /// Run `index` and the index of its component.
    pub(crate) fn run(&self, index: usize) -> (Run, usize) {
        (self.runs[index], self.component[index] as usize)
    }

    /// Runs of all rows.
    pub(crate) fn run_count(&self) -> usize {
        self.runs.len()
    }

    /// Rows of the mask.
    pub fn height(&self) -> usize {
        self.rows.len().saturating_sub(1)
    }

    /// Columns of the mask.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Drops the components of fewer than `area_min` pixels, and clears them in the mask that they
    /// were found in; the others are numbered anew.
    pub fn remove_small(&mut self, mask: &mut Mask, area_min: u32) {
        cpu::remove_small(self, mask, area_min);
    }

    /// The label image.
    pub fn labels(&self) -> Labels {
        let size = Size::new(self.width, self.height());
        let mut values = vec![0; size.pixels()];
        for (y, line) in values.chunks_exact_mut(self.width.max(1)).enumerate() {
            for (run, component) in self.row(y) {
                line[run.columns()].fill(component as u32 + 1);
            }
        }
        Labels::from_raster_first(size, values, self.areas.len() as u32)
    }
}

/// The label image of the components of `mask`.
pub fn label(mask: &Mask, connectivity: Connectivity) -> Labels {
    let mut components = Components::default();
    components.find(mask, connectivity);
    components.labels()
}

/// Clears the 4-connected components of fewer than `area_min` pixels.
pub fn remove_small(mask: &mut Mask, area_min: u32) {
    let mut components = Components::default();
    components.find(mask, Connectivity::Four);
    components.remove_small(mask, area_min);
}

#[cfg(test)]
mod tests;
