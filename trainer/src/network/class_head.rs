//! The class head: what a nucleus is, told by its surroundings as well as by itself.
//!
//! It leaves at the finest of its levels, since classes need no sharp edges; each coarser level is
//! narrowed by a 1×1 convolution, enlarged bilinearly and laid beside (hypercolumns, Hariharan et
//! al. 2015), so that the tissue around a nucleus has a say. A 3×3 [`ConvNorm`] and a 1×1
//! convolution make classes of it.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::ops::InterpolateMode;
use burn::tensor::{Device, Tensor};

use super::block::{ConvNorm, pointwise};
use super::heads::{HeadsConfig, upsample};

/// Channels that each coarser level is narrowed to.
const CONTEXT_WIDTH: usize = 32;
/// Channels between the 3×3 and the last convolution.
const CLASS_WIDTH: usize = 48;

/// The class head of a network.
#[derive(Module, Debug)]
pub struct ClassHead {
    /// One a level after the first.
    pub(super) context: Vec<Conv2d>,
    pub(super) features: ConvNorm,
    pub(super) dropout: Dropout,
    pub(super) class: Conv2d,
    /// Levels that are read, finest first; one at least.
    pub(super) levels: Vec<usize>,
}

impl ClassHead {
    /// A head on levels of `widths` channels, finest first; `config` lists one level at least.
    pub fn init(widths: &[usize], config: &HeadsConfig, device: &Device) -> Self {
        let levels = config.class_levels.clone();
        let coarser = &levels[1..];
        let width = widths[levels[0]] + CONTEXT_WIDTH * coarser.len();
        Self {
            context: coarser
                .iter()
                .map(|&level| pointwise(widths[level], CONTEXT_WIDTH, device))
                .collect(),
            features: ConvNorm::init(width, CLASS_WIDTH, device),
            dropout: DropoutConfig::new(config.class_dropout).init(),
            class: pointwise(CLASS_WIDTH, config.classes, device),
            levels,
        }
    }

    /// Logits of the classes at full resolution, from the features of all levels, finest first.
    pub fn forward(&self, features: &[Tensor<4>]) -> Tensor<4> {
        let finest = self.levels[0];
        let mut beside = vec![features[finest].clone()];
        for (narrow, &level) in self.context.iter().zip(&self.levels[1..]) {
            let context = narrow.forward(features[level].clone());
            beside.push(upsample(context, InterpolateMode::Bilinear, 1 << (level - finest)));
        }
        let x = self.features.forward(Tensor::cat(beside, 1));
        let logits = self.class.forward(self.dropout.forward(x));
        upsample(logits, InterpolateMode::Bilinear, 1 << finest)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;
    use crate::network::{MapKind, Network, NetworkConfig, Trunk};

    const WIDTHS: [usize; 5] = [4, 6, 8, 10, 12];

    fn heads(class_levels: &[usize]) -> HeadsConfig {
        HeadsConfig {
            surface_channels: 0,
            classes: 3,
            class_levels: class_levels.to_vec(),
            class_dropout: 0.0,
        }
    }

    /// Random features of every level of an input of 32 × 48.
    fn features(device: &Device) -> Vec<Tensor<4>> {
        let noise = Distribution::Normal(0.0, 1.0);
        let of = |(level, width): (usize, &usize)| {
            Tensor::random([2, *width, 32 >> level, 48 >> level], noise, device).require_grad()
        };
        WIDTHS.iter().enumerate().map(of).collect()
    }

    fn greatest(x: Tensor<4>) -> f32 {
        x.abs().max().into_scalar()
    }

    #[test]
    fn logits_have_full_resolution_whatever_the_levels() {
        let device = Device::flex().autodiff();
        for levels in [&[0][..], &[1], &[0, 4], &[1, 2, 3, 4], &[4]] {
            let head = ClassHead::init(&WIDTHS, &heads(levels), &device);

            let logits = head.forward(&features(&device));

            assert_eq!(logits.dims(), [2, 3, 32, 48], "{levels:?}");
        }
    }

    #[test]
    fn a_gradient_reaches_every_listed_level_and_no_other() {
        let device = Device::flex().autodiff();
        let head = ClassHead::init(&WIDTHS, &heads(&[1, 2, 4]), &device);
        let features = features(&device);

        let gradients = head.forward(&features).powi_scalar(2).sum().backward();

        for (level, feature) in features.iter().enumerate() {
            let reached = feature.grad(&gradients).map_or(0.0, greatest);
            assert_eq!(reached > 0.0, [1, 2, 4].contains(&level), "level {level}: {reached}");
        }
    }

    #[test]
    fn a_network_gives_classes_and_maps_of_its_input_s_size() {
        let device = Device::flex();
        let config = NetworkConfig {
            trunk: Trunk::Unet { widths: WIDTHS.to_vec() },
            maps: vec![MapKind::Np, MapKind::Hv],
            classes: 3,
            class_levels: vec![1, 2, 3, 4],
            class_dropout: 0.0,
        };
        let images = Tensor::random([2, 3, 32, 48], Distribution::Normal(0.0, 1.0), &device);

        let maps = Network::init(&config, &device).forward(images, &config.maps);

        assert_eq!(config.faults(), Vec::<String>::new());
        assert_eq!(maps.classes.as_ref().unwrap().dims(), [2, 3, 32, 48]);
        assert_eq!(maps.get(MapKind::Hv).unwrap().dims(), [2, 2, 32, 48]);
    }

    #[test]
    fn levels_that_no_trunk_has_are_refused() {
        let with = |class_levels: &[usize], classes: usize| {
            let config = NetworkConfig {
                trunk: Trunk::Unet { widths: WIDTHS.to_vec() },
                maps: vec![MapKind::Np],
                classes,
                class_levels: class_levels.to_vec(),
                class_dropout: 0.0,
            };
            config.faults()
        };

        assert!(with(&[], 0).is_empty() && with(&[0, 4], 2).is_empty());
        for (levels, classes) in [(&[][..], 3), (&[1], 0), (&[1, 5], 3), (&[2, 1], 3), (&[1, 1], 3)]
        {
            let faults = with(levels, classes);
            assert_eq!(faults.len(), 1, "{levels:?}");
            assert!(faults[0].starts_with("network.class_levels is ["), "{faults:?}");
        }
    }
}
