//! EfficientNet-Lite0 (Tan and Le 2019; the `Lite` variant of 2020: no squeeze-and-excitation,
//! `ReLU6`) with the decoder of [`super::UNet`]: the trunk to take where weights that have seen a
//! million photographs are worth more than speed.
//!
//! Its encoder halves the image at once, so the finest level is read from the image itself by one
//! 3×3 convolution. Levels, finest first, at 1/2^i of the resolution: that skin, then the encoder
//! after its stages 1, 2, 3, 5 and 7. Width and height of an input are multiples of 32.

mod encoder;
pub mod imagenet;

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::ops::InterpolateMode;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::block::{Block, ConvNorm, pointwise};
use super::heads::{Heads, HeadsConfig, upsample};
pub use encoder::Encoder;

/// Channels of each level, finest first.
pub const WIDTHS: [usize; 6] = [16, 16, 24, 40, 112, 320];

/// Whether the depthwise convolutions of the encoder are trained. Their gradient is slow on a CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Depthwise {
    /// They are trained as all others.
    Trained,
    /// They stay as they were read; the normalisation after them is trained.
    Frozen,
}

/// The network with its heads.
#[derive(Module, Debug)]
pub struct EfficientNet {
    encoder: Encoder,
    skin: ConvNorm,
    narrow: Vec<Conv2d>,
    decoder: Vec<Block>,
    heads: Heads,
}

impl EfficientNet {
    /// A network with random weights.
    pub fn init(depthwise: Depthwise, heads: &HeadsConfig, device: &Device) -> Self {
        let pairs = || WIDTHS.iter().zip(&WIDTHS[1..]);
        Self {
            encoder: Encoder::init(depthwise, device),
            skin: ConvNorm::init(3, WIDTHS[0], device),
            narrow: pairs().map(|(&fine, &coarse)| pointwise(coarse, fine, device)).collect(),
            decoder: pairs().map(|(&fine, _)| Block::init(fine, fine, device)).collect(),
            heads: Heads::init(&WIDTHS, heads, device),
        }
    }

    /// Logits of the maps and of the classes.
    pub fn forward(&self, images: Tensor<4>) -> (Option<Tensor<4>>, Option<Tensor<4>>) {
        let mut features = vec![self.skin.forward(images.clone())];
        features.extend(self.encoder.forward(images));
        for (level, (narrow, block)) in self.narrow.iter().zip(&self.decoder).enumerate().rev() {
            let coarse = narrow.forward(features[level + 1].clone());
            let coarse = upsample(coarse, InterpolateMode::Nearest, 2);
            features[level] = block.forward(coarse + features[level].clone());
        }
        let classes = self.heads.classes(&features);
        (self.heads.surface(features.swap_remove(0)), classes)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;
    use crate::fit::weights;

    fn heads() -> HeadsConfig {
        HeadsConfig {
            surface_channels: 4,
            classes: 3,
            class_levels: vec![1, 2, 5],
            class_dropout: 0.0,
        }
    }

    #[test]
    fn logits_have_the_size_of_the_image() {
        let device = Device::flex();
        let images = Tensor::random([1, 3, 32, 64], Distribution::Normal(0.0, 1.0), &device);

        let network = EfficientNet::init(Depthwise::Trained, &heads(), &device);
        let (surface, classes) = network.forward(images);

        assert_eq!(surface.unwrap().dims(), [1, 4, 32, 64]);
        assert_eq!(classes.unwrap().dims(), [1, 3, 32, 64]);
    }

    #[test]
    fn frozen_depthwise_convolutions_get_no_gradient_and_all_others_do() {
        let device = Device::flex().autodiff();
        let images = Tensor::random([2, 3, 32, 32], Distribution::Normal(0.0, 1.0), &device);
        for (depthwise, frozen) in [(Depthwise::Trained, 0), (Depthwise::Frozen, 16)] {
            let network = EfficientNet::init(depthwise, &heads(), &device);
            let (surface, classes) = network.forward(images.clone());
            let loss =
                surface.unwrap().powi_scalar(2).sum() + classes.unwrap().powi_scalar(2).sum();

            let gradients = burn::optim::GradientsParams::from_grads(loss.backward(), &network);

            let statistics =
                weights::read(&network).keys().filter(|path| path.contains("running_")).count();
            let trained = weights::read(&network).len() - statistics;
            assert_eq!(gradients.len(), trained - frozen, "{depthwise:?}");
        }
    }
}
