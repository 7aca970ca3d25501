//! The networks through libtorch's own kernels and its own record of the way back.
//!
//! burn composes batch normalisation and the gradient of a convolution from smaller operations;
//! libtorch has both as one kernel, prefers channels last on a CPU, and can convolve in bfloat16
//! while the weights stay in single precision (Micikevicius et al. 2018). So on this back end a
//! training step crosses the network here, and burn's autodiff sees the logits as leaves.
//!
//! **Invariant:** in single precision the logits, the gradients and the running statistics are
//! those of [`Network::forward`], up to rounding.

mod pass;

use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use super::block::Block;
use super::class_head::ClassHead;
use super::{MapKind, Maps, Network, UNet};
use crate::device::Precision;
use pass::{Pass, from_libtorch, to_libtorch};

/// A pass through a network that can be gone back.
#[derive(Debug)]
pub(crate) struct Recorded {
    maps: Maps,
    pass: Pass,
    logits: Logits<tch::Tensor>,
}

/// What a network gives, before it is divided into maps.
#[derive(Debug)]
struct Logits<T> {
    surface: Option<T>,
    classes: Option<T>,
}

impl Recorded {
    /// Sends `images`, `[batch, 3, height, width]`, through `network` in training; `None` where
    /// they are on another back end, or the network has no such road. The running statistics move as in [`Network::forward`].
    pub(crate) fn forward(
        network: &Network,
        images: Tensor<4>,
        kinds: &[MapKind],
        precision: Precision,
    ) -> Option<Self> {
        let images = to_libtorch(images)?;
        let mut pass = Pass::new(precision);
        let images = pass.images(&images);
        let logits = match network {
            Network::Unet(unet) => unet_logits(&mut pass, unet, images),
            Network::EfficientnetLite0(_) => return None,
        };
        let leaf = |logits: &tch::Tensor| {
            Tensor::from_inner(from_libtorch::<4>(logits.detach())).require_grad()
        };
        let maps = Maps {
            kinds: kinds.to_vec(),
            surface: logits.surface.as_ref().map(leaf),
            classes: logits.classes.as_ref().map(leaf),
        };
        Some(Self { maps, pass, logits })
    }

    /// The maps; their gradient ends at the logits.
    pub(crate) fn maps(&self) -> &Maps {
        &self.maps
    }

    /// The gradient of `loss`, which was worked out from [`Recorded::maps`], by parameter.
    pub(crate) fn gradients(self, loss: &Tensor<1>) -> GradientsParams {
        let at_maps = loss.backward();
        let pull = |logits: Option<tch::Tensor>, leaf: &Option<Tensor<4>>| {
            let gradient = to_libtorch(leaf.as_ref()?.grad(&at_maps)?)?;
            Some((logits? * gradient).sum(tch::Kind::Float))
        };
        let surface = pull(self.logits.surface, &self.maps.surface);
        let classes = pull(self.logits.classes, &self.maps.classes);
        self.pass.gradients(&surface.into_iter().chain(classes).collect::<Vec<_>>())
    }
}

fn unet_logits(pass: &mut Pass, unet: &UNet, images: tch::Tensor) -> Logits<tch::Tensor> {
    let mut features = encode(pass, unet, images);
    for (level, (narrow, stage)) in unet.narrow.iter().zip(&unet.decoder).enumerate().rev() {
        let mut coarse = pass::enlarge_nearest(&pass.pointwise(narrow, &features[level + 1]));
        features[level] = block(pass, stage, &coarse.g_add_(&features[level]));
    }
    let classes = unet.heads.class.as_ref().map(|head| class_logits(pass, head, &features));
    let surface = unet.heads.surface.as_ref().map(|conv| pass.logits(conv, &features[0]));
    Logits { surface, classes }
}

/// The features of each level, finest first.
fn encode(pass: &mut Pass, unet: &UNet, images: tch::Tensor) -> Vec<tch::Tensor> {
    let mut x = images;
    let mut features = Vec::with_capacity(unet.encoder.len());
    for (level, stage) in unet.encoder.iter().enumerate() {
        if level > 0 {
            x = x.max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false);
        }
        x = block(pass, stage, &x);
        features.push(x.shallow_clone());
    }
    features
}

fn block(pass: &mut Pass, block: &Block, x: &tch::Tensor) -> tch::Tensor {
    let x = pass.conv_norm(&block.first, x);
    pass.conv_norm(&block.second, &x)
}

fn class_logits(pass: &mut Pass, head: &ClassHead, features: &[tch::Tensor]) -> tch::Tensor {
    let finest = head.levels[0];
    let mut beside = vec![features[finest].shallow_clone()];
    for (narrow, &level) in head.context.iter().zip(&head.levels[1..]) {
        let context = pass.pointwise(narrow, &features[level]);
        beside.push(pass::enlarge_bilinear(&context, 1 << (level - finest)));
    }
    let x = pass.conv_norm(&head.features, &tch::Tensor::cat(&beside, 1));
    let kept = x.dropout(head.dropout.prob, true);
    pass::enlarge_bilinear(&pass.logits(&head.class, &kept), 1 << finest)
}

#[cfg(test)]
mod tests;
