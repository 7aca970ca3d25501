//! Networks on the CPU by `rten`, a pure-Rust ONNX runtime.
//!
//! A [`Cpu`] has *lanes*: each lane is a pool of threads that runs one batch at a time. Many lanes
//! of one thread suit a pipeline whose workers each carry a window of their own; one lane of many
//! threads suits a single caller. Measured on 2 busy cores with a U-Net of 1.1 M parameters on 512²:
//! 2 × 1 threads 1.3 s a window, 1 × 2 threads 1.6 s, both 0.57 s of CPU time; a batch of 2 gains
//! nothing. The sums inside a network do not depend on any of this, nor on which other images share
//! the batch (`tests/lanes.rs`).
//!
//! **Foreign bytes:** `rten` is memory-safe but promises neither to bound memory nor not to panic;
//! a panic is caught here and becomes an error, and lengths that no file of this size can have are
//! refused before it reads (`lengths`). Memory is bounded by the package's file bound and
//! the batch alone, so a model must come from someone who is trusted to that extent.

use std::fmt;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use contract::{ModelCard, Outputs};
use rten::{Model, ModelOptions, NodeId, RunOptions, ValueView};

use crate::network::title;
use crate::{Batch, Engine, Maps, NetworkError, RunError};

mod graph;
mod lanes;
mod lengths;

use lanes::Lanes;

/// How the threads are shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threads {
    /// Batches that run at the same time; further callers wait.
    pub lanes: NonZeroUsize,
    /// Threads that work on one batch.
    pub per_lane: NonZeroUsize,
}

/// A network loaded by `rten`.
pub struct Cpu {
    model: Model,
    input: NodeId,
    outputs: Vec<BoundOutput>,
    lanes: Lanes,
}

/// An output of the card and the graph's node for it.
#[derive(Debug)]
struct BoundOutput {
    tensor: String,
    channels: usize,
    role: OutputRole,
    node: NodeId,
}

/// Which field of [`Maps`] an output fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OutputRole {
    Np,
    Hv,
    Dist,
    Tp,
}

impl Cpu {
    /// Loads an ONNX file and compares its input and outputs with `card`: names, ranks, and
    /// channels where the graph states them.
    pub fn load(onnx: &[u8], card: &ModelCard, threads: Threads) -> Result<Self, NetworkError> {
        let refused = |source| NetworkError::Load { model: title(card), source };
        lengths::check(onnx).map_err(|fault| refused(fault.into()))?;
        let model =
            catch_unwind(|| ModelOptions::with_all_ops().prepack_weights(true).load(onnx.to_vec()))
                .map_err(|panic| refused(panic_message(&*panic).into()))?
                .map_err(|error| refused(error.into()))?;
        let lanes = Lanes::start(threads).map_err(|error| refused(error.into()))?;
        let (input, outputs) = graph::bind(&model, card)
            .map_err(|fault| NetworkError::Disagree { model: title(card), fault })?;
        Ok(Self { model, input, outputs, lanes })
    }

    fn infer(&self, input: Batch<'_>) -> Result<Vec<rten::Value>, RunError> {
        let (count, size) = (input.count(), input.size());
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| RunError::Runtime {
            count,
            size,
            source,
        };
        let shape = [count, Batch::CHANNELS, size.height, size.width];
        let view =
            ValueView::from_shape(shape, input.values()).map_err(|error| failed(error.into()))?;
        let nodes: Vec<NodeId> = self.outputs.iter().map(|output| output.node).collect();

        let lane = self.lanes.take();
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(lane.pool())));
        catch_unwind(AssertUnwindSafe(|| {
            self.model.run(vec![(self.input, view.into())], &nodes, Some(options))
        }))
        .map_err(|panic| RunError::Panicked { count, size, message: panic_message(&*panic) })?
        .map_err(|error| failed(error.into()))
    }
}

impl Engine for Cpu {
    fn run(&self, input: Batch<'_>) -> Result<Maps, RunError> {
        let values = self.infer(input)?;
        let (count, size) = (input.count(), input.size());
        let mut maps = Maps { count, size, np: None, hv: None, dist: None, tp: None };
        for (output, value) in self.outputs.iter().zip(values) {
            let expected = [count, output.channels, size.height, size.width];
            let map = Some(take_map(output, value, expected)?);
            match output.role {
                OutputRole::Np => maps.np = map,
                OutputRole::Hv => maps.hv = map,
                OutputRole::Dist => maps.dist = map,
                OutputRole::Tp => maps.tp = map,
            }
        }
        Ok(maps)
    }
}

impl fmt::Debug for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cpu")
            .field("model", &self.model)
            .field("outputs", &self.outputs)
            .finish_non_exhaustive()
    }
}

fn take_map(
    output: &BoundOutput,
    value: rten::Value,
    expected: [usize; 4],
) -> Result<Vec<f32>, RunError> {
    let (found, values) = value.into_shape_vec::<f32, 4>().map_err(|error| {
        RunError::OutputKind { tensor: output.tensor.clone(), found: error.to_string() }
    })?;
    if found != expected {
        return Err(RunError::OutputShape { tensor: output.tensor.clone(), expected, found });
    }
    Ok(values)
}

/// The card's outputs with the role of each.
fn named_outputs(
    outputs: &Outputs,
) -> impl Iterator<Item = (&'static str, OutputRole, &contract::Output)> {
    let Outputs { np, hv, dist, tp } = outputs;
    [
        ("np", OutputRole::Np, np),
        ("hv", OutputRole::Hv, hv),
        ("dist", OutputRole::Dist, dist),
        ("tp", OutputRole::Tp, tp),
    ]
    .into_iter()
    .filter_map(|(field, role, output)| output.as_ref().map(|output| (field, role, output)))
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it gives no message")
        .to_owned()
}
