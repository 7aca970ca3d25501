//! The whole way of one image.

use std::num::NonZeroUsize;

use contract::{Mpp, RgbImage, Size, TissueMap};
use engine::RunError;
use slide::{ReadError, Regions};
use thiserror::Error;

use crate::examiner::Examiner;
use crate::gathered::Gathered;
use crate::grid::Place;
use crate::models::{GlassRule, Models};
use crate::ordered;
use crate::progress::{Progress, Stage};
use crate::score::NucleusPoint;
use crate::sink::{Sink, SinkError};
use crate::survey::Survey;

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
    /// The same by cell of the density grid ([`score`](crate::score)), row by row.
    pub evaluated_cells_mm2: Vec<f32>,
    /// Re-blur ratio at the nuclei model's resolution, median over the windows that are at least
    /// half tissue.
    pub focus: Option<f64>,
    /// Mean optical density of red, green and blue over what is not glass.
    pub stain_mean_od: Option<[f64; 3]>,
    /// Windows that the nuclei network looked at.
    pub windows_run: u64,
    /// Windows that are glass and were skipped.
    pub windows_skipped: u64,
    /// Windows that nobody has looked at: there are some in a preliminary result only.
    pub windows_missed: u64,
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
    let survey = Survey::new((source.size(), source.mpp()), models, options.glass)?;
    let (batch, progress) = (options.batch, options.progress);

    let mut gathered = Gathered::new(&survey, progress, sink);
    let examiner = Examiner::new(source, models, &survey, progress);
    let grid = survey.grid;
    let jobs = (0..grid.rows()).flat_map(|row| grid.runs(row, batch.get()));
    progress.add_windows(grid.count());
    ordered::run(&examiner, progress.workers(), jobs, |found| {
        progress.windows_are_done(found.len());
        found.into_iter().try_for_each(|found| gathered.take(found))
    })?;
    gathered.finish(models, batch)
}
