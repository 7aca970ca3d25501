//! The tissue map: the tissue network on overlapping windows of the overview, blended.
//!
//! Windows overlap by twice their card's margin; where two (four at corners) see a cell, their class
//! maps are weighed and summed by `kernels::blend`, and the greatest wins. A row of windows is
//! blended as soon as the next row is there, so two rows of class maps are held at a time: with
//! overview width `w` cells, window edge `s`, and `c` classes at most `4·w·s·c` values of 4 B (15 mm,
//! 256 px, 5 classes: 153 MB).
//!
//! Glass keeps the class that brightness gave it; windows of nothing but glass are not looked at.

use crate::pending::blend;
use contract::{Chain, RgbImage, Size, UNLABELLED};
use engine::{Batch, Network};
use kernels::normalise::{Frame, Normaliser};

use crate::analyse::{AnalyseError, Options, WindowError};
use crate::grid::{Area, Grid, View};
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
    options: &Options<'_>,
) -> Result<Vec<u8>, AnalyseError> {
    let Gathered { overview, classes } = gathered;
    let progress = options.progress;
    let card = network.card();
    let grid = Grid::new(overview.size(), card.window);
    progress.add_windows(grid.count());

    let work = TissueWork {
        network,
        overview,
        glass: &classes,
        normaliser: Normaliser::new(card.input.mean, card.input.std),
        progress,
    };
    let jobs = (0..grid.rows()).flat_map(|row| grid.runs(row, options.batch.get()));
    let mut rows = Rows::new(grid, overview.size(), card.classes.len(), progress);
    ordered::run(&work, progress.workers(), jobs, |windows| {
        rows.take(windows);
        Ok(())
    })?;
    Ok(rows.finish(&classes, glass_class(network)))
}

/// The index of the class that glass gets.
fn glass_class(network: &Network) -> u8 {
    let card = network.card();
    match &card.postprocessing {
        Chain::Windows(windows) => {
            card.class_index(&windows.glass_class).expect("a checked card names its glass class")
                as u8
        }
        Chain::Hover(_) | Chain::Distance(_) => UNLABELLED,
    }
}

struct TissueWork<'a> {
    network: &'a Network,
    overview: &'a RgbImage,
    glass: &'a [u8],
    normaliser: Normaliser,
    progress: &'a Progress,
}

/// A window's class maps, at its input's size; absent where it is all glass.
struct TissueWindow {
    view: View,
    maps: Option<Vec<f32>>,
}

impl TissueWork<'_> {
    fn is_glass(&self, area: &Area) -> bool {
        let width = self.overview.width();
        area.y.clone().all(|y| {
            let row = &self.glass[y * width..][area.x.clone()];
            row.iter().all(|class| *class == GLASS)
        })
    }

    fn infer(
        &self,
        worker: usize,
        tensor: &mut Vec<f32>,
        views: &[&View],
    ) -> Result<Vec<Vec<f32>>, AnalyseError> {
        let Some(first) = views.first() else { return Ok(Vec::new()) };
        self.progress.enter(worker, Stage::TissueNetwork, first.place);
        let each = Batch::CHANNELS * first.input.pixels();
        tensor.resize(views.len() * each, 0.0);
        for (view, planes) in views.iter().zip(tensor.chunks_exact_mut(each)) {
            let frame = Frame { size: view.input, left: 0, top: 0 };
            self.normaliser.fill(&cut(self.overview, &view.span), frame, planes);
        }
        let batch = Batch::new(tensor, views.len(), first.input)
            .expect("the tensor was given the batch's length");
        let maps = self.network.run(batch).map_err(|source| {
            AnalyseError::of_worker(self.progress, worker, WindowError::Network { source })
        })?;
        let tp =
            |item| maps.item(item).tp.expect("a tissue card with classes names its class maps");
        Ok((0..views.len()).map(|item| tp(item).to_vec()).collect())
    }
}

impl Work for TissueWork<'_> {
    type Job = Vec<View>;
    type Result = Vec<TissueWindow>;
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
        job: Vec<View>,
    ) -> Result<Vec<TissueWindow>, AnalyseError> {
        if self.progress.is_stopped() {
            return Err(AnalyseError::Stopped);
        }
        let first = job[0].place;
        let looks: Vec<bool> = job.iter().map(|view| !self.is_glass(&view.span)).collect();
        let views: Vec<&View> =
            job.iter().zip(&looks).filter_map(|(view, looks)| looks.then_some(view)).collect();
        let mut maps = self.infer(worker, tensor, &views)?.into_iter();
        self.progress.enter(worker, Stage::Idle, first);
        let window = |(view, looks): (View, bool)| TissueWindow {
            view,
            maps: if looks { maps.next() } else { None },
        };
        Ok(job.into_iter().zip(looks).map(window).collect())
    }

    fn panicked(&self, worker: usize, message: String) -> AnalyseError {
        AnalyseError::of_worker(self.progress, worker, WindowError::Panicked { message })
    }
}

/// Rows of windows as they come, and the cells that are blended.
struct Rows<'a> {
    grid: Grid,
    size: Size,
    class_count: usize,
    progress: &'a Progress,
    /// Windows of the row before, and of this row so far.
    held: Vec<TissueWindow>,
    /// Cells of the rows that are blended.
    classes: Vec<u8>,
}

impl<'a> Rows<'a> {
    fn new(grid: Grid, size: Size, class_count: usize, progress: &'a Progress) -> Self {
        let classes = Vec::with_capacity(size.pixels());
        Self { grid, size, class_count, progress, held: Vec::new(), classes }
    }

    /// Takes the windows of one job; jobs come in order.
    fn take(&mut self, windows: Vec<TissueWindow>) {
        self.progress.windows_are_done(windows.len());
        let Some(last) = windows.last().map(|window| window.view.place) else { return };
        self.held.extend(windows);
        if last.column as usize + 1 == self.grid.columns() {
            self.blend(last.row as usize);
        }
    }

    /// Blends the cells that no window below row `row` sees.
    fn blend(&mut self, row: usize) {
        let caller = self.progress.caller();
        let place = self.held.last().expect("a whole row is held").view.place;
        self.progress.enter(caller, Stage::Blend, place);
        let start = self.classes.len() / self.size.width;
        let end = if row + 1 == self.grid.rows() {
            self.size.height
        } else {
            self.grid.view(0, row + 1).span.y.start
        };
        let area = Area { x: 0..self.size.width, y: start..end };
        let blended = self.blend_area(&area);
        self.classes.extend(blended);
        // A window reaches into the next row's windows and no further.
        self.held.retain(|window| window.view.span.y.end > end);
        self.progress.enter(caller, Stage::Idle, place);
    }

    fn blend_area(&self, area: &Area) -> Vec<u8> {
        let windows: Vec<blend::Window<'_>> = self
            .held
            .iter()
            .filter_map(|TissueWindow { view, maps }| {
                let planes = maps.as_deref()?;
                Some(blend::Window { origin: view.span.origin(), size: view.input, planes })
            })
            .collect();
        blend::classes(&windows, self.class_count, area.origin(), area.size())
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
