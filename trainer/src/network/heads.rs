//! What reads the trunk: one 1×1 convolution for all maps at full resolution, and the class head.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, Tensor, module::interpolate};

use super::block::pointwise;
use super::class_head::ClassHead;
use super::{MapKind, NetworkConfig};

/// The heads' part of a [`NetworkConfig`].
#[derive(Clone, Debug, PartialEq)]
pub struct HeadsConfig {
    /// Channels of all maps together.
    pub surface_channels: usize,
    /// Classes.
    pub classes: usize,
    /// Levels that the class head reads, finest first; empty without classes.
    pub class_levels: Vec<usize>,
    /// Dropout in the class head.
    pub class_dropout: f64,
}

impl HeadsConfig {
    /// The heads that `config` asks for.
    pub fn of(config: &NetworkConfig) -> Self {
        Self {
            surface_channels: config.maps.iter().copied().map(MapKind::channels).sum(),
            classes: config.classes,
            class_levels: config.class_levels.clone(),
            class_dropout: config.class_dropout,
        }
    }
}

/// The heads of a network.
#[derive(Module, Debug)]
pub struct Heads {
    surface: Option<Conv2d>,
    class: Option<ClassHead>,
}

impl Heads {
    /// Heads on a trunk with `widths` channels by level, finest first.
    pub fn init(widths: &[usize], config: &HeadsConfig, device: &Device) -> Self {
        Self {
            surface: (config.surface_channels > 0)
                .then(|| pointwise(widths[0], config.surface_channels, device)),
            class: (config.classes > 0).then(|| ClassHead::init(widths, config, device)),
        }
    }

    /// Logits of the maps from the finest features.
    pub fn surface(&self, features: Tensor<4>) -> Option<Tensor<4>> {
        self.surface.as_ref().map(|conv| conv.forward(features))
    }

    /// Logits of the classes at full resolution, from the features of all levels, finest first.
    pub fn classes(&self, features: &[Tensor<4>]) -> Option<Tensor<4>> {
        self.class.as_ref().map(|head| head.forward(features))
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
