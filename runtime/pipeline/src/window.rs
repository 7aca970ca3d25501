//! What a worker does with a run of nuclei windows: read, prepare, network, instances.

use contract::{Mpp, Nucleus, RgbImage, Size};
use engine::{Batch, Network};
use kernels::normalise::{Frame, Normaliser};
use kernels::resample::Resampler;
use slide::Regions;

use crate::analyse::{AnalyseError, WindowError};
use crate::grid::{Area, Place, View};
use crate::instances;
use crate::ordered::Work;
use crate::outline::Placing;
use crate::overview::{OverviewGrid, Patch};
use crate::progress::{Progress, Stage};

/// The share of tissue from which a window says something of the focus: the border of the tissue
/// is soft on any slide.
const FOCUS_GLASS_FRACTION_MAX: f64 = 0.5;

/// Finds the nuclei of windows, and gathers their parts of the overview.
pub(crate) struct NucleiWork<'a> {
    pub(crate) source: &'a dyn Regions,
    pub(crate) network: &'a Network,
    pub(crate) to_card: Resampler,
    pub(crate) overview: OverviewGrid,
    pub(crate) normaliser: Normaliser,
    pub(crate) progress: &'a Progress,
}

/// What one worker keeps from job to job.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    tensor: Vec<f32>,
    instances: instances::Scratch,
}

/// What one window came to.
#[derive(Debug)]
pub(crate) struct WindowResult {
    pub(crate) place: Place,
    pub(crate) patch: Patch,
    /// Re-blur ratio, where there is tissue enough to say.
    pub(crate) focus: Option<f64>,
    /// Absent where the window was skipped as glass.
    pub(crate) nuclei: Option<Vec<Nucleus>>,
}

/// A window at the card's resolution.
struct Prepared {
    patch: Patch,
    image: RgbImage,
    focus: Option<f64>,
}

impl<'a> NucleiWork<'a> {
    pub(crate) fn new(
        source: &'a dyn Regions,
        network: &'a Network,
        overview: OverviewGrid,
        progress: &'a Progress,
    ) -> Self {
        let card = network.card();
        Self {
            source,
            network,
            to_card: to_card(source.mpp(), network),
            overview,
            normaliser: Normaliser::new(card.input.mean, card.input.std),
            progress,
        }
    }

    fn prepare(&self, worker: usize, view: &View) -> Result<Prepared, AnalyseError> {
        self.progress.enter(worker, Stage::Read, view.place);
        let cells = self.overview.cells_of(&view.core);
        let region = self.region(view, &cells);
        let (origin, size) = (region.origin(), region.size());
        let level_0 = self.source.read(origin.0, origin.1, size).map_err(|source| {
            self.failed(worker, WindowError::Read { x: origin.0, y: origin.1, size, source })
        })?;

        self.progress.enter(worker, Stage::Prepare, view.place);
        let image = self.to_card.window(&level_0, origin, view.span.origin(), view.span.size());
        let patch = self.overview.patch(&level_0, origin, cells);
        let says_focus = !patch.is_glass && patch.glass_fraction() <= FOCUS_GLASS_FRACTION_MAX;
        let focus = says_focus.then(|| kernels::focus::reblur_ratio(&image)).flatten();
        Ok(Prepared { patch, image, focus })
    }

    /// The level-0 pixels that the window's nuclei and its part of the overview need.
    fn region(&self, view: &View, cells: &Area) -> Area {
        let Size { width, height } = self.source.size();
        let nuclei = Area {
            x: self.to_card.source_span(view.span.x.clone(), width),
            y: self.to_card.source_span(view.span.y.clone(), height),
        };
        let overview = self.overview.source_of(cells);
        Area { x: hull(nuclei.x, overview.x), y: hull(nuclei.y, overview.y) }
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
            factor: self.to_card.factor(),
            image: self.source.size(),
        }
    }

    fn failed(&self, worker: usize, source: WindowError) -> AnalyseError {
        AnalyseError::of_worker(self.progress, worker, source)
    }
}

impl Work for NucleiWork<'_> {
    type Job = Vec<View>;
    type Result = Vec<WindowResult>;
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
    ) -> Result<Vec<WindowResult>, AnalyseError> {
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
            results.push(WindowResult { place: view.place, patch, focus, nuclei });
        }
        self.progress.enter(worker, Stage::Idle, first);
        Ok(results)
    }

    fn panicked(&self, worker: usize, message: String) -> AnalyseError {
        self.failed(worker, WindowError::Panicked { message })
    }
}

/// The grid of the nuclei network over an image of resolution `mpp`.
pub(crate) fn to_card(mpp: Mpp, network: &Network) -> Resampler {
    Resampler::new(mpp, network.card().mpp)
}

/// The smallest range that holds both; an empty one counts for nothing.
fn hull(a: std::ops::Range<usize>, b: std::ops::Range<usize>) -> std::ops::Range<usize> {
    match (a.is_empty(), b.is_empty()) {
        (true, _) => b,
        (_, true) => a,
        _ => a.start.min(b.start)..a.end.max(b.end),
    }
}
