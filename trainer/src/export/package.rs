//! A model package on disk: written beside its place, checked as the runtime will, moved in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use contract::{CardError, Digest, ModelCard, Outputs};
use thiserror::Error;

use super::Draft;
use crate::fit::checkpoint::write_atomically;

/// Why a package is not written.
#[derive(Debug, Error)]
pub enum PackageError {
    /// The card would be refused.
    #[error("the card is refused")]
    Card(#[source] CardError),
    /// There is a folder already that is no package.
    #[error("{} exists and holds no card.toml; name another folder", path.display())]
    Occupied {
        /// Which.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What was written is refused.
    #[error("the written package is refused")]
    Refused(#[source] Box<engine::PackageError>),
}

/// The card of `draft` without golden tiles and with the model as its only file.
pub(super) fn card(draft: &Draft<'_>, outputs: &Outputs, onnx: &[u8]) -> ModelCard {
    ModelCard {
        format: ModelCard::FORMAT,
        name: draft.name.to_owned(),
        version: draft.export.version.clone(),
        release: draft.export.release,
        kind: draft.kind,
        description: draft.export.description.clone(),
        research_use_only: true,
        labels: draft.export.labels,
        mpp: draft.mpp,
        window: draft.export.window,
        input: draft.input.clone(),
        outputs: outputs.clone(),
        classes: draft.classes.to_vec(),
        postprocessing: draft.chain.clone(),
        training_data: draft.training_data.clone(),
        evaluation: draft.evaluation.clone(),
        golden: Vec::new(),
        files: BTreeMap::from([("model.onnx".to_owned(), Digest::of(onnx))]),
    }
}

/// Writes a package of `card` and `files` into `out`, which a package of the same name may hold.
pub fn write(
    mut card: ModelCard,
    files: &[(String, Vec<u8>)],
    out: &Path,
) -> Result<(), PackageError> {
    card.files = files.iter().map(|(name, bytes)| (name.clone(), Digest::of(bytes))).collect();
    let text = card.to_toml().map_err(PackageError::Card)?;
    if out.exists() && !out.join("card.toml").exists() {
        return Err(PackageError::Occupied { path: out.to_owned() });
    }

    let write = |name: &str, bytes: &[u8]| {
        let path = out.join(name);
        let folder = path.parent().unwrap_or(out);
        fs::create_dir_all(folder)
            .and_then(|()| write_atomically(&path, bytes))
            .map_err(|source| PackageError::Write { path: path.clone(), source })
    };
    for (name, bytes) in files {
        write(name, bytes)?;
    }
    // The card is written last: until then the old one, if any, refuses the new files.
    write("card.toml", text.as_bytes())?;
    engine::package::load(out).map_err(|error| PackageError::Refused(Box::new(error)))?;
    Ok(())
}
