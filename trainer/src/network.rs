//! The networks that are trained here, as burn modules.
//!
//! **Contract:** an input is `[batch, 3, height, width]`, normalised as the plan says, height and
//! width multiples of [`Network::multiple_px`]; what comes out are *logits* at the input's size
//! ([`Maps`]). Which map lies in which channel is said by [`MapKind`] alone.

pub mod block;
mod class_head;
pub mod efficientnet;
mod heads;
#[cfg(feature = "libtorch")]
pub(crate) mod libtorch;
mod unet;

use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use efficientnet::Depthwise;

pub use class_head::ClassHead;
pub use efficientnet::EfficientNet;
pub use heads::{Heads, HeadsConfig};
pub use unet::UNet;

/// What a network is made of, as a plan states it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Which trunk.
    pub trunk: Trunk,
    /// Maps from the trunk's full resolution, in channel order; empty for tissue.
    pub maps: Vec<MapKind>,
    /// Classes of the class head.
    pub classes: usize,
    /// Levels that the class head reads, finest first: 0 full resolution, 1 half, and so on. It
    /// leaves at the first; the others lend it context. Empty without classes.
    pub class_levels: Vec<usize>,
    /// Dropout before the class head's last convolution, 0 (none) to below 1.
    pub class_dropout: f64,
}

/// The trunk of a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Trunk {
    /// A plain U-Net with additive skips: `unet`.
    Unet {
        /// Channels of each level, finest first.
        widths: Vec<usize>,
    },
    /// EfficientNet-Lite0 with the U-Net's decoder: `efficientnet_lite0`.
    EfficientnetLite0 {
        /// The encoder's weights from ImageNet, a safetensors file below the data root (see
        /// [`efficientnet::imagenet`]); absent: the encoder starts at random.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        weights: Option<PathBuf>,
        /// Whether the depthwise convolutions are trained.
        depthwise: Depthwise,
    },
}

impl Trunk {
    /// Channels of each level, finest first.
    pub fn widths(&self) -> &[usize] {
        match self {
            Self::Unet { widths } => widths,
            Self::EfficientnetLite0 { .. } => &efficientnet::WIDTHS,
        }
    }
}

/// A map that a network gives for each pixel, besides the classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MapKind {
    /// Nucleus or not: one logit.
    Np,
    /// Offset from the nucleus' centre, horizontal then vertical, -1 to 1 (HoVer-Net).
    Hv,
    /// Distance to the nucleus' edge over the greatest distance in it.
    Dist,
    /// Edge of a nucleus: one logit.
    Edge,
}

impl MapKind {
    /// Channels of the map.
    pub fn channels(self) -> usize {
        match self {
            Self::Hv => 2,
            Self::Np | Self::Dist | Self::Edge => 1,
        }
    }
}

/// What a network says about a batch: logits, `[batch, channels, height, width]`.
#[derive(Clone, Debug)]
pub struct Maps {
    kinds: Vec<MapKind>,
    surface: Option<Tensor<4>>,
    /// One channel a class.
    pub classes: Option<Tensor<4>>,
}

impl Maps {
    /// The channels of `kind`, where the network gives them.
    pub fn get(&self, kind: MapKind) -> Option<Tensor<4>> {
        let at = self.kinds.iter().position(|k| *k == kind)?;
        let first: usize = self.kinds[..at].iter().map(|k| k.channels()).sum();
        let surface = self.surface.clone()?;
        Some(surface.narrow(1, first, kind.channels()))
    }
}

/// A network with its heads.
#[derive(Module, Debug)]
#[expect(clippy::large_enum_variant, reason = "a run holds two or three networks in all")]
pub enum Network {
    /// A plain U-Net.
    Unet(UNet),
    /// EfficientNet-Lite0.
    EfficientnetLite0(EfficientNet),
}

impl Network {
    /// A network with random weights, drawn from `device`'s generator in module order.
    pub fn init(config: &NetworkConfig, device: &Device) -> Self {
        match &config.trunk {
            Trunk::Unet { widths } => {
                Self::Unet(UNet::init(widths, &HeadsConfig::of(config), device))
            }
            Trunk::EfficientnetLite0 { depthwise, .. } => {
                let heads = HeadsConfig::of(config);
                Self::EfficientnetLite0(EfficientNet::init(*depthwise, &heads, device))
            }
        }
    }

    /// The maps of `images`, `[batch, 3, height, width]`.
    pub fn forward(&self, images: Tensor<4>, kinds: &[MapKind]) -> Maps {
        let (surface, classes) = match self {
            Self::Unet(unet) => unet.forward(images),
            Self::EfficientnetLite0(network) => network.forward(images),
        };
        Maps { kinds: kinds.to_vec(), surface, classes }
    }
}

impl NetworkConfig {
    /// Width and height of an input must be multiples of this.
    pub fn multiple_px(&self) -> usize {
        1 << self.trunk.widths().len().saturating_sub(1)
    }

    /// The file that the trunk's weights are read from before anything is learnt.
    pub fn pretrained(&self) -> Option<&Path> {
        match &self.trunk {
            Trunk::Unet { .. } => None,
            Trunk::EfficientnetLite0 { weights, .. } => weights.as_deref(),
        }
    }

    /// What is wrong with the configuration.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let widths = self.trunk.widths();
        if !(2..=8).contains(&widths.len()) || widths.contains(&0) {
            faults.push(format!("network.trunk.widths is {widths:?}, not 2 to 8 positive numbers"));
        }
        faults.extend(self.class_level_fault(widths.len()));
        let mut seen = self.maps.clone();
        seen.sort_unstable();
        seen.dedup();
        if seen.len() != self.maps.len() {
            faults.push("network.maps names a map twice".into());
        }
        if self.maps.is_empty() && self.classes == 0 {
            faults.push("network gives neither maps nor classes".into());
        }
        if !(0.0..1.0).contains(&self.class_dropout) {
            faults
                .push(format!("network.class_dropout is {}, not 0 to below 1", self.class_dropout));
        }
        faults
    }

    fn class_level_fault(&self, trunk_levels: usize) -> Option<String> {
        let levels = &self.class_levels;
        if levels.is_empty() != (self.classes == 0) {
            return Some(format!(
                "network.class_levels is {levels:?} for {} classes: state levels where there are \
                 classes, and only there",
                self.classes
            ));
        }
        if self.maps.is_empty() && levels.first().is_some_and(|finest| *finest > 0) {
            return Some(format!(
                "network.class_levels is {levels:?} and network.maps is empty: nothing reads the \
                 finest features; begin with level 0"
            ));
        }
        let ascending = levels.is_sorted_by(|finer, coarser| finer < coarser);
        (!ascending || levels.iter().any(|level| *level >= trunk_levels)).then(|| {
            format!("network.class_levels is {levels:?}, not ascending and below {trunk_levels}")
        })
    }
}
