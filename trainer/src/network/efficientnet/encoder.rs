//! The encoder: a stem and sixteen inverted residual blocks (Sandler et al. 2018) in seven stages.
//!
//! Convolutions are padded evenly on both sides. The weights were trained with padding on the right
//! and below alone where a stride halves an even map (`SAME` of TensorFlow); the features are the
//! same, sampled one pixel off.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

use super::Depthwise;

/// Channels after the stem.
const STEM_WIDTH: usize = 32;
/// Epsilon of the normalisations in training of the published weights.
const EPSILON: f64 = 1e-3;
/// Where `ReLU6` ends.
const RELU6_MAX: f64 = 6.0;
/// Stages whose features are given, from 1: the last ones at each resolution.
const GIVEN_STAGES: [usize; 5] = [1, 2, 3, 5, 7];

/// A stage: blocks of the same width.
struct Stage {
    expansion: usize,
    width: usize,
    blocks: usize,
    stride: usize,
    kernel_px: usize,
}

/// Table 1 of the paper, with the width and depth of `Lite0`.
#[rustfmt::skip]
const STAGES: [Stage; 7] = [
    Stage { expansion: 1, width: 16, blocks: 1, stride: 1, kernel_px: 3 },
    Stage { expansion: 6, width: 24, blocks: 2, stride: 2, kernel_px: 3 },
    Stage { expansion: 6, width: 40, blocks: 2, stride: 2, kernel_px: 5 },
    Stage { expansion: 6, width: 80, blocks: 3, stride: 2, kernel_px: 3 },
    Stage { expansion: 6, width: 112, blocks: 3, stride: 1, kernel_px: 5 },
    Stage { expansion: 6, width: 192, blocks: 4, stride: 2, kernel_px: 5 },
    Stage { expansion: 6, width: 320, blocks: 1, stride: 1, kernel_px: 3 },
];

/// The encoder.
#[derive(Module, Debug)]
pub struct Encoder {
    stem: Unit,
    blocks: Vec<InvertedResidual>,
}

/// Widens by a 1×1 convolution, looks around by a depthwise one, narrows by a 1×1 one.
#[derive(Module, Debug)]
struct InvertedResidual {
    expand: Option<Unit>,
    depthwise: Unit,
    project: Unit,
    residual: bool,
}

/// A convolution without bias and its normalisation.
#[derive(Module, Debug)]
struct Unit {
    conv: Conv2d,
    norm: BatchNorm,
}

/// The geometry of a [`Unit`].
#[derive(Clone, Copy)]
struct Geometry {
    kernel_px: usize,
    stride: usize,
    groups: usize,
}

const POINTWISE: Geometry = Geometry { kernel_px: 1, stride: 1, groups: 1 };

impl Encoder {
    pub(super) fn init(depthwise: Depthwise, device: &Device) -> Self {
        let stem = Geometry { kernel_px: 3, stride: 2, groups: 1 };
        let mut channels = STEM_WIDTH;
        let mut blocks = Vec::new();
        for stage in &STAGES {
            for block in 0..stage.blocks {
                let stride = if block == 0 { stage.stride } else { 1 };
                let made = InvertedResidual::init(channels, stage, stride, device);
                blocks.push(made.with(depthwise));
                channels = stage.width;
            }
        }
        Self { stem: Unit::init(3, STEM_WIDTH, stem, device), blocks }
    }

    /// The features at 1/2, 1/4, 1/8, 1/16 and 1/32 of the resolution.
    pub(super) fn forward(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        let mut x = self.stem.active(images);
        let mut blocks = self.blocks.iter();
        let mut features = Vec::with_capacity(GIVEN_STAGES.len());
        for (number, stage) in (1..).zip(&STAGES) {
            for block in blocks.by_ref().take(stage.blocks) {
                x = block.forward(x);
            }
            if GIVEN_STAGES.contains(&number) {
                features.push(x.clone());
            }
        }
        features
    }
}

impl InvertedResidual {
    fn init(channels: usize, stage: &Stage, stride: usize, device: &Device) -> Self {
        let wide = channels * stage.expansion;
        let around = Geometry { kernel_px: stage.kernel_px, stride, groups: wide };
        Self {
            expand: (stage.expansion > 1).then(|| Unit::init(channels, wide, POINTWISE, device)),
            depthwise: Unit::init(wide, wide, around, device),
            project: Unit::init(wide, stage.width, POINTWISE, device),
            residual: stride == 1 && channels == stage.width,
        }
    }

    fn with(mut self, depthwise: Depthwise) -> Self {
        if depthwise == Depthwise::Frozen {
            self.depthwise.conv = self.depthwise.conv.no_grad();
        }
        self
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let wide = self.expand.as_ref().map_or_else(|| x.clone(), |unit| unit.active(x.clone()));
        let y = self.project.linear(self.depthwise.active(wide));
        if self.residual { x + y } else { y }
    }
}

impl Unit {
    fn init(channels_in: usize, channels_out: usize, geometry: Geometry, device: &Device) -> Self {
        let Geometry { kernel_px, stride, groups } = geometry;
        let edge = kernel_px / 2;
        let conv = Conv2dConfig::new([channels_in, channels_out], [kernel_px, kernel_px])
            .with_stride([stride, stride])
            .with_groups(groups)
            .with_padding(PaddingConfig2d::Explicit(edge, edge, edge, edge))
            .with_bias(false)
            .init(device);
        let norm = BatchNormConfig::new(channels_out).with_epsilon(EPSILON).init(device);
        Self { conv, norm }
    }

    fn linear(&self, x: Tensor<4>) -> Tensor<4> {
        self.norm.forward(self.conv.forward(x))
    }

    fn active(&self, x: Tensor<4>) -> Tensor<4> {
        self.linear(x).clamp(0.0, RELU6_MAX)
    }
}
