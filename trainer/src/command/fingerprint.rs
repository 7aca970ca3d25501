//! `fingerprint`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;
use contract::exit;
use margay_trainer::plan::Plan;

use super::Failure;

/// Name every file of a plan's data with its digest, and everything that is wrong with it.
#[derive(Debug, Args)]
pub(crate) struct Fingerprint {
    /// The plan, a TOML file.
    plan: PathBuf,
    /// Folder that the plan's paths are relative to.
    #[arg(long)]
    data: PathBuf,
}

impl Fingerprint {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let plan = std::fs::read_to_string(&self.plan)
            .with_context(|| format!("cannot read the plan {}", self.plan.display()))
            .and_then(|text| Plan::parse(&text).context("cannot follow the plan"))
            .map_err(Failure::with(exit::CONFIGURATION))?;
        let set = data::source::survey(&self.data, &plan.sources, &plan.nucleus_classes())
            .context("cannot look through the data")
            .map_err(Failure::with(exit::INPUT_REFUSED))?;
        let text = serde_json::to_string_pretty(&set.fingerprint).expect("our own types are JSON");
        writeln!(std::io::stdout(), "{text}")
            .context("cannot print the fingerprint")
            .map_err(Failure::with(exit::INTERNAL))?;

        let faults = set.fingerprint.faults();
        if faults.is_empty() {
            return Ok(());
        }
        let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let error = anyhow!("{} files cannot be trained on: {}", list.len(), list.join("; "));
        Err(Failure { error, code: exit::INPUT_REFUSED })
    }
}
