//! The weights that a plan begins with.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use contract::Digest;
use tracing::info;

use super::RunError;
use crate::fit::checkpoint::{CheckpointError, read_weights};
use crate::fit::training::{Recipe, Training};
use crate::fit::weights::{self, Weights};
use crate::network::NetworkConfig;
use crate::network::efficientnet::imagenet;

/// Weights that were trained on something else; none where a plan begins at random.
#[derive(Debug)]
pub struct Pretrained(Option<Published>);

#[derive(Debug)]
struct Published {
    path: PathBuf,
    weights: Weights,
    digest: Digest,
}

impl Pretrained {
    /// Reads the weights that `network` begins with; their path is below the data root.
    pub fn read(network: &NetworkConfig, data: &Path) -> Result<Self, RunError> {
        let Some(path) = network.pretrained().map(|path| data.join(path)) else {
            return Ok(Self(None));
        };
        let (weights, _) = read_weights(&path).map_err(RunError::Pretrained)?;
        let digest = digest(&path).map_err(RunError::Pretrained)?;
        Ok(Self(Some(Published { path, weights, digest })))
    }

    /// SHA-256 of the file.
    pub fn digest(&self) -> Option<Digest> {
        self.0.as_ref().map(|published| published.digest)
    }

    /// A new training from these weights, and from random ones where there are none.
    pub(super) fn start(&self, recipe: Recipe, device: &Device) -> Result<Training, RunError> {
        let random = Training::start(recipe.clone(), device);
        let Some(published) = &self.0 else { return Ok(random) };
        let path = published.path.clone();
        let laid = imagenet::lay_over(&weights::read(random.average()), &published.weights)
            .map_err(|source| RunError::Imagenet { path, source })?;
        info!("the encoder begins with the weights of {}", published.path.display());
        Training::start_from(recipe, &laid, device).map_err(RunError::Fit)
    }
}

fn digest(path: &Path) -> Result<Digest, CheckpointError> {
    let bytes = std::fs::read(path);
    let bytes = bytes.map_err(|source| CheckpointError::Read { path: path.to_owned(), source })?;
    Ok(Digest::of(&bytes))
}
