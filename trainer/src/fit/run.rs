//! A whole training: data in, stages in order, a run folder out.
//!
//! ```text
//! RUN/plan.toml            the plan, byte for byte
//! RUN/fingerprint.json     every file of the data, with its digest
//! RUN/learnt-from.json     the images of each source that it learns from
//! RUN/versions.json        program, burn, back end, compiler
//! RUN/progress.csv         one line per report
//! RUN/curves.png           the same, drawn
//! RUN/checkpoint.safetensors   the state, for --resume
//! RUN/stage-N.safetensors  the average at the end of stage N
//! RUN/average.safetensors  the average at the end
//! ```
//!
//! **Invariant:** whatever goes wrong is said at once and ends the training with an error; the
//! last checkpoint stays whole.

mod error;
mod folder;
mod lesson;
mod material;
mod progress;
mod pseudo;
mod stage;

use std::path::Path;

use crate::plan::Plan;
pub use error::RunError;
pub use folder::RunFolder;
pub use material::{Material, label_tissue};
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

/// Does all stages of a plan.
pub fn fit(order: &Order<'_>, clock: &dyn Clock) -> Result<(), RunError> {
    let plan = Plan::parse(order.plan).map_err(RunError::Plan)?;
    let folder = RunFolder::open(order.out, order.plan, order.begin)?;
    plan.compute.backend.limit_threads(plan.compute.threads);
    let device = plan.compute.backend.device().map_err(RunError::Backend)?;

    let material = Material::load(&plan, order.data)?;
    folder.write_fingerprint(material.fingerprint())?;
    folder.write_json("learnt-from.json", &material.learnt_from())?;
    folder.write_versions(&plan)?;
    let start = folder.checkpoint(order.begin)?;
    let first = start.as_ref().map_or(0, |checkpoint| checkpoint.stage);

    let run = stage::Run { plan: &plan, folder: &folder, device: &device, clock };
    let mut resumed = start;
    for index in first..plan.stages.len() {
        run.stage(index, &material, resumed.take())?;
    }
    folder.finish(plan.stages.len() - 1)
}
