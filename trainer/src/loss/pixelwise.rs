//! Errors of single pixels, as tensors of the input's shape.

use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Tensor, TensorData};

/// Where the smooth L1 error turns from a parabola into a line.
const SMOOTH_L1_BETA: f32 = 0.1;
/// Width of the gradient filter.
const GRADIENT_PX: usize = 5;

/// `max(x, 0) - x·y + ln(1 + e^-|x|)`: stable for any logit.
pub(super) fn binary_cross_entropy(logit: Tensor<4>, target: Tensor<4>) -> Tensor<4> {
    let rest = logit.clone().abs().neg().exp().log1p();
    logit.clone().clamp_min(0.0) - logit * target + rest
}

/// One minus the soft Dice of `probability` and `target` over the pixels where `inside` is 1.
pub(super) fn dice(probability: Tensor<4>, target: Tensor<4>, inside: Tensor<4>) -> Tensor<1> {
    let probability = probability * inside.clone();
    let target = target * inside;
    let both = (probability.clone() * target.clone()).sum();
    let either = probability.sum() + target.sum();
    let overlap = (both.mul_scalar(2.0).add_scalar(1.0)) / either.add_scalar(1.0);
    overlap.neg().add_scalar(1.0)
}

/// `error² / 2β` below β, `|error| - β/2` above.
pub(super) fn smooth_l1(error: Tensor<4>) -> Tensor<4> {
    let size = error.abs();
    let bent = size.clone().clamp_max(SMOOTH_L1_BETA);
    (bent.clone() * (size - bent.mul_scalar(0.5))).div_scalar(SMOOTH_L1_BETA)
}

/// Horizontal gradient of channel 0 and vertical gradient of channel 1, zero beyond the border.
pub(super) fn offset_gradient(offsets: Tensor<4>) -> Tensor<4> {
    let filters = Tensor::from_data(gradient_filters(), &offsets.device());
    let half = GRADIENT_PX / 2;
    conv2d(offsets, filters, None, ConvOptions::new([1, 1], [half, half], [1, 1], 2))
}

/// HoVer-Net's gradient filters, `x / (x² + y²)` and `y / (x² + y²)`, as `[2, 1, 5, 5]`.
fn gradient_filters() -> TensorData {
    let half = GRADIENT_PX as i32 / 2;
    let at = |axis: usize, row: i32, column: i32| {
        let offset = [column, row][axis];
        offset as f32 / (column * column + row * row).max(1) as f32
    };
    let filter = |axis| {
        (-half..=half).flat_map(move |row| (-half..=half).map(move |column| at(axis, row, column)))
    };
    let values: Vec<f32> = (0..2).flat_map(filter).collect();
    TensorData::new(values, [2, 1, GRADIENT_PX, GRADIENT_PX])
}
