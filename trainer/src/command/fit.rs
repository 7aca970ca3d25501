//! `fit`.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use contract::exit;
use margay_trainer::fit::run::{self, Begin, Clock, Order, RunError};

use super::Failure;
use super::evaluate::Evaluate;
use crate::log::LogFile;

/// Train as a plan says, and measure what came of it.
#[derive(Debug, Args)]
pub(crate) struct Fit {
    /// The plan, a TOML file.
    plan: PathBuf,
    /// Folder that the plan's paths are relative to.
    #[arg(long)]
    data: PathBuf,
    /// Folder of the run.
    #[arg(long)]
    out: PathBuf,
    /// Go on from the run's last checkpoint.
    #[arg(long)]
    resume: bool,
}

impl Fit {
    #[expect(clippy::disallowed_methods, reason = "the program's shell reads the clock")]
    pub(crate) fn run(self, log: &LogFile) -> Result<(), Failure> {
        let plan = std::fs::read_to_string(&self.plan)
            .with_context(|| format!("cannot read the plan {}", self.plan.display()))
            .map_err(Failure::with(exit::CONFIGURATION))?;
        let begin = if self.resume { Begin::Resume } else { Begin::New };
        let order = Order { plan: &plan, data: &self.data, out: &self.out, begin };
        let run = run::open(&order).map_err(failure)?;
        let path = run.folder().file("log.txt");
        log.begin(&path)
            .with_context(|| format!("cannot write {}", path.display()))
            .map_err(Failure::with(exit::INTERNAL))?;
        run.fit(&Stopwatch(Instant::now())).map_err(failure)?;
        Evaluate::of_run(self.out, self.data).run()
    }
}

fn failure(error: RunError) -> Failure {
    let code = error.exit_code();
    Failure { error: error.into(), code }
}

/// The clock of the program.
struct Stopwatch(Instant);

impl Clock for Stopwatch {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}
