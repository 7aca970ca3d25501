//! The folder of a run and its files.

use std::fs;
use std::path::{Path, PathBuf};

use contract::Digest;
use data::fingerprint::Fingerprint;
use serde_json::json;
use tracing::info;

use super::{Begin, RunError};
use crate::fit::checkpoint::{Checkpoint, read_weights, write_atomically, write_weights};
use crate::fit::weights::Weights;
use crate::plan::Plan;

/// An open run folder.
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
    plan_digest: String,
}

impl RunFolder {
    /// Opens `path` for a run of the plan with this text; a new run's folder is made and its plan
    /// written, a resumed run's plan must be the same.
    pub fn open(path: &Path, plan: &str, begin: Begin) -> Result<Self, RunError> {
        let folder =
            Self { path: path.to_owned(), plan_digest: Digest::of(plan.as_bytes()).to_string() };
        let copy = folder.file("plan.toml");
        let refuse =
            |reason: &str| RunError::Folder { path: path.to_owned(), reason: reason.to_owned() };
        match begin {
            Begin::New if copy.exists() => {
                Err(refuse("holds a run already; name another folder, or use --resume"))
            }
            Begin::New => {
                fs::create_dir_all(path).map_err(|source| file_error("write", path, source))?;
                folder.write("plan.toml", plan.as_bytes())?;
                Ok(folder)
            }
            Begin::Resume => {
                let old = fs::read(&copy).map_err(|source| file_error("read", &copy, source))?;
                if old != plan.as_bytes() {
                    return Err(refuse("was begun with another plan; resume with its plan.toml"));
                }
                Ok(folder)
            }
        }
    }

    /// The path of one of its files.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// SHA-256 of the plan's text.
    pub fn plan_digest(&self) -> &str {
        &self.plan_digest
    }

    /// Writes a file, wholly or not at all.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunError> {
        let path = self.file(name);
        write_atomically(&path, bytes).map_err(|source| file_error("write", &path, source))
    }

    /// Writes what the data are; those of a run that was begun before must be the same.
    pub fn write_fingerprint(&self, fingerprint: &Fingerprint) -> Result<(), RunError> {
        let path = self.file("fingerprint.json");
        if path.exists() {
            let old = fs::read(&path).map_err(|source| file_error("read", &path, source))?;
            if serde_json::from_slice::<Fingerprint>(&old).ok().as_ref() != Some(fingerprint) {
                let reason = "was begun with other data than lie there now; bring them back, or \
                              begin another run"
                    .to_owned();
                return Err(RunError::Folder { path: self.path.clone(), reason });
            }
        }
        self.write_json("fingerprint.json", fingerprint)
    }

    /// Writes what computed, and the digest of the weights that it began with, where it did.
    pub fn write_versions(&self, plan: &Plan, pretrained: Option<Digest>) -> Result<(), RunError> {
        let versions = json!({
            "margay_trainer": env!("CARGO_PKG_VERSION"),
            "burn": env!("MARGAY_BURN"),
            "tch": cfg!(feature = "libtorch").then_some(env!("MARGAY_TCH")),
            "rten": env!("MARGAY_RTEN"),
            "rustc": env!("MARGAY_RUSTC"),
            "target": env!("MARGAY_TARGET"),
            "backend": plan.compute.backend,
            "precision": plan.compute.precision,
            "threads": plan.compute.threads,
            "workers": plan.compute.workers,
            "seed": plan.seed,
            "plan_sha256": self.plan_digest,
            "pretrained_sha256": pretrained,
        });
        self.write_json("versions.json", &versions)
    }

    /// Writes `value` as JSON.
    ///
    /// # Panics
    /// If `value` has keys that are no texts.
    pub fn write_json(&self, name: &str, value: &impl serde::Serialize) -> Result<(), RunError> {
        let text = serde_json::to_vec_pretty(value).expect("our own types are JSON");
        self.write(name, &text)
    }

    /// The checkpoint to go on from; none for a new run.
    pub fn checkpoint(&self, begin: Begin) -> Result<Option<Checkpoint>, RunError> {
        if begin == Begin::New {
            return Ok(None);
        }
        let path = self.file("checkpoint.safetensors");
        if !path.exists() {
            info!("there is no checkpoint yet: the run begins anew");
            return Ok(None);
        }
        let checkpoint = Checkpoint::read(&path).map_err(RunError::Checkpoint)?;
        if checkpoint.plan != self.plan_digest {
            let reason = "its checkpoint is of another plan".to_owned();
            return Err(RunError::Folder { path: self.path.clone(), reason });
        }
        Ok(Some(checkpoint))
    }

    /// Writes the state.
    pub fn write_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), RunError> {
        checkpoint.write(&self.file("checkpoint.safetensors")).map_err(RunError::Checkpoint)
    }

    /// Writes the average at the end of stage `stage`.
    pub fn write_stage(&self, stage: usize, average: &Weights) -> Result<(), RunError> {
        let path = self.file(&stage_file(stage));
        write_weights(&path, average, [("plan".to_owned(), self.plan_digest.clone())].into())
            .map_err(RunError::Checkpoint)
    }

    /// The average at the end of stage `stage`.
    pub fn stage(&self, stage: usize) -> Result<Weights, RunError> {
        let (weights, _) =
            read_weights(&self.file(&stage_file(stage))).map_err(RunError::Checkpoint)?;
        Ok(weights)
    }

    /// Makes the average of the last stage the run's.
    pub fn finish(&self, last: usize) -> Result<(), RunError> {
        let path = self.file(&stage_file(last));
        let bytes = fs::read(&path).map_err(|source| file_error("read", &path, source))?;
        self.write("average.safetensors", &bytes)
    }
}

fn stage_file(stage: usize) -> String {
    format!("stage-{}.safetensors", stage + 1)
}

fn file_error(doing: &'static str, path: &Path, source: std::io::Error) -> RunError {
    RunError::File { doing, path: path.to_owned(), source }
}
