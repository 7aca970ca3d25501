//! What a worker does with a run of nuclei windows: read, prepare, network, instances.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use contract::{RgbImage, Size};
use engine::{Batch, Network};
use kernels::normalise::{Frame, Normaliser};
use slide::Regions;

use crate::analyse::{AnalyseError, WindowError};
use crate::found::Found;
use crate::grid::View;
use crate::instances;
use crate::models::Models;
use crate::ordered::{Work, panic_message};
use crate::outline::Placing;
use crate::overview::Patch;
use crate::progress::{Progress, Stage};
use crate::survey::Survey;

/// The share of tissue from which a window says something of the focus: the border of the tissue
/// is soft on any slide.
const FOCUS_GLASS_FRACTION_MAX: f64 = 0.5;

/// Looks at the windows of an image: finds their nuclei and their parts of the overview.
pub struct Examiner<'a> {
    source: &'a dyn Regions,
    network: &'a Network,
    survey: &'a Survey,
    normaliser: Normaliser,
    progress: &'a Progress,
}

/// What one worker keeps from window to window.
#[derive(Debug, Default)]
pub struct Scratch {
    tensor: Vec<f32>,
    instances: instances::Scratch,
}

/// A window at the card's resolution.
struct Prepared {
    patch: Patch,
    image: RgbImage,
    focus: Option<f64>,
}

impl fmt::Debug for Examiner<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Examiner").field("survey", self.survey).finish_non_exhaustive()
    }
}

impl<'a> Examiner<'a> {
    /// An examiner of `source`, whose size and resolution are those of the `survey`.
    pub fn new(
        source: &'a dyn Regions,
        models: &'a Models,
        survey: &'a Survey,
        progress: &'a Progress,
    ) -> Self {
        let network = models.nuclei();
        let input = &network.card().input;
        let normaliser = Normaliser::new(input.mean, input.std);
        Self { source, network, survey, normaliser, progress }
    }

    /// Looks at one window, as `worker` of the progress; a panic is an error of this window.
    pub fn examine(
        &self,
        worker: usize,
        scratch: &mut Scratch,
        window: u64,
    ) -> Result<Found, AnalyseError> {
        let view = self.survey.view(window);
        let outcome = catch_unwind(AssertUnwindSafe(|| self.work(worker, scratch, vec![view])));
        outcome
            .unwrap_or_else(|panic| {
                // The panic may have left it half changed.
                *scratch = Scratch::default();
                Err(self.panicked(worker, panic_message(&*panic)))
            })
            .map(|mut found| found.remove(0))
    }

    fn prepare(&self, worker: usize, view: &View) -> Result<Prepared, AnalyseError> {
        self.progress.enter(worker, Stage::Read, view.place);
        let cells = self.survey.overview.cells_of(&view.core);
        let region = self.survey.region(view);
        let (origin, size) = (region.origin(), region.size());
        let level_0 = self.source.read(origin.0, origin.1, size).map_err(|source| {
            self.failed(worker, WindowError::Read { x: origin.0, y: origin.1, size, source })
        })?;

        self.progress.enter(worker, Stage::Prepare, view.place);
        let image =
            self.survey.to_card.window(&level_0, origin, view.span.origin(), view.span.size());
        let patch = self.survey.overview.patch(&level_0, origin, cells);
        let says_focus = !patch.is_glass && patch.glass_fraction() <= FOCUS_GLASS_FRACTION_MAX;
        let focus = says_focus.then(|| kernels::focus::reblur_ratio(&image)).flatten();
        Ok(Prepared { patch, image, focus })
    }

    /// Runs the network on those windows that are not glass.
    fn infer(
        &self,
        worker: usize,
        scratch: &mut Scratch,
        (input, images): (Size, &[&RgbImage]),
    ) -> Result<engine::Maps, AnalyseError> {
        let each = Batch::CHANNELS * input.pixels();
        scratch.tensor.resize(images.len() * each, 0.0);
        for (image, planes) in images.iter().zip(scratch.tensor.chunks_exact_mut(each)) {
            self.normaliser.fill(image, Frame { size: input, left: 0, top: 0 }, planes);
        }
        let batch = Batch::new(&scratch.tensor, images.len(), input)
            .expect("the tensor was given the batch's length");
        self.network
            .run(batch)
            .map_err(|source| self.failed(worker, WindowError::Network { source }))
    }

    fn placing(&self, view: &View) -> Placing {
        Placing {
            origin: view.span.origin(),
            factor: self.survey.to_card.factor(),
            image: self.survey.image,
        }
    }

    fn failed(&self, worker: usize, source: WindowError) -> AnalyseError {
        AnalyseError::of_worker(self.progress, worker, source)
    }
}

impl Work for Examiner<'_> {
    type Job = Vec<View>;
    type Result = Vec<Found>;
    type Error = AnalyseError;
    type Scratch = Scratch;

    fn scratch(&self) -> Scratch {
        Scratch::default()
    }

    fn work(
        &self,
        worker: usize,
        scratch: &mut Scratch,
        job: Vec<View>,
    ) -> Result<Vec<Found>, AnalyseError> {
        if self.progress.is_stopped() {
            return Err(AnalyseError::Stopped);
        }
        let prepared =
            job.iter().map(|view| self.prepare(worker, view)).collect::<Result<Vec<_>, _>>()?;
        let images: Vec<&RgbImage> =
            prepared.iter().filter(|p| !p.patch.is_glass).map(|p| &p.image).collect();

        let (first, input) = (job[0].place, job[0].input);
        let maps = if images.is_empty() {
            None
        } else {
            self.progress.enter(worker, Stage::NucleiNetwork, first);
            Some(self.infer(worker, scratch, (input, &images))?)
        };

        let mut results = Vec::with_capacity(job.len());
        let mut item = 0;
        for (view, Prepared { patch, focus, .. }) in job.iter().zip(prepared) {
            let nuclei = maps.as_ref().filter(|_| !patch.is_glass).map(|maps| {
                self.progress.enter(worker, Stage::Instances, view.place);
                let (card, placing) = (self.network.card(), self.placing(view));
                let maps = maps.item(item);
                let found = instances::find(card, maps, (view, placing), &mut scratch.instances);
                item += 1;
                found
            });
            results.push(Found { place: view.place, patch, focus, nuclei });
        }
        self.progress.enter(worker, Stage::Idle, first);
        Ok(results)
    }

    fn panicked(&self, worker: usize, message: String) -> AnalyseError {
        self.failed(worker, WindowError::Panicked { message })
    }
}
