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
///
/// The samples of a batch lie side by side as channels of one image: depthwise kernels work on
/// many channels at once, and two would leave them idle.
pub(super) fn offset_gradient(offsets: Tensor<4>) -> Tensor<4> {
    let shape = offsets.dims();
    let [batch, channels, height, width] = shape;
    let all = batch * channels;
    let filters = Tensor::<4>::from_data(gradient_filters(), &offsets.device());
    let half = GRADIENT_PX / 2;
    let options = ConvOptions::new([1, 1], [half, half], [1, 1], all);
    let side_by_side = offsets.reshape([1, all, height, width]);
    conv2d(side_by_side, filters.repeat_dim(0, batch), None, options).reshape(shape)
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

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    /// The filters' definition, pixel by pixel.
    fn by_hand(offsets: &[f32], [batch, height, width]: [i32; 3]) -> Vec<f32> {
        let pixel = |sample: i32, axis: i32, row: i32, column: i32| {
            let inside = (0..height).contains(&row) && (0..width).contains(&column);
            let at = ((sample * 2 + axis) * height + row) * width + column;
            if inside { offsets[at as usize] } else { 0.0 }
        };
        let gradient = |sample, axis, row: i32, column: i32| -> f32 {
            let taps = (-2..=2).flat_map(|dy| (-2..=2).map(move |dx| (dy, dx)));
            taps.map(|(dy, dx)| {
                let along = [dx, dy][axis as usize] as f32;
                let filter = along / (dx * dx + dy * dy).max(1) as f32;
                filter * pixel(sample, axis, row + dy, column + dx)
            })
            .sum()
        };
        let mut all = Vec::new();
        for (sample, axis) in (0..batch).flat_map(|s| [(s, 0), (s, 1)]) {
            for (row, column) in (0..height).flat_map(|r| (0..width).map(move |c| (r, c))) {
                all.push(gradient(sample, axis, row, column));
            }
        }
        all
    }

    #[test]
    fn the_gradient_of_each_sample_is_that_of_the_definition() {
        let offsets: Vec<f32> = (0..3 * 2 * 6 * 7).map(|i| ((i * i) % 17) as f32 / 8.0).collect();
        let tensor = TensorData::new(offsets.clone(), [3, 2, 6, 7]);
        let tensor = Tensor::from_data(tensor, &Device::flex());

        let found: Vec<f32> = offset_gradient(tensor).into_data().iter::<f32>().collect();
        let expected = by_hand(&offsets, [3, 6, 7]);

        assert!(expected.iter().any(|v| v.abs() > 1.0));
        assert_eq!(found.len(), expected.len());
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-4));
    }
}
