//! A whole training: data in, stages in order, a run folder out.
//!
//! ```text
//! RUN/plan.toml            the plan, byte for byte
//! RUN/fingerprint.json     every file of the data, with its digest
//! RUN/learnt-from.json     the images of each source that it learns from
//! RUN/versions.json        program, burn, engine, back end, compiler
//! RUN/log.txt              what the program said, where the program keeps it
//! RUN/progress.csv         a line for each figure of each report
//! RUN/curves.png           the same, drawn
//! RUN/checkpoint.safetensors   the state, for --resume
//! RUN/stage-N.safetensors  the average at the end of stage N
//! RUN/average.safetensors  the average at the end
//! RUN/figures.json         how good it is, by `evaluate`
//! ```
//!
//! **Invariant:** whatever goes wrong is said at once and ends the training with an error; the
//! last checkpoint stays whole.

mod curves;
mod error;
mod folder;
mod lesson;
mod material;
mod pretrained;
mod progress;
mod pseudo;
mod stage;

use std::path::Path;

use burn::tensor::Device;

use crate::plan::Plan;
pub use error::RunError;
pub use folder::RunFolder;
pub use material::{Material, label_tissue};
pub use pretrained::Pretrained;
pub use progress::{Clock, Progress};

/// Whether a run may go on from a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// A new run; the folder must not hold one.
    New,
    /// On from the folder's checkpoint.
    Resume,
}

/// What a training was asked to do.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The plan's text.
    pub plan: &'a str,
    /// The data root.
    pub data: &'a Path,
    /// The run folder.
    pub out: &'a Path,
    /// New or resumed.
    pub begin: Begin,
}

/// A run whose plan was read and whose folder was opened.
#[derive(Debug)]
pub struct Opened<'a> {
    order: Order<'a>,
    plan: Plan,
    device: Device,
    folder: RunFolder,
}

/// Reads the plan and opens the folder; nothing is changed in a folder that is not this run's.
pub fn open<'a>(order: &Order<'a>) -> Result<Opened<'a>, RunError> {
    let plan = Plan::parse(order.plan).map_err(RunError::Plan)?;
    let device = plan.compute.backend.device().map_err(RunError::Backend)?;
    let folder = RunFolder::open(order.out, order.plan, order.begin)?;
    Ok(Opened { order: *order, plan, device, folder })
}

/// Does all stages of a plan.
pub fn fit(order: &Order<'_>, clock: &dyn Clock) -> Result<(), RunError> {
    open(order)?.fit(clock)
}

impl Opened<'_> {
    /// The run folder.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// Does all stages of the plan.
    pub fn fit(&self, clock: &dyn Clock) -> Result<(), RunError> {
        let Self { order, plan, device, folder } = self;
        plan.compute.backend.limit_threads(plan.compute.threads);
        let material = Material::load(plan, order.data)?;
        folder.write_fingerprint(material.fingerprint())?;
        folder.write_json("learnt-from.json", &material.learnt_from())?;
        let pretrained = Pretrained::read(&plan.network, order.data)?;
        folder.write_versions(plan, pretrained.digest())?;
        let mut resumed = folder.checkpoint(order.begin)?;
        let first = resumed.as_ref().map_or(0, |checkpoint| checkpoint.stage);

        let run = stage::Run { plan, folder, device, pretrained: &pretrained, clock };
        for index in first..plan.stages.len() {
            run.stage(index, &material, resumed.take())?;
        }
        folder.finish(plan.stages.len() - 1)
    }
}
