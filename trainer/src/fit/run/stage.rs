//! One stage: batches in, steps, reports, checkpoints, the average out.

use std::sync::Arc;
use std::time::Duration;

use burn::tensor::Device;
use data::batch::{Batches, Loader, LoaderOptions};
use tracing::info;

use super::lesson::{self, Lesson, Taught};
use super::progress::StageStart;
use super::{Clock, Material, Pretrained, Progress, RunError, RunFolder, curves};
use crate::fit::checkpoint::Checkpoint;
use crate::fit::training::{Recipe, Training};
use crate::fit::weights;
use crate::plan::{Plan, Task};

/// Seeds of neighbouring stages lie this far apart, more than any stage has steps, since dropout
/// is seeded by seed plus step.
const STAGE_SEEDS_APART: u64 = 1 << 40;

/// What all stages share.
pub(super) struct Run<'a> {
    pub(super) plan: &'a Plan,
    pub(super) folder: &'a RunFolder,
    pub(super) device: &'a Device,
    pub(super) pretrained: &'a Pretrained,
    pub(super) clock: &'a dyn Clock,
}

impl Run<'_> {
    /// Does stage `index`, from `resumed` where that is given.
    pub(super) fn stage(
        &self,
        index: usize,
        material: &Material,
        resumed: Option<Checkpoint>,
    ) -> Result<(), RunError> {
        let training = self.training(index, resumed)?;
        match &self.plan.task {
            Task::Nuclei(task) => {
                self.learn(index, training, lesson::nuclei(self, index, task, material)?)
            }
            Task::Tissue(task) => {
                self.learn(index, training, lesson::tissue(self, index, task, material)?)
            }
        }
    }

    fn learn<B: Batches<Batch: Taught>>(
        &self,
        index: usize,
        mut training: Training,
        lesson: Lesson<B>,
    ) -> Result<(), RunError> {
        info!(
            "stage {}: {} parameters, {} images to learn from",
            index + 1,
            weights::parameters(training.average()),
            lesson.images
        );
        let watched = self.watched(lesson.watched)?;
        let mut loader = self.loader(lesson.batches, training.step_count())?;
        self.steps(index, &mut training, &mut loader, &watched)?;
        self.folder.write_stage(index, &weights::read(training.average()))
    }

    fn steps<B: Batches<Batch: Taught>>(
        &self,
        index: usize,
        training: &mut Training,
        loader: &mut Loader<B>,
        watched: &[B::Batch],
    ) -> Result<(), RunError> {
        let steps = self.plan.stages[index].steps;
        let watch = self.plan.watch;
        let mut progress = self.progress(index, training.step_count(), steps)?;
        let patience = watch.patience.unwrap_or(u64::MAX);
        let mut over = training.stale_looks() >= patience;

        while training.step_count() < steps && !over {
            let asked = self.clock.now();
            let batch = loader.next(self.deadline()).map_err(RunError::Loader)?;
            let waited = self.clock.now().saturating_sub(asked);
            let figures = training
                .learn(batch.images(), &batch.targets())
                .map_err(|source| RunError::Training { stage: index, source })?;
            progress.add(&figures, waited);
            let due = |every: u64| figures.step % every == 0 || figures.step == steps;
            if due(watch.report_steps) {
                let told = progress.report(figures.step, figures.rate, self.clock.now());
                told.map_err(|source| unwritten(&progress, source))?;
            }
            if due(watch.validation_steps) && !watched.is_empty() {
                let seen = validate(training, watched);
                let told = progress.validation(figures.step, &seen);
                told.map_err(|source| unwritten(&progress, source))?;
                training.look(seen.iter().map(|(_, value)| value).sum());
                over = training.stale_looks() >= patience;
                self.draw(&progress)?;
            }
            if due(watch.checkpoint_steps) || over {
                self.folder
                    .write_checkpoint(&training.checkpoint(index, self.folder.plan_digest()))?;
            }
        }
        if over {
            info!("stage {}: no improvement any more, it ends here", index + 1);
        }
        self.draw(&progress)
    }

    fn training(&self, index: usize, resumed: Option<Checkpoint>) -> Result<Training, RunError> {
        let recipe = Recipe {
            network: self.plan.network.clone(),
            loss: self.plan.loss.clone(),
            optimiser: self.plan.optimiser,
            precision: self.plan.compute.precision,
            steps: self.plan.stages[index].steps,
            seed: self.stage_seed(index),
        };
        match (resumed, index) {
            (Some(checkpoint), _) => {
                info!("stage {}: on from step {}", index + 1, checkpoint.step);
                Training::resume(recipe, &checkpoint, self.device).map_err(RunError::Fit)
            }
            (None, 0) => self.pretrained.start(recipe, self.device),
            (None, _) => {
                let before = self.folder.stage(index - 1)?;
                Training::start_from(recipe, &before, self.device).map_err(RunError::Fit)
            }
        }
    }

    fn watched<B: Batches>(&self, batches: Option<B>) -> Result<Vec<B::Batch>, RunError> {
        let Some(batches) = batches else { return Ok(Vec::new()) };
        let mut loader = self.loader(batches, 0)?;
        (0..self.plan.watch.validation_batches)
            .map(|_| loader.next(self.deadline()).map_err(RunError::Loader))
            .collect()
    }

    fn loader<B: Batches>(&self, batches: B, first: u64) -> Result<Loader<B>, RunError> {
        let compute = self.plan.compute;
        let options = LoaderOptions { workers: compute.workers, prefetch: compute.prefetch };
        Loader::start(Arc::new(batches), first, options).map_err(RunError::Loader)
    }

    fn progress(&self, stage: usize, done: u64, steps: u64) -> Result<Progress, RunError> {
        let path = self.folder.file("progress.csv");
        let crops_per_step = self.plan.crops().count;
        let start = StageStart { stage, done, steps, crops_per_step, now: self.clock.now() };
        Progress::open(&path, start).map_err(|source| RunError::File {
            doing: "write",
            path,
            source,
        })
    }

    /// Draws what the progress file holds so far.
    fn draw(&self, progress: &Progress) -> Result<(), RunError> {
        let path = progress.path();
        let text = std::fs::read_to_string(path).map_err(|source| RunError::File {
            doing: "read",
            path: path.to_owned(),
            source,
        })?;
        self.folder.write("curves.png", &curves::png(&text))
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(self.plan.compute.batch_deadline_s)
    }

    pub(super) fn stage_seed(&self, index: usize) -> u64 {
        self.plan.seed.wrapping_add(STAGE_SEEDS_APART.wrapping_mul(index as u64))
    }
}

/// The mean loss of the average on `watched`.
fn validate(training: &Training, watched: &[impl Taught]) -> Vec<(String, f64)> {
    let mut sums: Vec<(String, f64)> = Vec::new();
    for batch in watched {
        let parts = training.judge(batch.images(), &batch.targets());
        if sums.is_empty() {
            sums = parts.iter().map(|(name, _)| ((*name).to_owned(), 0.0)).collect();
        }
        for (sum, (_, value)) in sums.iter_mut().zip(parts) {
            sum.1 += f64::from(value) / watched.len() as f64;
        }
    }
    sums
}

fn unwritten(progress: &Progress, source: std::io::Error) -> RunError {
    RunError::File { doing: "write", path: progress.path().to_owned(), source }
}
