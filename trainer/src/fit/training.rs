//! One training in memory: the network, its average, the optimiser's moments and the step count.
//!
//! **Invariant:** the state after step n depends on the plan and the batches alone; a training
//! that goes on from a [`Checkpoint`] gives the same bits as one that never stopped.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use thiserror::Error;

use super::average::{decay_at, follow};
use super::checkpoint::{Checkpoint, Seen};
use super::optimiser::{self, Moments, OptimiserConfig, StepAt};
use super::pass::Pass;
use super::schedule::rate_at;
use super::weights::{self, FitError};
use crate::device::Precision;
use crate::loss::{Loss, LossWeights, TargetMaps, Targets};
use crate::network::{Network, NetworkConfig};

/// What a training is made of.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The network.
    pub network: NetworkConfig,
    /// The loss.
    pub loss: LossWeights,
    /// The optimiser.
    pub optimiser: OptimiserConfig,
    /// What the network is computed in while it learns.
    pub precision: Precision,
    /// Steps in all: the length of the cosine.
    pub steps: u64,
    /// Seed of the random start and of dropout.
    pub seed: u64,
}

/// A training.
#[derive(Debug)]
pub struct Training {
    recipe: Recipe,
    device: Device,
    network: Network,
    average: Network,
    moments: Moments,
    step: u64,
    seen: Seen,
}

/// The figures of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepFigures {
    /// Counted from 1.
    pub step: u64,
    /// Learning rate.
    pub rate: f64,
    /// Length of the gradient before it was clipped.
    pub gradient_norm: f64,
    /// Parts of the loss.
    pub loss: Vec<(&'static str, f32)>,
}

/// Why a training cannot go on.
#[derive(Debug, Error)]
pub enum TrainingError {
    /// The loss is no number any more.
    #[error(
        "step {step}: the loss {part} is {value}; lower the learning rate, or look at the batch"
    )]
    Loss {
        /// Counted from 1.
        step: u64,
        /// Which part.
        part: &'static str,
        /// NaN or infinity.
        value: f32,
    },
    /// The gradient is no number any more.
    #[error("step {step}: the gradient's length is {norm}; lower the learning rate")]
    Gradient {
        /// Counted from 1.
        step: u64,
        /// NaN or infinity.
        norm: f64,
    },
}

impl Training {
    /// A new training from random weights.
    pub fn start(recipe: Recipe, device: &Device) -> Self {
        let device = device.clone().autodiff();
        device.seed(recipe.seed);
        let network = Network::init(&recipe.network, &device);
        // Weights are drawn when they are first looked at: do it now, in module order.
        let _drawn = weights::read(&network);
        let average = network.valid();
        let (moments, seen) = (Moments::default(), Seen::default());
        Self { recipe, device, network, average, moments, step: 0, seen }
    }

    /// A new training from the weights of another.
    pub fn start_from(
        recipe: Recipe,
        weights: &weights::Weights,
        device: &Device,
    ) -> Result<Self, FitError> {
        let mut training = Self::start(recipe, device);
        training.network = weights::write(training.network, weights)?;
        training.average = training.network.valid();
        Ok(training)
    }

    /// Goes on from `checkpoint`.
    pub fn resume(
        recipe: Recipe,
        checkpoint: &Checkpoint,
        device: &Device,
    ) -> Result<Self, FitError> {
        let mut training = Self::start_from(recipe, &checkpoint.network, device)?;
        training.average = weights::write(training.average, &checkpoint.average)?;
        training.moments = Moments::from_weights(&checkpoint.moments, device);
        training.step = checkpoint.step;
        training.seen = checkpoint.seen;
        Ok(training)
    }

    /// Steps done.
    pub fn step_count(&self) -> u64 {
        self.step
    }

    /// Notes a validation loss.
    pub fn look(&mut self, validation_loss: f64) {
        self.seen.look(validation_loss);
    }

    /// Looks at the validation loss since it was last better.
    pub fn stale_looks(&self) -> u64 {
        self.seen.looks
    }

    /// The moving average of the network, for inference.
    pub fn average(&self) -> &Network {
        &self.average
    }

    /// The state, for the disk.
    pub fn checkpoint(&self, stage: usize, plan: &str) -> Checkpoint {
        Checkpoint {
            step: self.step,
            stage,
            plan: plan.to_owned(),
            network: weights::read(&self.network.valid()),
            average: weights::read(&self.average),
            moments: self.moments.read(),
            seen: self.seen,
        }
    }

    /// Learns from one batch: `images` is `[batch, 3, height, width]`, normalised.
    pub fn learn(
        &mut self,
        images: &[f32],
        maps: &TargetMaps<'_>,
    ) -> Result<StepFigures, TrainingError> {
        let at = self.next_step();
        self.device.seed(self.recipe.seed.wrapping_add(at.step));
        let [batch, height, width] = maps.shape;
        let images = TensorData::new(images.to_vec(), [batch, 3, height, width]);
        let images = Tensor::from_data(images, &self.device.clone().inner());
        let targets = Targets::new(maps, &self.recipe.loss, &self.device);

        let Recipe { network: NetworkConfig { maps: kinds, .. }, precision, .. } = &self.recipe;
        let pass = Pass::forward(&self.network, images, kinds, *precision);
        let loss = Loss::of(pass.maps(), &targets);
        let parts = loss.values();
        if let Some(&(part, value)) = parts.iter().find(|(_, value)| !value.is_finite()) {
            return Err(TrainingError::Loss { step: at.step, part, value });
        }
        let gradients = pass.gradients(&loss.total(), &self.network);
        let gradient_norm = self.move_weights(gradients, at)?;
        Ok(StepFigures { step: at.step, rate: at.rate, gradient_norm, loss: parts })
    }

    /// The loss of the average on a batch, part by part; nothing is learnt.
    pub fn judge(&self, images: &[f32], maps: &TargetMaps<'_>) -> Vec<(&'static str, f32)> {
        let device = self.device.clone().inner();
        let [batch, height, width] = maps.shape;
        let images = TensorData::new(images.to_vec(), [batch, 3, height, width]);
        let targets = Targets::new(maps, &self.recipe.loss, &device);
        let images = Tensor::from_data(images, &device);
        Loss::of(&self.average.forward(images, &self.recipe.network.maps), &targets).values()
    }

    fn next_step(&self) -> StepAt {
        let step = self.step + 1;
        let OptimiserConfig { rate, warm_up_steps, .. } = self.recipe.optimiser;
        StepAt { step, rate: rate_at(step, self.recipe.steps, warm_up_steps, rate) }
    }

    fn move_weights(
        &mut self,
        gradients: GradientsParams,
        at: StepAt,
    ) -> Result<f64, TrainingError> {
        let optimiser = self.recipe.optimiser;
        let network = self.network.clone();
        let (network, stepped) =
            optimiser::step(network, gradients, &mut self.moments, &optimiser, at);
        if !stepped.gradient_norm.is_finite() {
            return Err(TrainingError::Gradient { step: at.step, norm: stepped.gradient_norm });
        }
        let decay = decay_at(at.step, optimiser.average_decay);
        self.average = follow(self.average.clone(), &network, decay);
        self.network = network;
        self.step = at.step;
        Ok(stepped.gradient_norm)
    }
}
