//! The building stone of the networks: convolution, batch normalisation, `ReLU`.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor, activation};

/// A 3×3 convolution without bias, batch normalisation, `ReLU`; keeps the size.
#[derive(Module, Debug)]
pub struct ConvNorm {
    pub(super) conv: Conv2d,
    pub(super) norm: BatchNorm,
}

impl ConvNorm {
    /// From `channels_in` to `channels_out`.
    pub fn init(channels_in: usize, channels_out: usize, device: &Device) -> Self {
        let conv = Conv2dConfig::new([channels_in, channels_out], [3, 3])
            .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
            .with_bias(false)
            .init(device);
        Self { conv, norm: BatchNormConfig::new(channels_out).init(device) }
    }

    /// `[batch, channels_in, h, w]` to `[batch, channels_out, h, w]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        activation::relu(self.norm.forward(self.conv.forward(x)))
    }
}

/// Two [`ConvNorm`] in a row.
#[derive(Module, Debug)]
pub struct Block {
    pub(super) first: ConvNorm,
    pub(super) second: ConvNorm,
}

impl Block {
    /// From `channels_in` to `channels_out`.
    pub fn init(channels_in: usize, channels_out: usize, device: &Device) -> Self {
        Self {
            first: ConvNorm::init(channels_in, channels_out, device),
            second: ConvNorm::init(channels_out, channels_out, device),
        }
    }

    /// `[batch, channels_in, h, w]` to `[batch, channels_out, h, w]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.second.forward(self.first.forward(x))
    }
}

/// A 1×1 convolution with bias.
pub fn pointwise(channels_in: usize, channels_out: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new([channels_in, channels_out], [1, 1]).init(device)
}
