//! The encoder's weights from ImageNet, by the names of their publisher.
//!
//! ```text
//! EfficientnetLite0.encoder.stem.*                 _conv_stem, _bn0
//! EfficientnetLite0.encoder.blocks.N.expand.*      _blocks.N._expand_conv, _bn0
//! EfficientnetLite0.encoder.blocks.N.depthwise.*   _blocks.N._depthwise_conv, _bn1
//! EfficientnetLite0.encoder.blocks.N.project.*     _blocks.N._project_conv, _bn2
//! ```
//!
//! `trainer/weights/efficientnet_lite0.py` fetches them and writes them as safetensors.
//! **Invariant:** either every number of the encoder comes from the file, or none does.

use thiserror::Error;

use crate::fit::weights::Weights;

/// Where the encoder lies in a network's weights.
const ENCODER: &str = "EfficientnetLite0.encoder.";

/// Why weights are not those of this encoder.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ImagenetError {
    /// An array is not in the file.
    #[error("the file lacks {name}; make it by trainer/weights/efficientnet_lite0.py")]
    Missing {
        /// Its name in the file.
        name: String,
    },
    /// An array has another shape.
    #[error(
        "{name} has the shape {found:?}, not {expected:?}; these are weights of another network"
    )]
    Shape {
        /// Its name in the file.
        name: String,
        /// Its shape in the file.
        found: Vec<usize>,
        /// Its shape in the encoder.
        expected: Vec<usize>,
    },
}

/// `network` with the numbers of its encoder taken from `published`.
pub fn lay_over(network: &Weights, published: &Weights) -> Result<Weights, ImagenetError> {
    let mut laid = network.clone();
    for (path, array) in &mut laid {
        let Some(name) = path.strip_prefix(ENCODER).map(published_name) else { continue };
        let given = published.get(&name);
        let given = given.ok_or_else(|| ImagenetError::Missing { name: name.clone() })?;
        if given.shape != array.shape {
            let (found, expected) = (given.shape.clone(), array.shape.clone());
            return Err(ImagenetError::Shape { name, found, expected });
        }
        array.clone_from(given);
    }
    Ok(laid)
}

/// `blocks.3.expand.norm.gamma` is `_blocks.3._bn0.weight`.
fn published_name(path: &str) -> String {
    let parts: Vec<&str> = path.split('.').collect();
    let (block, [role, layer, array]) = match parts[..] {
        ["blocks", number, role, layer, array] => {
            (format!("_blocks.{number}."), [role, layer, array])
        }
        [role, layer, array] => (String::new(), [role, layer, array]),
        _ => return path.to_owned(),
    };
    let layer = match (layer, role) {
        ("conv", "stem") => "_conv_stem",
        ("conv", "expand") => "_expand_conv",
        ("conv", "depthwise") => "_depthwise_conv",
        ("conv", _) => "_project_conv",
        (_, "stem" | "expand") => "_bn0",
        (_, "depthwise") => "_bn1",
        _ => "_bn2",
    };
    let array = match array {
        "gamma" => "weight",
        "beta" => "bias",
        other => other,
    };
    format!("{block}{layer}.{array}")
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::fit::checkpoint::{read_weights, write_weights};
    use crate::fit::weights::{self, Array};
    use crate::network::efficientnet::Depthwise;
    use crate::network::{MapKind, Network, NetworkConfig, Trunk};

    /// Kernel and channels of the published network, block by block: expansion, then output.
    const BLOCKS: [(usize, usize, usize); 16] = [
        (3, 32, 16),
        (3, 96, 24),
        (3, 144, 24),
        (5, 144, 40),
        (5, 240, 40),
        (3, 240, 80),
        (3, 480, 80),
        (3, 480, 80),
        (5, 480, 112),
        (5, 672, 112),
        (5, 672, 112),
        (5, 672, 192),
        (5, 1152, 192),
        (5, 1152, 192),
        (5, 1152, 192),
        (3, 1152, 320),
    ];

    /// Weights in the publisher's layout, each array with a number of its own.
    fn published() -> Weights {
        let mut all = Weights::new();
        let mut put = |name: String, shape: Vec<usize>| {
            let value = all.len() as f32 + 0.5;
            let values = vec![value; shape.iter().product()];
            all.insert(name, Array { shape, values });
        };
        let mut unit = |conv: String, norm: String, shape: [usize; 4]| {
            put(format!("{conv}.weight"), shape.to_vec());
            for array in ["weight", "bias", "running_mean", "running_var"] {
                put(format!("{norm}.{array}"), vec![shape[0]]);
            }
        };
        unit("_conv_stem".into(), "_bn0".into(), [32, 3, 3, 3]);
        let mut before = 32;
        for (number, (kernel, wide, out)) in BLOCKS.into_iter().enumerate() {
            let name = |layer: &str| format!("_blocks.{number}.{layer}");
            if number > 0 {
                unit(name("_expand_conv"), name("_bn0"), [wide, before, 1, 1]);
            }
            unit(name("_depthwise_conv"), name("_bn1"), [wide, 1, kernel, kernel]);
            unit(name("_project_conv"), name("_bn2"), [out, wide, 1, 1]);
            before = out;
        }
        all
    }

    fn network() -> Weights {
        let config = NetworkConfig {
            trunk: Trunk::EfficientnetLite0 { weights: None, depthwise: Depthwise::Trained },
            maps: vec![MapKind::Np],
            classes: 0,
            class_levels: vec![],
            class_dropout: 0.0,
        };
        weights::read(&Network::init(&config, &Device::flex()))
    }

    #[test]
    fn every_published_array_finds_its_one_place_in_the_encoder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("imagenet.safetensors");
        write_weights(&path, &published(), [].into()).unwrap();

        let network = network();
        let laid = lay_over(&network, &read_weights(&path).unwrap().0).unwrap();

        let mut taken: Vec<f32> = laid
            .iter()
            .filter(|(path, _)| path.starts_with(ENCODER))
            .map(|(_, array)| array.values[0])
            .collect();
        let mut given: Vec<f32> = published().values().map(|array| array.values[0]).collect();
        taken.sort_by(f32::total_cmp);
        given.sort_by(f32::total_cmp);
        assert_eq!(taken, given);
        for (name, place) in [
            ("_conv_stem.weight", "stem.conv.weight"),
            ("_blocks.0._bn2.running_var", "blocks.0.project.norm.running_var"),
            ("_blocks.15._bn0.bias", "blocks.15.expand.norm.beta"),
            ("_blocks.9._depthwise_conv.weight", "blocks.9.depthwise.conv.weight"),
        ] {
            assert_eq!(laid[&format!("{ENCODER}{place}")], published()[name]);
        }
        let beyond = |weights: &Weights| -> Weights {
            let others = weights.iter().filter(|(path, _)| !path.starts_with(ENCODER));
            others.map(|(path, array)| (path.clone(), array.clone())).collect()
        };
        assert_eq!(beyond(&laid), beyond(&network));
    }

    #[test]
    fn weights_of_another_network_are_refused() {
        let mut lacking = published();
        lacking.remove("_blocks.7._bn1.bias");
        let mut other = published();
        other.get_mut("_conv_stem.weight").unwrap().shape = vec![32, 3, 9, 1];

        let missing = ImagenetError::Missing { name: "_blocks.7._bn1.bias".into() };
        assert_eq!(lay_over(&network(), &lacking), Err(missing));
        assert!(matches!(lay_over(&network(), &other), Err(ImagenetError::Shape { .. })));
    }
}
