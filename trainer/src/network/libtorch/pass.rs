//! The layers of a pass, and the parameters that it has met.

#![expect(deprecated, reason = "the version of burn is fixed in the manifest")]

use burn::backend::LibTorch;
use burn::backend::libtorch::TchTensor;
use burn::module::{Param, ParamId};
use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use tch::Kind;

use crate::device::Precision;
use crate::network::block::ConvNorm;

/// A pass under way: parameters are shared with the module, not copied.
#[derive(Debug)]
pub(super) struct Pass {
    kind: Kind,
    /// Every parameter met, with the number of its dimensions.
    leaves: Vec<(ParamId, usize)>,
    tensors: Vec<tch::Tensor>,
}

impl Pass {
    pub(super) fn new(precision: Precision) -> Self {
        let kind = match precision {
            Precision::F32 => Kind::Float,
            Precision::Bf16 => Kind::BFloat16,
        };
        Self { kind, leaves: Vec::new(), tensors: Vec::new() }
    }

    /// `images` as the pass wants them.
    pub(super) fn images(&self, images: &tch::Tensor) -> tch::Tensor {
        channels_last(&images.to_kind(self.kind))
    }

    /// 3×3 convolution, batch normalisation, `ReLU`.
    pub(super) fn conv_norm(&mut self, block: &ConvNorm, x: &tch::Tensor) -> tch::Tensor {
        let kernel = self.kernel(&block.conv);
        let y = x.conv2d(&kernel, None::<tch::Tensor>, [1, 1], [1, 1], [1, 1], 1);
        self.normalised(&block.norm, &y).relu_()
    }

    /// 1×1 convolution with bias.
    pub(super) fn pointwise(&mut self, conv: &Conv2d, x: &tch::Tensor) -> tch::Tensor {
        let kernel = self.kernel(conv);
        let bias = conv.bias.as_ref().map(|bias| self.leaf(bias).to_kind(self.kind));
        x.conv2d(&kernel, bias, [1, 1], [0, 0], [1, 1], 1)
    }

    /// [`Pass::pointwise`] as logits: single precision, row-major.
    pub(super) fn logits(&mut self, conv: &Conv2d, x: &tch::Tensor) -> tch::Tensor {
        self.pointwise(conv, x).to_kind(Kind::Float).contiguous()
    }

    /// The gradient of the sum of `scalars`, by parameter.
    pub(super) fn gradients(self, scalars: &[tch::Tensor]) -> GradientsParams {
        let found = tch::Tensor::run_backward(scalars, &self.tensors, false, false);
        let mut gradients = GradientsParams::new();
        for ((id, rank), gradient) in self.leaves.into_iter().zip(found) {
            let gradient = gradient.contiguous();
            match rank {
                1 => gradients.register(id, from_libtorch::<1>(gradient)),
                _ => gradients.register(id, from_libtorch::<4>(gradient)),
            }
        }
        gradients
    }

    fn kernel(&mut self, conv: &Conv2d) -> tch::Tensor {
        channels_last(&self.leaf(&conv.weight).to_kind(self.kind))
    }

    fn leaf<const D: usize>(&mut self, param: &Param<Tensor<D>>) -> tch::Tensor {
        let leaf = shared(param.val()).detach().set_requires_grad(true);
        self.leaves.push((param.id, D));
        self.tensors.push(leaf.shallow_clone());
        leaf
    }

    /// Normalises by the batch and moves the running statistics of `norm`.
    fn normalised(&mut self, norm: &BatchNorm, x: &tch::Tensor) -> tch::Tensor {
        let scale = self.leaf(&norm.gamma);
        let shift = self.leaf(&norm.beta);
        let mean = shared(norm.running_mean.value_sync()).copy();
        let old_variance = shared(norm.running_var.value_sync());
        let variance = old_variance.copy();
        let y = x.batch_norm(
            Some(&scale),
            Some(&shift),
            Some(&mean),
            Some(&variance),
            true,
            norm.momentum,
            norm.epsilon,
            false,
        );
        let variance = biased(&variance, &(old_variance * (1.0 - norm.momentum)), x);
        norm.running_mean.update(Tensor::from_inner(from_libtorch(mean)));
        norm.running_var.update(Tensor::from_inner(from_libtorch(variance)));
        y
    }
}

/// libtorch's running variance takes in the unbiased variance of the batch, burn's the biased one:
/// what was `added` to the `kept` share of the old is less by `(n - 1) / n`.
fn biased(variance: &tch::Tensor, kept: &tch::Tensor, batch: &tch::Tensor) -> tch::Tensor {
    let size = batch.size();
    let count = (size[0] * size[2] * size[3]) as f64;
    kept + (variance - kept) * ((count - 1.0) / count)
}

/// Twice the size, each pixel four times.
pub(super) fn enlarge_nearest(x: &tch::Tensor) -> tch::Tensor {
    let size = x.size();
    x.upsample_nearest2d([size[2] * 2, size[3] * 2], None, None)
}

/// `factor` times the size; pixel centres stay where they are.
pub(super) fn enlarge_bilinear(x: &tch::Tensor, factor: i64) -> tch::Tensor {
    if factor == 1 {
        return x.shallow_clone();
    }
    let size = x.size();
    x.upsample_bilinear2d([size[2] * factor, size[3] * factor], false, None, None)
}

/// The same values, a pixel's channels side by side.
fn channels_last(x: &tch::Tensor) -> tch::Tensor {
    x.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2])
}

/// The memory of a network's `tensor`.
fn shared<const D: usize>(tensor: Tensor<D>) -> tch::Tensor {
    to_libtorch(tensor).expect("a network lies where its images lie")
}

/// The memory of `tensor`, where libtorch has it.
pub(super) fn to_libtorch<const D: usize>(tensor: Tensor<D>) -> Option<tch::Tensor> {
    tensor.inner().try_into_primitive::<LibTorch>().ok().map(|primitive| primitive.tensor)
}

/// `tensor` for burn, outside autodiff.
pub(super) fn from_libtorch<const D: usize>(tensor: tch::Tensor) -> Tensor<D> {
    Tensor::from_primitive::<LibTorch>(TchTensor::new(tensor))
}
