//! Which tiles lie where: a coarse grid of bins, each with the tiles that touch it.
//!
//! **Invariant:** no two tiles have the same place or sequence, and each lies inside the slide.

use std::collections::{BTreeMap, BTreeSet};

use contract::Size;

use super::coverage::{Rect, covered_px};
use super::{PlaceError, Placed};

/// Pixels of a bin's edge: a tile of a scanner touches one to four, a window of a network four.
const BIN_PX: usize = 1024;

/// The tiles of a slide.
#[derive(Debug)]
pub(super) struct Index {
    size: Size,
    /// By row and column of the bin.
    bins: BTreeMap<(usize, usize), Vec<Placed>>,
    places: BTreeSet<(u32, u32)>,
    sequences: BTreeSet<u64>,
    covered_px: u64,
}

impl Index {
    /// No tile of a slide of `size`.
    pub(super) fn new(size: Size) -> Self {
        let (bins, places, sequences) = Default::default();
        Self { size, bins, places, sequences, covered_px: 0 }
    }

    pub(super) fn add(&mut self, tile: Placed) -> Result<(), PlaceError> {
        let rect = Rect::of(&tile);
        let Size { width, height } = self.size;
        if rect.area_px() == 0 || rect.x.end > width || rect.y.end > height {
            return Err(PlaceError::Outside(tile));
        }
        let place = (tile.x, tile.y);
        if self.places.contains(&place) || self.sequences.contains(&tile.sequence) {
            return Err(PlaceError::Taken(tile));
        }
        self.covered_px += rect.area_px() - covered_px(&rect, &self.touching(&rect));
        self.places.insert(place);
        self.sequences.insert(tile.sequence);
        for row in bins(&rect.y) {
            for column in bins(&rect.x) {
                self.bins.entry((row, column)).or_default().push(tile);
            }
        }
        Ok(())
    }

    /// The tiles that touch `region`, in the order of their sequence.
    pub(super) fn touching(&self, region: &Rect) -> Vec<Placed> {
        if region.area_px() == 0 {
            return Vec::new();
        }
        let columns = bins(&region.x);
        let rows = bins(&region.y);
        let in_row =
            |row| self.bins.range((row, *columns.start())..=(row, *columns.end())).map(|bin| bin.1);
        let mut tiles: Vec<Placed> = rows
            .flat_map(in_row)
            .flatten()
            .filter(|tile| region.meets(&Rect::of(tile)).is_some())
            .copied()
            .collect();
        tiles.sort_unstable_by_key(|tile| tile.sequence);
        tiles.dedup();
        tiles
    }

    pub(super) fn tiles(&self) -> usize {
        self.places.len()
    }

    pub(super) fn covered_px(&self) -> u64 {
        self.covered_px
    }
}

/// The bins along one axis that a range of pixels, which is not empty, touches.
fn bins(range: &std::ops::Range<usize>) -> std::ops::RangeInclusive<usize> {
    range.start / BIN_PX..=(range.end - 1) / BIN_PX
}
