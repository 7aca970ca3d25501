//! What is known of an image before its first pixel is read: its windows, and what each needs.
//!
//! A box that gets an image in pieces looks at window `n` as soon as the pixels that it
//! [needs](Survey::needs) are there, in any order and over any number of restarts;
//! [`Gathered`](crate::Gathered) takes the results in the order of `n`. [`analyse`](crate::analyse())
//! does both at once.

use contract::{Mpp, Size};
use kernels::resample::Resampler;

use crate::analyse::{AnalyseError, OVERVIEW_CELLS_MAX};
use crate::grid::{Area, Grid, Place, View};
use crate::models::{GlassRule, Models};
use crate::overview::OverviewGrid;

/// An image as it is cut for a set of models.
#[derive(Clone, Copy, Debug)]
pub struct Survey {
    pub(crate) image: Size,
    pub(crate) mpp: Mpp,
    pub(crate) glass: GlassRule,
    pub(crate) to_card: Resampler,
    pub(crate) overview: OverviewGrid,
    pub(crate) grid: Grid,
}

/// A rectangle of level 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First column.
    pub x: usize,
    /// First row.
    pub y: usize,
    /// Size, px.
    pub size: Size,
}

impl Survey {
    /// Cuts an image of level-0 `size` and `mpp`. `glass` must be stated where there is no tissue
    /// model, and is not looked at where there is one, since that states its own.
    pub fn new(
        (image, mpp): (Size, Mpp),
        models: &Models,
        glass: Option<GlassRule>,
    ) -> Result<Self, AnalyseError> {
        let glass = models.glass_rule().or(glass).ok_or(AnalyseError::NoGlassRule)?;
        if image.width == 0 || image.height == 0 {
            return Err(AnalyseError::Empty(image));
        }
        let card = models.nuclei().card();
        let to_card = Resampler::new(mpp, card.mpp);
        let overview = OverviewGrid::new(image, mpp, to_card, glass);
        let size = overview.size();
        if size.width.saturating_mul(size.height) > OVERVIEW_CELLS_MAX {
            return Err(AnalyseError::TooLarge { size, mpp: glass.mpp });
        }
        let grid = Grid::new(to_card.output_size(image), card.window);
        Ok(Self { image, mpp, glass, to_card, overview, grid })
    }

    /// Number of windows.
    pub fn windows(&self) -> u64 {
        self.grid.count() as u64
    }

    /// Column and row of a window.
    pub fn place(&self, window: u64) -> Place {
        let columns = self.grid.columns() as u64;
        Place { column: (window % columns) as u32, row: (window / columns) as u32 }
    }

    /// The level-0 pixels that a window reads: what its network sees, and the surroundings of its
    /// part of the overview.
    pub fn needs(&self, window: u64) -> Region {
        let area = self.region(&self.view(window));
        let (x, y) = area.origin();
        Region { x, y, size: area.size() }
    }

    /// The level-0 pixels for which a window answers: a nucleus whose centre lies here is found by
    /// this window, and by no other. Regions of neighbours overlap by less than a pixel of the
    /// model where the resolutions are no multiples.
    pub fn answers_for(&self, window: u64) -> Region {
        let core = self.view(window).core;
        let across = self.level_0(core.x, self.image.width);
        let down = self.level_0(core.y, self.image.height);
        let area = Area { x: across, y: down };
        let (x, y) = area.origin();
        Region { x, y, size: area.size() }
    }

    pub(crate) fn view(&self, window: u64) -> View {
        let Place { column, row } = self.place(window);
        self.grid.view(column as usize, row as usize)
    }

    pub(crate) fn region(&self, view: &View) -> Area {
        let Size { width, height } = self.image;
        let nuclei = Area {
            x: self.to_card.source_span(view.span.x.clone(), width),
            y: self.to_card.source_span(view.span.y.clone(), height),
        };
        let overview = self.overview.source_of(&self.overview.cells_of(&view.core));
        Area { x: hull(nuclei.x, overview.x), y: hull(nuclei.y, overview.y) }
    }

    fn level_0(&self, core: std::ops::Range<usize>, length: usize) -> std::ops::Range<usize> {
        let factor = self.to_card.factor();
        let start = (core.start as f64 * factor).floor() as usize;
        let end = (core.end as f64 * factor).ceil() as usize;
        start.min(length)..end.min(length)
    }
}

/// The smallest range that holds both; an empty one holds nothing.
fn hull(a: std::ops::Range<usize>, b: std::ops::Range<usize>) -> std::ops::Range<usize> {
    match (a.is_empty(), b.is_empty()) {
        (true, _) => b,
        (_, true) => a,
        _ => a.start.min(b.start)..a.end.max(b.end),
    }
}
