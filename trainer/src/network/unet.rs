//! A plain U-Net with additive skips (Ronneberger et al. 2015; addition instead of concatenation
//! after Chaurasia and Culurciello 2017, `LinkNet`): cheap to train on a CPU, and free of depthwise
//! and transposed convolutions, which CPUs train slowly and TensorRT treats unevenly.
//!
//! Level `i` has `widths[i]` channels at 1/2^i of the resolution. The decoder narrows the coarse
//! side by a 1×1 convolution *before* it enlarges it, and adds the skip.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::tensor::ops::InterpolateMode;
use burn::tensor::{Device, Tensor};

use super::block::{Block, pointwise};
use super::heads::{Heads, HeadsConfig, upsample};

/// The U-Net with its heads.
#[derive(Module, Debug)]
pub struct UNet {
    encoder: Vec<Block>,
    narrow: Vec<Conv2d>,
    decoder: Vec<Block>,
    heads: Heads,
    pool: MaxPool2d,
}

impl UNet {
    /// A U-Net with `widths` channels by level, finest first; at least two levels.
    pub fn init(widths: &[usize], heads: &HeadsConfig, device: &Device) -> Self {
        let inputs = [3].into_iter().chain(widths.iter().copied());
        let pairs = || widths.iter().zip(&widths[1..]);
        Self {
            encoder: inputs.zip(widths).map(|(i, &o)| Block::init(i, o, device)).collect(),
            narrow: pairs().map(|(&fine, &coarse)| pointwise(coarse, fine, device)).collect(),
            decoder: pairs().map(|(&fine, _)| Block::init(fine, fine, device)).collect(),
            heads: Heads::init(widths, heads, device),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
        }
    }

    /// Logits of the maps and of the classes.
    pub fn forward(&self, images: Tensor<4>) -> (Option<Tensor<4>>, Option<Tensor<4>>) {
        // The decoder's features take the place of the encoder's, but at the coarsest level.
        let mut features = self.encode(images);
        for (level, (narrow, block)) in self.narrow.iter().zip(&self.decoder).enumerate().rev() {
            let coarse = narrow.forward(features[level + 1].clone());
            let coarse = upsample(coarse, InterpolateMode::Nearest, 2);
            features[level] = block.forward(coarse + features[level].clone());
        }
        let classes = self.heads.classes(&features);
        (self.heads.surface(features.swap_remove(0)), classes)
    }

    /// The features of each level, finest first.
    fn encode(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        let mut x = images;
        let mut features = Vec::with_capacity(self.encoder.len());
        for (level, block) in self.encoder.iter().enumerate() {
            if level > 0 {
                x = self.pool.forward(x);
            }
            x = block.forward(x);
            features.push(x.clone());
        }
        features
    }
}
