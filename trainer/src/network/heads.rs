//! What reads the trunk: one 1×1 convolution for all maps at full resolution, and the class head,
//! which leaves at a coarser level, since classes need context and no sharp edges.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, Tensor, module::interpolate};

use super::block::{ConvNorm, pointwise};
use super::{MapKind, NetworkConfig};

/// The heads' part of a [`NetworkConfig`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadsConfig {
    /// Channels of all maps together.
    pub surface_channels: usize,
    /// Classes.
    pub classes: usize,
    /// Level that the class head reads.
    pub class_level: usize,
    /// Dropout in the class head.
    pub class_dropout: f64,
}

impl HeadsConfig {
    /// The heads that `config` asks for.
    pub fn of(config: &NetworkConfig) -> Self {
        Self {
            surface_channels: config.maps.iter().copied().map(MapKind::channels).sum(),
            classes: config.classes,
            class_level: config.class_level,
            class_dropout: config.class_dropout,
        }
    }
}

/// The heads of a network.
#[derive(Module, Debug)]
pub struct Heads {
    pub(super) surface: Option<Conv2d>,
    pub(super) class_features: Option<ConvNorm>,
    pub(super) class_dropout: Dropout,
    pub(super) class: Option<Conv2d>,
    class_level: usize,
}

impl Heads {
    /// Heads on a trunk whose decoder has `widths` channels by level, finest first.
    pub fn init(widths: &[usize], config: &HeadsConfig, device: &Device) -> Self {
        let with_classes = config.classes > 0;
        let width = widths[config.class_level];
        Self {
            surface: (config.surface_channels > 0)
                .then(|| pointwise(widths[0], config.surface_channels, device)),
            class_features: with_classes.then(|| ConvNorm::init(width, width, device)),
            class_dropout: DropoutConfig::new(config.class_dropout).init(),
            class: with_classes.then(|| pointwise(width, config.classes, device)),
            class_level: config.class_level,
        }
    }

    /// The level whose features [`Heads::classes`] reads.
    pub fn class_level(&self) -> usize {
        self.class_level
    }

    /// Logits of the maps from the finest features.
    pub fn surface(&self, features: Tensor<4>) -> Option<Tensor<4>> {
        self.surface.as_ref().map(|conv| conv.forward(features))
    }

    /// Logits of the classes, brought to full resolution.
    pub fn classes(&self, features: Tensor<4>) -> Option<Tensor<4>> {
        let (block, conv) = self.class_features.as_ref().zip(self.class.as_ref())?;
        let logits = conv.forward(self.class_dropout.forward(block.forward(features)));
        Some(upsample(logits, InterpolateMode::Bilinear, 1 << self.class_level))
    }
}

/// Enlarges `x` `factor` times; pixel centres stay where they are.
pub(super) fn upsample(x: Tensor<4>, mode: InterpolateMode, factor: usize) -> Tensor<4> {
    if factor == 1 {
        return x;
    }
    let [_, _, height, width] = x.dims();
    let options = InterpolateOptions::new(mode)
        .with_align_corners(false)
        .with_output_size([height * factor, width * factor]);
    interpolate(x, options)
}
