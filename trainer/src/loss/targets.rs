//! The weight maps of a batch, worked out on the host.
//!
//! A pixel is *outlined* where a sample is wholly annotated and `np` is not ignored; it is *dotted*
//! where the sample has only dots and `np` says something (near a dot, or far from all).

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// `np` and class of a pixel of which nothing is known.
const UNKNOWN: u8 = 255;

/// Factors of the parts of the loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossWeights {
    /// Cross-entropy of `np` on outlined pixels.
    pub np: f32,
    /// Dice of `np` on outlined pixels.
    pub np_dice: f32,
    /// Cross-entropy of `np` on dotted pixels.
    pub np_dots: f32,
    /// Mean square of `hv`.
    pub hv: f32,
    /// Mean square of the gradient of `hv`, in nuclei.
    pub hv_gradient: f32,
    /// Smooth L1 of `dist`.
    pub dist: f32,
    /// Cross-entropy of `edge`.
    pub edge: f32,
    /// Dice of `edge`.
    pub edge_dice: f32,
    /// A pixel of a nucleus is edge up to this far from the outside, pixels.
    pub edge_width_px: f32,
    /// Cross-entropy of the classes.
    pub class: f32,
    /// Factor of each class in it, in class order.
    pub class_weights: Vec<f32>,
    /// Share of a class' probability that is spread evenly over all classes.
    pub label_smoothing: f32,
}

impl LossWeights {
    /// The loss of a network that gives classes alone.
    pub fn of_classes(class_weights: Vec<f32>, label_smoothing: f32) -> Self {
        Self {
            np: 0.0,
            np_dice: 0.0,
            np_dots: 0.0,
            hv: 0.0,
            hv_gradient: 0.0,
            dist: 0.0,
            edge: 0.0,
            edge_dice: 0.0,
            edge_width_px: 0.0,
            class: 1.0,
            class_weights,
            label_smoothing,
        }
    }
}

/// The targets of a batch as they come from the data side, row-major.
#[derive(Clone, Copy, Debug)]
pub struct TargetMaps<'a> {
    /// Samples, height, width.
    pub shape: [usize; 3],
    /// What the maps should be; absent where a network gives classes alone.
    pub surface: Option<SurfaceMaps<'a>>,
    /// `[batch, h, w]`: class, 255 not known.
    pub class: &'a [u8],
}

/// The targets of the maps.
#[derive(Clone, Copy, Debug)]
pub struct SurfaceMaps<'a> {
    /// `[batch, h, w]`: 1 nucleus, 0 background, 255 not known.
    pub np: &'a [u8],
    /// `[batch, 2, h, w]`.
    pub hv: &'a [f32],
    /// `[batch, h, w]`, 0 outside nuclei.
    pub dist: &'a [f32],
    /// `[batch, h, w]`: distance to the own nucleus' edge, pixels.
    pub edge_px: &'a [f32],
    /// `[batch]`: whether every nucleus of the sample has an outline.
    pub outlined: &'a [bool],
}

/// A target with its weight map.
#[derive(Clone, Debug)]
pub(super) struct Regression {
    pub(super) value: Tensor<4>,
    pub(super) weight: Tensor<4>,
}

/// A mask to be learnt by cross-entropy and Dice.
#[derive(Clone, Debug)]
pub(super) struct Mask {
    pub(super) value: Tensor<4>,
    pub(super) weight: Tensor<4>,
    /// 1 where Dice looks.
    pub(super) inside: Tensor<4>,
    pub(super) dice_factor: f32,
}

/// The targets of a batch on the device.
#[derive(Clone, Debug)]
pub struct Targets {
    pub(super) surface: Option<Surface>,
    /// One-hot, smoothed, times everything: the loss is minus its product with the log-probability.
    pub(super) class: Tensor<4>,
}

/// The targets of the maps on the device.
#[derive(Clone, Debug)]
pub(super) struct Surface {
    pub(super) np: Mask,
    pub(super) hv: Regression,
    pub(super) hv_gradient_weight: Tensor<4>,
    pub(super) dist: Regression,
    pub(super) edge: Mask,
}

impl Targets {
    /// Works the weight maps out and sends all to `device`.
    pub fn new(maps: &TargetMaps<'_>, weights: &LossWeights, device: &Device) -> Self {
        let plane = Plane { shape: maps.shape, device };
        let classes = weights.class_weights.len().max(1);
        Self {
            surface: maps.surface.map(|surface| Surface::new(&surface, weights, &plane)),
            class: plane.channels(class_targets(maps, weights), classes),
        }
    }
}

