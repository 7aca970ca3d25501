//! A run folder as a package: plan, average weights, fingerprint and figures come together.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use contract::{Dataset, Figure};
use data::fingerprint::Fingerprint;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::{Draft, ExportError, Exported, Served, export, serve};
use crate::fit::checkpoint::{CheckpointError, read_weights};
use crate::fit::weights::{self, FitError};
use crate::network::Network;
use crate::plan::{Plan, PlanError};

/// Why a run cannot be exported.
#[derive(Debug, Error)]
pub enum ExportRunError {
    /// A file of the run cannot be read.
    #[error("{} cannot be read; finish the run with `fit` and `evaluate` first", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file of the run is not what it should be.
    #[error("{} is not what `fit` or `evaluate` writes", path.display())]
    Json {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The plan is refused.
    #[error("the run's plan is refused")]
    Plan(#[source] PlanError),
    /// The weights cannot be read.
    #[error("the run's weights cannot be read")]
    Weights(#[source] CheckpointError),
    /// The weights are of another network.
    #[error("the run's weights do not fit its plan")]
    Fit(#[source] FitError),
    /// There is no package.
    #[error("no package was written")]
    Export(#[source] ExportError),
}

/// Writes the package of the run in the folder `run` into the folder `out`.
pub fn export_run(run: &Path, data: &Path, out: &Path) -> Result<Exported, ExportRunError> {
    let plan = Plan::parse(&read(&run.join("plan.toml"))?).map_err(ExportRunError::Plan)?;
    let fingerprint: Fingerprint = json(&run.join("fingerprint.json"))?;
    let learnt: Vec<LearntFrom> = json(&run.join("learnt-from.json"))?;
    let evaluation: Vec<Figure> = json(&run.join("figures.json"))?;

    let device = Device::flex();
    let network = network(&plan, run, &device)?;
    let draft = Draft {
        training_data: datasets(&plan, &fingerprint, &learnt),
        evaluation,
        ..Draft::of(&plan, &network, &device)
    };
    export(&draft, data, out).map_err(ExportRunError::Export)
}

/// The average network of the run in the folder `run`, as the runtime would serve it, and the
/// run's plan.
pub fn serve_run(run: &Path) -> Result<(Served, Plan), ExportRunError> {
    let plan = Plan::parse(&read(&run.join("plan.toml"))?).map_err(ExportRunError::Plan)?;
    let device = Device::flex();
    let network = network(&plan, run, &device)?;
    let served = serve(&Draft::of(&plan, &network, &device)).map_err(ExportRunError::Export)?.0;
    Ok((served, plan))
}

fn network(plan: &Plan, run: &Path, device: &Device) -> Result<Network, ExportRunError> {
    let path = run.join("average.safetensors");
    let (average, _) = read_weights(&path).map_err(ExportRunError::Weights)?;
    weights::write(Network::init(&plan.network, device), &average).map_err(ExportRunError::Fit)
}

/// The images of a source that a run learnt from, as `fit` writes them to `learnt-from.json`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearntFrom {
    /// Name of the source.
    pub source: String,
    /// Names of its images.
    pub images: Vec<String>,
}

fn datasets(plan: &Plan, fingerprint: &Fingerprint, learnt: &[LearntFrom]) -> Vec<Dataset> {
    learnt
        .iter()
        .filter(|learnt| !learnt.images.is_empty())
        .filter_map(|learnt| {
            let spec = plan.sources.iter().find(|spec| spec.name == learnt.source)?;
            let names: Vec<&str> = learnt.images.iter().map(String::as_str).collect();
            Some(Dataset {
                name: spec.name.clone(),
                licence: spec.licence.clone(),
                source: spec.citation.clone(),
                images: names.len() as u32,
                fingerprint: fingerprint.source(&learnt.source)?.digest_of_images(&names),
            })
        })
        .collect()
}

fn read(path: &Path) -> Result<String, ExportRunError> {
    fs::read_to_string(path)
        .map_err(|source| ExportRunError::Read { path: path.to_owned(), source })
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, ExportRunError> {
    serde_json::from_str(&read(path)?)
        .map_err(|source| ExportRunError::Json { path: path.to_owned(), source })
}
