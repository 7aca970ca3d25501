//! `export`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use contract::exit;
use margay_trainer::export::export_run;

use super::Failure;

/// Write a trained run as a model package that the runtime serves.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The folder of the run.
    run: PathBuf,
    /// Folder that the plan's paths are relative to, for the golden tiles.
    #[arg(long)]
    data: PathBuf,
    /// Folder of the package.
    #[arg(long)]
    out: PathBuf,
}

impl Export {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let exported = export_run(&self.run, &self.data, &self.out)
            .with_context(|| format!("{} is not exported", self.run.display()))
            .map_err(Failure::with(exit::CONFIGURATION))?;
        tracing::info!(
            package = %exported.folder.display(),
            onnx_bytes = exported.onnx_bytes,
            greatest_difference = exported.difference,
            "Exported; the engine loads it and agrees with the network."
        );
        Ok(())
    }
}