impl Surface {
    fn new(maps: &SurfaceMaps<'_>, weights: &LossWeights, plane: &Plane<'_>) -> Self {
        let known = Known::of(maps, plane.shape);
        let nucleus: Vec<f32> = maps.np.iter().map(|v| f32::from(u8::from(*v == 1))).collect();
        let near = |d: &f32| f32::from(u8::from(*d <= weights.edge_width_px));
        let border = nucleus.iter().zip(maps.edge_px).map(|(n, d)| n * near(d)).collect();
        let nuclei: Vec<f32> = known.outlined.iter().zip(&nucleus).map(|(k, n)| k * n).collect();
        let inside = plane.tensor(known.outlined.clone());
        let outlined = |factor| plane.tensor(spread(&known.outlined, factor));

        Self {
            np: Mask {
                value: plane.tensor(nucleus),
                weight: plane.tensor(known.np_weight(weights)),
                inside: inside.clone(),
                dice_factor: weights.np_dice,
            },
            hv: Regression {
                value: plane.channels(maps.hv.to_vec(), 2),
                // The mean over the two channels halves it.
                weight: outlined(weights.hv / 2.0),
            },
            hv_gradient_weight: plane.tensor(spread(&nuclei, weights.hv_gradient)),
            dist: Regression {
                value: plane.tensor(maps.dist.to_vec()),
                weight: outlined(weights.dist),
            },
            edge: Mask {
                value: plane.tensor(border),
                weight: outlined(weights.edge),
                inside,
                dice_factor: weights.edge_dice,
            },
        }
    }
}

/// Which pixels are known, as 0 and 1.
struct Known {
    outlined: Vec<f32>,
    dotted: Vec<f32>,
}

impl Known {
    fn of(maps: &SurfaceMaps<'_>, [_, height, width]: [usize; 3]) -> Self {
        let pixels = height * width;
        let pick = |wanted: bool| {
            let of_sample = |(sample, outlined): (&[u8], &bool)| {
                let right = *outlined == wanted;
                sample
                    .iter()
                    .map(|v| f32::from(u8::from(right && *v != UNKNOWN)))
                    .collect::<Vec<_>>()
            };
            maps.np.chunks_exact(pixels).zip(maps.outlined).flat_map(of_sample).collect()
        };
        Self { outlined: pick(true), dotted: pick(false) }
    }

    fn np_weight(&self, weights: &LossWeights) -> Vec<f32> {
        let outlined = spread(&self.outlined, weights.np);
        let dotted = spread(&self.dotted, weights.np_dots);
        outlined.iter().zip(&dotted).map(|(a, b)| a + b).collect()
    }
}

/// `mask` times `factor`, divided by the sum of `mask` (or by 1 where that is less).
fn spread(mask: &[f32], factor: f32) -> Vec<f32> {
    let sum: f64 = mask.iter().copied().map(f64::from).sum();
    let each = (f64::from(factor) / sum.max(1.0)) as f32;
    mask.iter().map(|m| m * each).collect()
}

/// `[batch, classes, h, w]`.
fn class_targets(maps: &TargetMaps<'_>, weights: &LossWeights) -> Vec<f32> {
    let classes = weights.class_weights.len().max(1);
    let pixels = maps.shape[1] * maps.shape[2];
    let mut targets = vec![0.0; maps.class.len() * classes];
    if weights.class_weights.is_empty() {
        return targets;
    }
    let known = maps.class.iter().filter(|class| **class != UNKNOWN).count();
    let each = weights.class / known.max(1) as f32;
    let even = weights.label_smoothing / classes as f32;

    for (index, &class) in maps.class.iter().enumerate() {
        let Some(weight) = weights.class_weights.get(usize::from(class)) else { continue };
        let first = index / pixels * pixels * classes + index % pixels;
        for other in 0..classes {
            let share =
                if other == usize::from(class) { 1.0 - weights.label_smoothing } else { 0.0 };
            targets[first + other * pixels] = each * weight * (share + even);
        }
    }
    targets
}

/// Where maps of the batch's shape go.
struct Plane<'a> {
    shape: [usize; 3],
    device: &'a Device,
}

impl Plane<'_> {
    fn tensor(&self, values: Vec<f32>) -> Tensor<4> {
        self.channels(values, 1)
    }

    fn channels(&self, values: Vec<f32>, channels: usize) -> Tensor<4> {
        let [batch, height, width] = self.shape;
        Tensor::from_data(TensorData::new(values, [batch, channels, height, width]), self.device)
    }
}
