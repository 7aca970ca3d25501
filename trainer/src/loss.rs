//! What a network is punished for.
//!
//! Each part is a sum over pixels of an error times a *weight map*. The weight maps come from the
//! host and hold everything that is no gradient: which pixels are annotated, the part's factor and
//! the division by the number of pixels. So partial labels (a data set without classes, dots
//! without outlines) need no branch here, and a batch costs few tensor operations.
//!
//! - `np`: binary cross-entropy, plus soft Dice on wholly annotated pixels (Milletari et al. 2016).
//! - `hv`: mean square of the offset and of its gradient in nuclei (HoVer-Net, Graham et al. 2019,
//!   equations 3 and 4, with a 5×5 gradient).
//! - `dist`: smooth L1 of the normalised distance.
//! - `edge`: as `np`.
//! - `class`: cross-entropy with class weights where a class is known.

mod pixelwise;
mod targets;

use burn::tensor::{Tensor, activation};

use crate::network::{MapKind, Maps};
use pixelwise::{binary_cross_entropy, dice, offset_gradient, smooth_l1};
pub use targets::{LossWeights, SurfaceMaps, TargetMaps, Targets};

/// The loss of a batch, part by part, each already times its factor.
#[derive(Clone, Debug)]
pub struct Loss {
    parts: Vec<(&'static str, Tensor<1>)>,
}

impl Loss {
    /// The loss of `maps` against `targets`.
    pub fn of(maps: &Maps, targets: &Targets) -> Self {
        let mut parts = Vec::new();
        if let Some(surface) = &targets.surface {
            add_surface_parts(&mut parts, maps, surface);
        }
        if let Some(logits) = &maps.classes {
            let log_probability = activation::log_softmax(logits.clone(), 1);
            parts.push(("class", (log_probability * targets.class.clone()).sum().neg()));
        }
        Self { parts }
    }

    /// The whole loss.
    ///
    /// # Panics
    /// If the network gives nothing; a checked plan asks for an output.
    pub fn total(&self) -> Tensor<1> {
        self.tensors().reduce(|a, b| a + b).expect("a network has at least one output")
    }

    /// Names and values of the parts; one read from the device.
    pub fn values(&self) -> Vec<(&'static str, f32)> {
        let all = Tensor::cat(self.tensors().map(Tensor::inner).collect(), 0);
        let values = all.into_data().iter::<f32>().collect::<Vec<_>>();
        self.parts.iter().map(|(name, _)| *name).zip(values).collect()
    }

    fn tensors(&self) -> impl Iterator<Item = Tensor<1>> {
        self.parts.iter().map(|(_, tensor)| tensor.clone())
    }
}

fn add_surface_parts(
    parts: &mut Vec<(&'static str, Tensor<1>)>,
    maps: &Maps,
    targets: &targets::Surface,
) {
    if let Some(logit) = maps.get(MapKind::Np) {
        parts.push(("np", mask_loss(logit, &targets.np)));
    }
    if let Some(hv) = maps.get(MapKind::Hv) {
        parts.push(("hv", offset_loss(hv, targets)));
    }
    if let Some(dist) = maps.get(MapKind::Dist) {
        let error = smooth_l1(dist - targets.dist.value.clone());
        parts.push(("dist", (error * targets.dist.weight.clone()).sum()));
    }
    if let Some(logit) = maps.get(MapKind::Edge) {
        parts.push(("edge", mask_loss(logit, &targets.edge)));
    }
}

fn mask_loss(logit: Tensor<4>, target: &targets::Mask) -> Tensor<1> {
    let entropy = binary_cross_entropy(logit.clone(), target.value.clone());
    let overlap = dice(activation::sigmoid(logit), target.value.clone(), target.inside.clone());
    (entropy * target.weight.clone()).sum() + overlap.mul_scalar(target.dice_factor)
}

fn offset_loss(hv: Tensor<4>, targets: &targets::Surface) -> Tensor<1> {
    let error = hv - targets.hv.value.clone();
    let gradient = offset_gradient(error.clone());
    let square = error.clone() * error;
    (square * targets.hv.weight.clone()).sum()
        + (gradient.clone() * gradient * targets.hv_gradient_weight.clone()).sum()
}
