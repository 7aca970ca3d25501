//! What each tile of a slide comes to: its nuclei, and how good it is.

use std::collections::BTreeMap;

use anyhow::Result;
use contract::{Nucleus, TileFlag, TileResult};
use intake::check::{Flag, QualityRule, TileQuality, quality};
use intake::mosaic::Placed;
use ledger::TileRow;
use pipeline::{Models, Sink, SinkError};
use slide::Regions;

use crate::reporting::FOCUS_LOW;
use crate::serve::slides::{Opened, placed};

/// Edge of the cells by which a nucleus finds its tiles, px: that of most tiles.
const CELL_PX: u32 = 1024;

/// A tile is empty from this part of glass on (proposed, not validated).
const EMPTY_GLASS_MIN: f64 = 0.98;

/// A tile is saturated from this part of its tissue on (proposed, not validated).
const SATURATED_MIN: f64 = 0.25;

/// Counts the nuclei of each tile as they come.
pub(super) struct Counts {
    tiles: Vec<(Placed, Vec<u64>)>,
    /// The tiles that touch a cell.
    cells: BTreeMap<(u32, u32), Vec<usize>>,
}

impl Counts {
    /// No nuclei yet; `classes` of them.
    pub(super) fn new(rows: &[TileRow], classes: usize) -> Result<Self> {
        let mut tiles = rows.iter().map(placed).collect::<Result<Vec<_>>>()?;
        tiles.sort_unstable_by_key(|tile| (tile.y, tile.x));
        let mut cells: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (index, tile) in tiles.iter().enumerate() {
            let cells_of = |start: u32, length: u32| {
                start / CELL_PX..=start.saturating_add(length.saturating_sub(1)) / CELL_PX
            };
            for row in cells_of(tile.y, tile.height_px) {
                for column in cells_of(tile.x, tile.width_px) {
                    cells.entry((column, row)).or_default().push(index);
                }
            }
        }
        let tiles = tiles.into_iter().map(|tile| (tile, vec![0; classes])).collect();
        Ok(Self { tiles, cells })
    }

    /// What each tile came to; `look` says how good it is, or that it cannot be read.
    pub(super) fn finish(self, look: impl Fn(&Placed) -> Result<TileQuality>) -> Vec<TileResult> {
        self.tiles
            .into_iter()
            .map(|(tile, nuclei)| {
                let (focus, flags) = match look(&tile) {
                    Ok(seen) => (seen.focus, seen.flags.into_iter().map(flag).collect()),
                    Err(_) => (None, vec![TileFlag::Failed]),
                };
                let (width, height) = (tile.width_px, tile.height_px);
                TileResult { x: tile.x, y: tile.y, width, height, nuclei, focus, flags }
            })
            .collect()
    }
}

impl Sink for Counts {
    fn nucleus(&mut self, nucleus: &Nucleus) -> Result<(), SinkError> {
        let (x, y) = (f64::from(nucleus.centroid.x), f64::from(nucleus.centroid.y));
        let cell = ((x / f64::from(CELL_PX)) as u32, (y / f64::from(CELL_PX)) as u32);
        for &index in self.cells.get(&cell).into_iter().flatten() {
            let (tile, counts) = &mut self.tiles[index];
            let holds = |at: f64, start: u32, length: u32| {
                at >= f64::from(start) && at < f64::from(start) + f64::from(length)
            };
            if holds(x, tile.x, tile.width_px) && holds(y, tile.y, tile.height_px) {
                counts[nucleus.class] += 1;
            }
        }
        Ok(())
    }

    fn rows_done(&mut self, _: f32) -> Result<(), SinkError> {
        Ok(())
    }
}

/// Says how good tiles are.
pub(super) struct Judge {
    /// None where no tissue model says what glass is.
    rule: Option<QualityRule>,
}

impl Judge {
    /// A judge by the models' own rules.
    pub(super) fn new(models: &Models) -> Self {
        let rule = models.glass_rule().map(|glass| QualityRule {
            glass_mpp: glass.mpp,
            glass_grey_min: glass.grey_min,
            focus_mpp: models.nuclei().card().mpp,
            focus_min: Some(FOCUS_LOW),
            empty_glass_min: EMPTY_GLASS_MIN,
            saturated_min: SATURATED_MIN,
            stain: None,
        });
        Self { rule }
    }

    /// Looks at one tile of `slide`.
    pub(super) fn look(&self, slide: &Opened, tile: &Placed) -> Result<TileQuality> {
        let size = contract::Size::new(tile.width_px as usize, tile.height_px as usize);
        let image = slide.read(tile.x as usize, tile.y as usize, size)?;
        let rule =
            self.rule.as_ref().ok_or_else(|| anyhow::anyhow!("no rule says what glass is"))?;
        Ok(quality(&image, slide.mpp(), rule))
    }
}

fn flag(flag: Flag) -> TileFlag {
    match flag {
        Flag::OutOfFocus => TileFlag::OutOfFocus,
        Flag::Empty => TileFlag::Empty,
        Flag::Saturated => TileFlag::Saturated,
        Flag::StainFar => TileFlag::StainFar,
    }
}
