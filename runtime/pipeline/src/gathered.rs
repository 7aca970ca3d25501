//! What the windows of an image come to, taken one by one in their order.

use std::fmt;
use std::num::NonZeroUsize;

use contract::{Nucleus, TissueMap};
use kernels::stain::Histogram;

use crate::analyse::{AnalyseError, Analysis};
use crate::found::Found;
use crate::grid::Place;
use crate::models::Models;
use crate::overview::Overview;
use crate::progress::{Progress, Stage};
use crate::score::{Cells, NucleusPoint};
use crate::sink::Sink;
use crate::survey::Survey;
use crate::tissue;

/// The results of windows, put together.
///
/// **Contract:** every window of the survey is taken or missed once, in order. Nuclei go to the sink
/// with their ids as they come; [`finish`](Self::finish) gives what remains.
pub struct Gathered<'a> {
    survey: &'a Survey,
    progress: &'a Progress,
    sink: &'a mut dyn Sink,
    overview: Overview,
    nuclei: Vec<NucleusPoint>,
    focus: Vec<f64>,
    windows_run: u64,
    windows_skipped: u64,
    windows_missed: u64,
}

impl fmt::Debug for Gathered<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Gathered").field("nuclei", &self.nuclei.len()).finish_non_exhaustive()
    }
}

impl<'a> Gathered<'a> {
    /// Nothing yet.
    pub fn new(survey: &'a Survey, progress: &'a Progress, sink: &'a mut dyn Sink) -> Self {
        Self {
            survey,
            progress,
            sink,
            overview: Overview::new(survey.overview.size()),
            nuclei: Vec::new(),
            focus: Vec::new(),
            windows_run: 0,
            windows_skipped: 0,
            windows_missed: 0,
        }
    }

    /// Takes the next window's result.
    pub fn take(&mut self, found: Found) -> Result<(), AnalyseError> {
        let caller = self.progress.caller();
        let Found { place, patch, focus, nuclei } = found;
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
        self.progress.enter(caller, Stage::Idle, Place { column: 0, row: 0 });
        Ok(())
    }

    /// Goes on without the next window, which nobody has looked at: its place counts as glass.
    pub fn miss(&mut self, window: u64) -> Result<(), AnalyseError> {
        let view = self.survey.view(window);
        self.overview.blank(&self.survey.overview.cells_of(&view.core));
        self.windows_missed += 1;
        self.end_row(view.place)
    }

    /// Maps the tissue, `batch` windows at once, and gives all that the sink has not got.
    pub fn finish(self, models: &Models, batch: NonZeroUsize) -> Result<Analysis, AnalyseError> {
        let Self { survey, progress, overview, nuclei, focus, .. } = self;
        let factor = survey.overview.factor();
        let share = overview.glass_share(factor, survey.image);
        let cells = Cells::of(survey.image, survey.mpp);
        let evaluated_px = overview.tissue_px_by_cell(factor, survey.image, cells);
        let to_mm2 = |px: f64| px * survey.mpp.um2_per_px() * 1e-6;
        let mut densities = Histogram::default();
        densities.add(&overview.rgb, &overview.tissue_mask());
        let Overview { rgb, classes } = overview;
        let tissue = match models.tissue() {
            Some(network) => {
                let gathered = tissue::Gathered { overview: &rgb, classes };
                let classes = tissue::map(network, gathered, batch, progress)?;
                let (size, mpp) = (rgb.size(), survey.glass.mpp);
                Some(TissueMap { size, mpp, px_per_cell: factor, classes })
            }
            None => None,
        };
        progress.enter(progress.caller(), Stage::Idle, Place { column: 0, row: 0 });
        Ok(Analysis {
            nuclei,
            tissue,
            overview: rgb,
            overview_mpp: survey.glass.mpp,
            glass_fraction: share.glass_fraction,
            evaluated_area_mm2: to_mm2(share.tissue_px),
            evaluated_cells_mm2: evaluated_px.into_iter().map(|px| to_mm2(px) as f32).collect(),
            focus: median(focus),
            stain_mean_od: densities.mean_od(),
            windows_run: self.windows_run,
            windows_skipped: self.windows_skipped,
            windows_missed: self.windows_missed,
        })
    }

    fn deliver(&mut self, mut nucleus: Nucleus) -> Result<(), AnalyseError> {
        let id = u32::try_from(self.nuclei.len() + 1).map_err(|_| AnalyseError::TooManyNuclei)?;
        nucleus.id = id;
        self.nuclei.push(NucleusPoint::from(&nucleus));
        self.sink.nucleus(&nucleus).map_err(|source| AnalyseError::Sink { id, source })
    }

    /// Tells the sink when a row of windows is complete.
    fn end_row(&mut self, place: Place) -> Result<(), AnalyseError> {
        let grid = self.survey.grid;
        let (column, row) = (place.column as usize, place.row as usize);
        if column + 1 < grid.columns() {
            return Ok(());
        }
        let end = grid.view(column, row).core.y.end;
        let y = (end as f64 * self.survey.to_card.factor()) as f32;
        let id = self.nuclei.len() as u32;
        self.sink.rows_done(y).map_err(|source| AnalyseError::Sink { id, source })
    }
}

/// The lower of the two middle values where there is an even number.
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
