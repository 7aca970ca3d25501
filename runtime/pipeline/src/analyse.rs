//! The whole way of one image.

use std::num::NonZeroUsize;

use contract::{Mpp, Nucleus, RgbImage, Size, TissueMap};
use engine::RunError;
use kernels::resample::Resampler;
use kernels::stain::Histogram;
use slide::{ReadError, Regions};
use thiserror::Error;

use crate::grid::{Grid, Place};
use crate::models::{GlassRule, Models};
use crate::overview::{Overview, OverviewGrid};
use crate::progress::{Progress, Stage};
use crate::score::NucleusPoint;
use crate::sink::{Sink, SinkError};
use crate::window::{NucleiWork, WindowResult, to_card};
use crate::{ordered, tissue};

/// Cells of the overview at most: 2,147 mm² at 2 µm a cell, twice the scannable area of a glass
/// slide, and 2 GiB of memory.
pub const OVERVIEW_CELLS_MAX: usize = 1 << 29;

/// How an image is analysed.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Windows that a worker gives to a network at once.
    pub batch: NonZeroUsize,
    /// When a place is glass; must be stated where there is no tissue model, and is not looked at
    /// where there is one, since that states its own.
    pub glass: Option<GlassRule>,
    /// Where the run can be watched and stopped; it says how many workers there are.
    pub progress: &'a Progress,
}

/// What was found in an image, beside the nuclei that the sink has taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// All nuclei as points, in the order of their ids.
    pub nuclei: Vec<NucleusPoint>,
    /// The tissue, where there is a tissue model.
    pub tissue: Option<TissueMap>,
    /// The image at the resolution of the tissue map or of the glass rule.
    pub overview: RgbImage,
    /// Resolution of the overview.
    pub overview_mpp: Mpp,
    /// Part of the image that is glass, 0 to 1.
    pub glass_fraction: f64,
    /// Area that is not glass, mm².
    pub evaluated_area_mm2: f64,
    /// Re-blur ratio at the nuclei model's resolution, median over the windows that are at least
    /// half tissue.
    pub focus: Option<f64>,
    /// Mean optical density of red, green and blue over what is not glass.
    pub stain_mean_od: Option<[f64; 3]>,
    /// Windows that the nuclei network looked at.
    pub windows_run: u64,
    /// Windows that are glass and were skipped.
    pub windows_skipped: u64,
}

/// Why an image was not analysed.
#[derive(Debug, Error)]
pub enum AnalyseError {
    /// There is nothing to look at.
    #[error("the image has {width} × {height} px, which is no area", width = .0.width, height = .0.height)]
    Empty(Size),
    /// Nothing says what glass is.
    #[error(
        "there is no tissue model and no rule for glass; add a tissue package or state the grey level of glass"
    )]
    NoGlassRule,
    /// The overview would not fit into memory.
    #[error(
        "the overview of the image at {mpp} µm/px would have {width} × {height} cells, more than {OVERVIEW_CELLS_MAX}; cut the image",
        mpp = mpp.um_per_px(), width = size.width, height = size.height
    )]
    TooLarge {
        /// Its size.
        size: Size,
        /// Its resolution.
        mpp: Mpp,
    },
    /// A worker failed on a window.
    #[error("worker {worker} failed on window {window} at stage {}", stage.name())]
    Window {
        /// The worker.
        worker: usize,
        /// The window, in the grid of nuclei or tissue windows.
        window: Place,
        /// What it was at.
        stage: Stage,
        /// Why.
        #[source]
        source: Box<WindowError>,
    },
    /// The sink took no more.
    #[error("nucleus {id} could not be handed on")]
    Sink {
        /// The nucleus, or the last one of a row of windows.
        id: u32,
        /// Why.
        #[source]
        source: SinkError,
    },
    /// There are more nuclei than ids.
    #[error(
        "the image has more than {} nuclei, which is more than a label map can number",
        u32::MAX
    )]
    TooManyNuclei,
    /// [`Progress::stop`] was called.
    #[error("the analysis was stopped")]
    Stopped,
}

