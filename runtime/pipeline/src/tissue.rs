//! The tissue map: the tissue network on overlapping windows of the overview, blended.
//!
//! `kernels::blend` lays the windows and weighs their class maps; here they are run, in rows. The
//! cells that no later row of windows sees are blended as soon as a row is there, so two rows of
//! class maps are held at a time: with overview width `w` cells, window edge `s` and `c` classes
//! about `4·w·s·c` values of 4 B (15 mm at 2 µm, 256 cells, 5 classes: 153 MB).
//!
//! An overview that is smaller than the card's window is seen through one that just holds it.
//! Beyond the overview's edge a window is filled up by reflection. Glass keeps the class that
//! brightness gave it; windows of nothing but glass are not run.

use std::num::NonZeroUsize;

use contract::{Chain, RgbImage, Size, UNLABELLED, Window};
use engine::{Batch, Network};
use kernels::blend::{WindowIndex, Windows};
use kernels::normalise::{Frame, Normaliser};

use crate::analyse::{AnalyseError, WindowError};
use crate::grid::{Area, Place};
use crate::ordered::{self, Work};
use crate::overview::{GLASS, cut};
use crate::progress::{Progress, Stage};

/// What the nuclei windows have gathered.
pub(crate) struct Gathered<'a> {
    pub(crate) overview: &'a RgbImage,
    /// [`GLASS`] or [`UNLABELLED`] by cell.
    pub(crate) classes: Vec<u8>,
}

/// The class of each cell.
pub(crate) fn map(
    network: &Network,
    gathered: Gathered<'_>,
    batch: NonZeroUsize,
    progress: &Progress,
) -> Result<Vec<u8>, AnalyseError> {
    let Gathered { overview, classes: glass } = gathered;
    let card = network.card();
    let windows = Windows::new(overview.size(), edge(overview.size(), card.window));
    let work = TissueWork {
        network,
        overview,
        glass: &glass,
        windows: &windows,
        normaliser: Normaliser::new(card.input.mean, card.input.std),
        progress,
    };
    let rows = windows.rows().len();
    progress.add_windows(rows * windows.columns().len());

    let mut blended = Blended::new(&windows, overview.size(), card.classes.len(), progress);
    let jobs = (0..rows).flat_map(|row| work.jobs(row, batch.get()));
    ordered::run(&work, progress.workers(), jobs, |maps| {
        blended.take(maps);
        Ok(())
    })?;
    Ok(blended.finish(&glass, glass_class(network)))
}

/// Edge of the windows, cells: the card's, or less where less holds the whole overview.
fn edge(overview: Size, window: Window) -> usize {
    let whole = overview.width.max(overview.height);
    whole.next_multiple_of(window.multiple_px as usize).min(window.size_px as usize)
}

/// The index of the class that glass gets.
fn glass_class(network: &Network) -> u8 {
    let card = network.card();
    match &card.postprocessing {
        Chain::Windows(windows) => {
            let index = card.class_index(&windows.glass_class);
            index.expect("a checked card names its glass class") as u8
        }
        Chain::Hover(_) | Chain::Distance(_) => UNLABELLED,
    }
}

struct TissueWork<'a> {
    network: &'a Network,
    overview: &'a RgbImage,
    glass: &'a [u8],
    windows: &'a Windows,
    normaliser: Normaliser,
    progress: &'a Progress,
}

/// A window's class maps, `classes × edge × edge`; absent where it is all glass.
struct WindowMaps {
    index: WindowIndex,
    planes: Option<Vec<f32>>,
}

impl TissueWork<'_> {
    /// The windows of `row` from the left, in runs of at most `most`.
    fn jobs(&self, row: usize, most: usize) -> Vec<Vec<WindowIndex>> {
        let columns: Vec<WindowIndex> =
            (0..self.windows.columns().len()).map(|column| WindowIndex { column, row }).collect();
        columns.chunks(most).map(<[_]>::to_vec).collect()
    }

    /// The part of the overview under a window.
    fn span(&self, index: WindowIndex) -> Area {
        let Size { width, height } = self.overview.size();
        let (x, y) = (self.windows.columns()[index.column], self.windows.rows()[index.row]);
        let edge = self.windows.edge();
        Area { x: x..(x + edge).min(width), y: y..(y + edge).min(height) }
    }

    fn is_glass(&self, index: WindowIndex) -> bool {
        let (area, width) = (self.span(index), self.overview.width());
        area.y.clone().all(|y| {
            let row = &self.glass[y * width..][area.x.clone()];
            row.iter().all(|class| *class == GLASS)
        })
    }

    /// The class maps of windows of which at least one is given.
    fn infer(
        &self,
        worker: usize,
        tensor: &mut Vec<f32>,
        windows: &[WindowIndex],
    ) -> Result<Vec<Vec<f32>>, AnalyseError> {
        let size = Size::new(self.windows.edge(), self.windows.edge());
        let each = Batch::CHANNELS * size.pixels();
        tensor.resize(windows.len() * each, 0.0);
        for (index, planes) in windows.iter().zip(tensor.chunks_exact_mut(each)) {
            let image = cut(self.overview, &self.span(*index));
            self.normaliser.fill(&image, Frame { size, left: 0, top: 0 }, planes);
        }
        let batch = Batch::new(tensor, windows.len(), size)
            .expect("the tensor was given the batch's length");
        let maps = self.network.run(batch).map_err(|source| {
            AnalyseError::of_worker(self.progress, worker, WindowError::Network { source })
        })?;
        let tp = |item| maps.item(item).tp.expect("a card with classes names its class maps");
        Ok((0..windows.len()).map(|item| tp(item).to_vec()).collect())
    }
}

