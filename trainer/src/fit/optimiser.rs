//! AdamW (Loshchilov and Hutter 2019) with a clip on the *global* norm of the gradient, and
//! weight decay on the weights of convolutions only: normalisation and biases are not decayed.
//!
//! burn's optimiser clips each tensor by itself; with one norm for all the direction of the step
//! is kept (Pascanu et al. 2013).

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::weights::{Array, Path, Weights};

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
/// Keeps the quotient finite; PyTorch's value.
const EPSILON: f64 = 1e-8;

/// How the weights are moved.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimiserConfig {
    /// Learning rate at its highest.
    pub rate: f64,
    /// Share of a convolution's weight that is taken off at each step, times the rate.
    pub weight_decay: f64,
    /// The gradient is shortened to this length at most.
    pub clip_norm: f64,
    /// Steps over which the rate rises to its highest.
    pub warm_up_steps: u64,
    /// Share of the average that each step leaves, after a start of shorter memory; below 1.
    pub average_decay: f64,
}

/// Both moments of each array, flat, by path.
#[derive(Debug, Default)]
pub struct Moments {
    of: BTreeMap<String, [Tensor<1>; 2]>,
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stepped {
    /// Length of the gradient before it was clipped.
    pub gradient_norm: f64,
}

/// Moves `module` by one step, the `step`-th counted from 1, at learning rate `rate`.
pub fn step<M: Module>(
    module: M,
    gradients: GradientsParams,
    moments: &mut Moments,
    config: &OptimiserConfig,
    at: StepAt,
) -> (M, Stepped) {
    let norm = global_norm(&module, &gradients);
    let clip = if norm > config.clip_norm { config.clip_norm / norm } else { 1.0 };
    let mut mover = Mover {
        path: Path::default(),
        gradients,
        moments,
        clip,
        decay: 1.0 - at.rate * config.weight_decay,
        rate: at.rate,
        correction: [1.0 - BETA_1.powf(at.step as f64), 1.0 - BETA_2.powf(at.step as f64)],
    };
    (module.map(&mut mover), Stepped { gradient_norm: norm })
}

/// Which step, and how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepAt {
    /// Counted from 1.
    pub step: u64,
    /// Learning rate.
    pub rate: f64,
}

impl Moments {
    /// The moments as arrays: `first.<path>` and `second.<path>`.
    pub fn read(&self) -> Weights {
        let mut weights = Weights::new();
        for (path, pair) in &self.of {
            for (name, tensor) in ["first", "second"].into_iter().zip(pair) {
                let values: Vec<f32> = tensor.to_data().iter::<f32>().collect();
                let array = Array { shape: vec![values.len()], values };
                weights.insert(format!("{name}.{path}"), array);
            }
        }
        weights
    }

    /// The moments that [`Moments::read`] gave, on `device`; a path without its pair is dropped.
    pub fn from_weights(weights: &Weights, device: &Device) -> Self {
        let tensor = |array: &Array| {
            Tensor::from_data(TensorData::new(array.values.clone(), [array.values.len()]), device)
        };
        let pair = |(name, first): (&String, &Array)| {
            let path = name.strip_prefix("first.")?;
            let second = weights.get(&format!("second.{path}"))?;
            Some((path.to_owned(), [tensor(first), tensor(second)]))
        };
        Self { of: weights.iter().filter_map(pair).collect() }
    }
}

fn global_norm<M: Module>(module: &M, gradients: &GradientsParams) -> f64 {
    let mut squares = Squares { gradients, of: Vec::new() };
    module.visit(&mut squares);
    if squares.of.is_empty() {
        return 0.0;
    }
    let sum = Tensor::cat(squares.of, 0).into_data().iter::<f64>().sum::<f64>();
    sum.sqrt()
}

struct Squares<'a> {
    gradients: &'a GradientsParams,
    of: Vec<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            self.of.push(gradient.square().sum());
        }
    }
}

struct Mover<'a> {
    path: Path,
    gradients: GradientsParams,
    moments: &'a mut Moments,
    clip: f64,
    decay: f64,
    rate: f64,
    correction: [f64; 2],
}

impl Mover<'_> {
    /// The direction to go, of length about 1 in each number.
    fn direction(&mut self, gradient: Tensor<1>) -> Tensor<1> {
        let gradient = gradient.mul_scalar(self.clip);
        let path = self.path.name();
        let [first, second] = self
            .moments
            .of
            .remove(&path)
            .unwrap_or_else(|| [gradient.zeros_like(), gradient.zeros_like()]);
        let first = first.mul_scalar(BETA_1) + gradient.clone().mul_scalar(1.0 - BETA_1);
        let second = second.mul_scalar(BETA_2) + gradient.square().mul_scalar(1.0 - BETA_2);
        let spread = second.clone().div_scalar(self.correction[1]).sqrt().add_scalar(EPSILON);
        let direction = first.clone().div_scalar(self.correction[0]) / spread;
        self.moments.of.insert(path, [first, second]);
        direction
    }
}

impl ModuleMapper for Mover<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.leave();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else { return param };
        let shape = gradient.dims();
        let count = shape.iter().product::<usize>();
        let direction = self.direction(gradient.reshape([count])).reshape(shape);
        let decay = if D > 1 { self.decay } else { 1.0 };
        let rate = self.rate;
        param.map(|old| {
            let moved = old.inner().mul_scalar(decay) - direction.mul_scalar(rate);
            Tensor::from_inner(moved).require_grad()
        })
    }
}