/// What went wrong on a window.
#[derive(Debug, Error)]
pub enum WindowError {
    /// Its pixels could not be read.
    #[error("the level-0 region of {width} × {height} px at ({x}, {y}) cannot be read", width = size.width, height = size.height)]
    Read {
        /// First column.
        x: usize,
        /// First row.
        y: usize,
        /// Size.
        size: Size,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// The network failed.
    #[error("the network did not run")]
    Network {
        /// Why.
        #[source]
        source: RunError,
    },
    /// A fault of ours.
    #[error("it panicked: {message}; please report this")]
    Panicked {
        /// The panic's message.
        message: String,
    },
}

impl AnalyseError {
    /// The error of a worker, where its progress says that it is.
    pub(crate) fn of_worker(progress: &Progress, worker: usize, source: WindowError) -> Self {
        let (stage, window) = progress.state(worker);
        Self::Window { worker, window, stage, source: Box::new(source) }
    }
}

/// Finds the nuclei and the tissue of the image `source`.
///
/// Nuclei go to `sink` while the image is read; see [`Sink`] for their order.
pub fn analyse(
    source: &dyn Regions,
    models: &Models,
    options: &Options<'_>,
    sink: &mut dyn Sink,
) -> Result<Analysis, AnalyseError> {
    let rule = models.glass_rule().or(options.glass).ok_or(AnalyseError::NoGlassRule)?;
    let plan = Plan::new(source, models, rule)?;
    let progress = options.progress;

    let mut gathered = Gathered::new(&plan, progress, sink);
    let work = NucleiWork::new(source, models.nuclei(), plan.overview, progress);
    let batch = options.batch.get();
    let jobs = (0..plan.grid.rows()).flat_map(|row| plan.grid.runs(row, batch));
    progress.add_windows(plan.grid.count());
    ordered::run(&work, progress.workers(), jobs, |windows| gathered.take(windows))?;

    let Gathered { overview, nuclei, focus, windows_run, windows_skipped, .. } = gathered;
    let share = overview.glass_share(plan.overview.factor(), source.size());
    let mut densities = Histogram::default();
    densities.add(&overview.rgb, &overview.tissue_mask());
    let Overview { rgb, classes } = overview;
    let tissue = match models.tissue() {
        Some(network) => {
            let gathered = tissue::Gathered { overview: &rgb, classes };
            let classes = tissue::map(network, gathered, options)?;
            let px_per_cell = plan.overview.factor();
            Some(TissueMap { size: rgb.size(), mpp: rule.mpp, px_per_cell, classes })
        }
        None => None,
    };
    progress.enter(progress.caller(), Stage::Idle, Place { column: 0, row: 0 });
    Ok(Analysis {
        nuclei,
        tissue,
        overview: rgb,
        overview_mpp: rule.mpp,
        glass_fraction: share.glass_fraction,
        evaluated_area_mm2: share.tissue_px * source.mpp().um2_per_px() * 1e-6,
        focus: median(focus),
        stain_mean_od: densities.mean_od(),
        windows_run,
        windows_skipped,
    })
}

/// What is known before the first pixel is read.
struct Plan {
    grid: Grid,
    overview: OverviewGrid,
    factor: f64,
}

impl Plan {
    fn new(source: &dyn Regions, models: &Models, rule: GlassRule) -> Result<Self, AnalyseError> {
        let image = source.size();
        if image.width == 0 || image.height == 0 {
            return Err(AnalyseError::Empty(image));
        }
        let to_card: Resampler = to_card(source.mpp(), models.nuclei());
        let overview = OverviewGrid::new(image, source.mpp(), to_card, rule);
        let size = overview.size();
        if size.width.saturating_mul(size.height) > OVERVIEW_CELLS_MAX {
            return Err(AnalyseError::TooLarge { size, mpp: rule.mpp });
        }
        let window = models.nuclei().card().window;
        let grid = Grid::new(to_card.output_size(image), window);
        Ok(Self { grid, overview, factor: to_card.factor() })
    }
}

/// What the windows have come to so far.
struct Gathered<'a> {
    plan: &'a Plan,
    progress: &'a Progress,
    sink: &'a mut dyn Sink,
    overview: Overview,
    nuclei: Vec<NucleusPoint>,
    focus: Vec<f64>,
    windows_run: u64,
    windows_skipped: u64,
}

impl<'a> Gathered<'a> {
    fn new(plan: &'a Plan, progress: &'a Progress, sink: &'a mut dyn Sink) -> Self {
        Self {
            plan,
            progress,
            sink,
            overview: Overview::new(plan.overview.size()),
            nuclei: Vec::new(),
            focus: Vec::new(),
            windows_run: 0,
            windows_skipped: 0,
        }
    }

    /// Takes the windows of one job; jobs come in order.
    fn take(&mut self, windows: Vec<WindowResult>) -> Result<(), AnalyseError> {
        let caller = self.progress.caller();
        self.progress.windows_are_done(windows.len());
        for WindowResult { place, patch, focus, nuclei } in windows {
            self.progress.enter(caller, Stage::Deliver, place);
            self.overview.take(&patch);
            self.focus.extend(focus);
            match nuclei {
                Some(nuclei) => {
                    self.windows_run += 1;
                    nuclei.into_iter().try_for_each(|nucleus| self.deliver(nucleus))?;
                }
                None => self.windows_skipped += 1,
            }
            self.end_row(place)?;
        }
        self.progress.enter(caller, Stage::Idle, Place { column: 0, row: 0 });
        Ok(())
    }

    fn deliver(&mut self, mut nucleus: Nucleus) -> Result<(), AnalyseError> {
        let id = u32::try_from(self.nuclei.len() + 1).map_err(|_| AnalyseError::TooManyNuclei)?;
        nucleus.id = id;
        self.nuclei.push(NucleusPoint::from(&nucleus));
        self.sink.nucleus(&nucleus).map_err(|source| AnalyseError::Sink { id, source })
    }

    fn end_row(&mut self, place: Place) -> Result<(), AnalyseError> {
        let (column, row) = (place.column as usize, place.row as usize);
        if column + 1 < self.plan.grid.columns() {
            return Ok(());
        }
        let end = self.plan.grid.view(column, row).core.y.end;
        let y = (end as f64 * self.plan.factor) as f32;
        let id = self.nuclei.len() as u32;
        self.sink.rows_done(y).map_err(|source| AnalyseError::Sink { id, source })
    }
}

/// The middle value; of an even number the lower one.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_value() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0]), Some(3.0));
        assert_eq!(median(vec![3.0, 1.0]), Some(1.0));
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
    }
}