impl Work for TissueWork<'_> {
    type Job = Vec<WindowIndex>;
    type Result = Vec<WindowMaps>;
    type Error = AnalyseError;
    /// The input tensor.
    type Scratch = Vec<f32>;

    fn scratch(&self) -> Vec<f32> {
        Vec::new()
    }

    fn work(
        &self,
        worker: usize,
        tensor: &mut Vec<f32>,
        job: Vec<WindowIndex>,
    ) -> Result<Vec<WindowMaps>, AnalyseError> {
        if self.progress.is_stopped() {
            return Err(AnalyseError::Stopped);
        }
        let first = place(job[0]);
        self.progress.enter(worker, Stage::TissueNetwork, first);
        let (glass, looked_at): (Vec<_>, Vec<_>) =
            job.into_iter().partition(|index| self.is_glass(*index));
        let mut maps = Vec::with_capacity(glass.len() + looked_at.len());
        if !looked_at.is_empty() {
            let planes = self.infer(worker, tensor, &looked_at)?.into_iter().map(Some);
            maps.extend(looked_at.into_iter().zip(planes));
        }
        maps.extend(glass.into_iter().map(|index| (index, None)));
        self.progress.enter(worker, Stage::Idle, first);
        Ok(maps.into_iter().map(|(index, planes)| WindowMaps { index, planes }).collect())
    }

    fn panicked(&self, worker: usize, message: String) -> AnalyseError {
        AnalyseError::of_worker(self.progress, worker, WindowError::Panicked { message })
    }
}

fn place(index: WindowIndex) -> Place {
    Place { column: index.column as u32, row: index.row as u32 }
}

/// Windows as they come, and the cells that are blended.
struct Blended<'a> {
    windows: &'a Windows,
    size: Size,
    class_count: usize,
    progress: &'a Progress,
    /// Maps of two rows of windows: those of row `r` at `r % 2`, by column.
    held: [Vec<Option<Vec<f32>>>; 2],
    /// Windows of the row that is coming in.
    arrived: usize,
    /// What a window of glass says: nothing.
    silence: Vec<f32>,
    classes: Vec<u8>,
}

impl<'a> Blended<'a> {
    fn new(windows: &'a Windows, size: Size, class_count: usize, progress: &'a Progress) -> Self {
        let row = vec![None; windows.columns().len()];
        Self {
            windows,
            size,
            class_count,
            progress,
            held: [row.clone(), row],
            arrived: 0,
            silence: vec![0.0; class_count * windows.edge() * windows.edge()],
            classes: vec![UNLABELLED; size.pixels()],
        }
    }

    /// Takes the windows of one job; rows come in order.
    fn take(&mut self, windows: Vec<WindowMaps>) {
        self.progress.windows_are_done(windows.len());
        for WindowMaps { index, planes } in windows {
            self.held[index.row % 2][index.column] = planes;
            self.arrived += 1;
            if self.arrived == self.windows.columns().len() {
                self.blend(index);
                self.arrived = 0;
            }
        }
    }

    /// Blends the cells that are final with the row of the window `last`.
    fn blend(&mut self, last: WindowIndex) {
        let caller = self.progress.caller();
        self.progress.enter(caller, Stage::Blend, place(last));
        let rows = self.windows.final_rows(last.row);
        let out = &mut self.classes[rows.start * self.size.width..rows.end * self.size.width];
        let maps = |index: WindowIndex| {
            self.held[index.row % 2][index.column].as_deref().unwrap_or(&self.silence)
        };
        self.windows.classes(self.class_count, rows, maps, out);
        self.progress.enter(caller, Stage::Idle, place(last));
    }

    /// The classes of all cells, with the glass that brightness found.
    fn finish(self, gathered: &[u8], glass: u8) -> Vec<u8> {
        let mut classes = self.classes;
        for (class, gathered) in classes.iter_mut().zip(gathered) {
            if *gathered == GLASS {
                *class = glass;
            }
        }
        classes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_overview_has_a_window_that_just_holds_it() {
        let window = Window { size_px: 256, margin_px: 64, multiple_px: 16 };

        assert_eq!(edge(Size::new(100, 37), window), 112);
        assert_eq!(edge(Size::new(1, 1), window), 16);
        assert_eq!(edge(Size::new(256, 8), window), 256);
        assert_eq!(edge(Size::new(5000, 8), window), 256);
    }
}
