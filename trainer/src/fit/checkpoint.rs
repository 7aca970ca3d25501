//! The state of a training on disk: one safetensors file that is complete or not there.
//!
//! ```text
//! tensors:   network.<path>  average.<path>  first.<path>  second.<path>
//! metadata:  step (decimal), stage (decimal), plan (SHA-256 of the plan's text),
//!            best (decimal) and looks (decimal): the validation loss, where it was looked at
//! ```
//!
//! A file is written beside its place, brought to the disk, and moved over the old one, so that a
//! full disk or a power cut leaves the last checkpoint as it was.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use thiserror::Error;

use super::weights::{Array, Weights};

/// Everything that a training needs to go on as if it had not stopped.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Steps done in this stage.
    pub step: u64,
    /// Index of the stage.
    pub stage: usize,
    /// SHA-256 of the plan's text, hexadecimal: another plan must not go on from here.
    pub plan: String,
    /// The network under training.
    pub network: Weights,
    /// The moving average.
    pub average: Weights,
    /// The optimiser's moments.
    pub moments: Weights,
    /// What early stopping has seen.
    pub seen: Seen,
}

/// The validation losses of a stage, as far as early stopping must know them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seen {
    /// The least; none before the first look.
    pub best: Option<f64>,
    /// Looks since then.
    pub looks: u64,
}

impl Seen {
    /// Notes a validation loss.
    pub fn look(&mut self, loss: f64) {
        if self.best.is_none_or(|best| loss < best) {
            *self = Self { best: Some(loss), looks: 0 };
        } else {
            self.looks += 1;
        }
    }
}

/// Why a checkpoint cannot be written or read.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// The file cannot be written.
    #[error("cannot write the checkpoint {}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file cannot be read.
    #[error("cannot read the checkpoint {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is no safetensors file.
    #[error("{} is no safetensors file", path.display())]
    Format {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: safetensors::SafeTensorError,
    },
    /// The file lacks something or holds something that was never written.
    #[error("{} is no checkpoint: {reason}", path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl Checkpoint {
    /// Writes it to `path`, wholly or not at all.
    pub fn write(&self, path: &Path) -> Result<(), CheckpointError> {
        let mut metadata = BTreeMap::from([
            ("step".to_owned(), self.step.to_string()),
            ("stage".to_owned(), self.stage.to_string()),
            ("plan".to_owned(), self.plan.clone()),
            ("looks".to_owned(), self.seen.looks.to_string()),
        ]);
        if let Some(best) = self.seen.best {
            metadata.insert("best".to_owned(), best.to_string());
        }
        let mut all = Weights::new();
        for (group, weights) in [("network", &self.network), ("average", &self.average)] {
            all.extend(weights.iter().map(|(name, a)| (format!("{group}.{name}"), a.clone())));
        }
        all.extend(self.moments.clone());
        write_weights(path, &all, metadata)
    }

    /// Reads the checkpoint at `path`.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let (all, metadata) = read_weights(path)?;
        let content = |reason: String| CheckpointError::Content { path: path.to_owned(), reason };
        let field = |name: &str| {
            metadata.get(name).ok_or_else(|| content(format!("the field {name} is missing")))
        };
        let no_number = |name: &str| content(format!("the field {name} is no number"));
        let number = |name: &str| field(name)?.parse::<u64>().map_err(|_| no_number(name));
        let best = metadata.get("best").map(|best| best.parse().map_err(|_| no_number("best")));
        let looks = metadata.get("looks").map(|n| n.parse().map_err(|_| no_number("looks")));
        let group = |prefix: &str| -> Weights {
            all.iter()
                .filter_map(|(name, array)| {
                    Some((name.strip_prefix(prefix)?.to_owned(), array.clone()))
                })
                .collect()
        };
        let is_moment = |name: &str| name.starts_with("first.") || name.starts_with("second.");
        Ok(Self {
            step: number("step")?,
            stage: usize::try_from(number("stage")?).unwrap_or(usize::MAX),
            plan: field("plan")?.clone(),
            network: group("network."),
            average: group("average."),
            moments: all
                .iter()
                .filter(|(name, _)| is_moment(name))
                .map(|(name, array)| (name.clone(), array.clone()))
                .collect(),
            seen: Seen { best: best.transpose()?, looks: looks.transpose()?.unwrap_or(0) },
        })
    }
}

/// Writes `weights` as safetensors, wholly or not at all.
///
/// # Panics
/// If an array has more or fewer values than its shape says.
pub fn write_weights(
    path: &Path,
    weights: &Weights,
    metadata: BTreeMap<String, String>,
) -> Result<(), CheckpointError> {
    let bytes: Vec<(&String, Vec<u8>, &Array)> = weights
        .iter()
        .map(|(name, array)| {
            (name, array.values.iter().flat_map(|v| v.to_le_bytes()).collect(), array)
        })
        .collect();
    let views = bytes.iter().map(|(name, bytes, array)| {
        let view = TensorView::new(Dtype::F32, array.shape.clone(), bytes)
            .expect("an array has as many values as its shape says");
        (name.as_str(), view)
    });
    let format = |source| CheckpointError::Format { path: path.to_owned(), source };
    let file = safetensors::serialize(views, Some(HashMap::from_iter(metadata))).map_err(format)?;
    write_atomically(path, &file)
        .map_err(|source| CheckpointError::Write { path: path.to_owned(), source })
}

/// Reads all f32 tensors of a safetensors file, and its metadata.
pub fn read_weights(path: &Path) -> Result<(Weights, HashMap<String, String>), CheckpointError> {
    let bytes =
        fs::read(path).map_err(|source| CheckpointError::Read { path: path.to_owned(), source })?;
    let format = |source| CheckpointError::Format { path: path.to_owned(), source };
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(format)?;
    let file = SafeTensors::deserialize(&bytes).map_err(format)?;
    let mut weights = Weights::new();
    for (name, view) in file.iter() {
        if view.dtype() != Dtype::F32 {
            let reason = format!("{name} is of type {:?}, not F32", view.dtype());
            return Err(CheckpointError::Content { path: path.to_owned(), reason });
        }
        let values =
            view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        weights.insert(name.to_owned(), Array { shape: view.shape().to_vec(), values });
    }
    Ok((weights, header.metadata().clone().unwrap_or_default()))
}

/// Writes `bytes` beside `path`, brings them to the disk, and moves them to `path`.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}
