//! Which part of a region tiles cover, exact to the pixel, however they overlap.

use std::ops::Range;

use super::Placed;

/// What is there of a slide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Tiles.
    pub tiles: usize,
    /// Pixels that at least one tile covers.
    pub covered_px: u64,
    /// Pixels that none covers; a scanner that leaves out glass leaves many.
    pub missing_px: u64,
}

impl Coverage {
    /// Tiles that are missing of those that the scanner counted.
    pub fn tiles_missing(&self, counted: usize) -> usize {
        counted.saturating_sub(self.tiles)
    }
}

/// Columns and rows of a slide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: Range<usize>,
    pub(super) y: Range<usize>,
}

impl Rect {
    pub(super) fn of(tile: &Placed) -> Self {
        let range = |start: u32, length: u32| {
            let start = start as usize;
            start..start + length as usize
        };
        Self { x: range(tile.x, tile.width_px), y: range(tile.y, tile.height_px) }
    }

    pub(super) fn area_px(&self) -> u64 {
        self.x.len() as u64 * self.y.len() as u64
    }

    /// What both share; none where that has no pixel.
    pub(super) fn meets(&self, other: &Self) -> Option<Self> {
        let common = |a: &Range<usize>, b: &Range<usize>| a.start.max(b.start)..a.end.min(b.end);
        let shared = Self { x: common(&self.x, &other.x), y: common(&self.y, &other.y) };
        (!shared.x.is_empty() && !shared.y.is_empty()).then_some(shared)
    }
}

/// Pixels of `region` that the tiles cover, each counted once.
///
/// The region is cut into bands at each tile's first and last row; within a band every tile is
/// whole or absent. The tiles of a grid make few bands.
pub(super) fn covered_px(region: &Rect, tiles: &[Placed]) -> u64 {
    let mut parts: Vec<Rect> =
        tiles.iter().filter_map(|tile| region.meets(&Rect::of(tile))).collect();
    if parts.contains(region) {
        return region.area_px();
    }
    parts.sort_unstable_by_key(|part| part.x.start);
    let mut rows: Vec<usize> = parts.iter().flat_map(|part| [part.y.start, part.y.end]).collect();
    rows.sort_unstable();
    rows.dedup();
    rows.windows(2)
        .map(|band| {
            let crosses = |part: &&Rect| part.y.start <= band[0] && band[1] <= part.y.end;
            let columns = union_len(parts.iter().filter(crosses).map(|part| &part.x));
            (band[1] - band[0]) as u64 * columns
        })
        .sum()
}

/// Columns of ranges that come in the order of their beginnings.
fn union_len<'a>(ranges: impl Iterator<Item = &'a Range<usize>>) -> u64 {
    let (mut columns, mut reached) = (0, 0);
    for range in ranges {
        columns += range.end.saturating_sub(reached.max(range.start)) as u64;
        reached = reached.max(range.end);
    }
    columns
}
