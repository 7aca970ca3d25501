//! `evaluate`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use contract::exit;
use margay_trainer::evaluate::{Passes, Rules, evaluate};
use margay_trainer::export::serve_run;
use margay_trainer::fit::checkpoint::write_atomically;
use margay_trainer::fit::run::Material;

use super::Failure;

/// Measure a trained run on the data that its plan kept apart; writes `figures.json` into the run.
#[derive(Debug, Args)]
pub(crate) struct Evaluate {
    /// The folder of the run.
    run: PathBuf,
    /// Folder that the plan's paths are relative to.
    #[arg(long)]
    data: PathBuf,
    /// How often the network looks at an image; figures of more than one pass are not stored,
    /// since the runtime looks once.
    #[arg(long, value_enum, default_value_t = Passes::One)]
    passes: Passes,
}

impl Evaluate {
    /// The evaluation of the run in the folder `run`, as it is stored with it.
    pub(crate) fn of_run(run: PathBuf, data: PathBuf) -> Self {
        Self { run, data, passes: Passes::One }
    }

    #[expect(clippy::print_stdout, reason = "a program for the terminal")]
    pub(crate) fn run(self) -> Result<(), Failure> {
        let (served, plan) = serve_run(&self.run)
            .with_context(|| format!("{} cannot be evaluated", self.run.display()))
            .map_err(Failure::with(exit::CONFIGURATION))?;
        let material = Material::load(&plan, &self.data).map_err(|error| {
            let code = error.exit_code();
            Failure { error: error.into(), code }
        })?;
        let rules = Rules { match_radius_um: plan.evaluation.match_radius_um, passes: self.passes };
        let measure = |samples: Vec<&data::Sample>, part: &str| {
            evaluate(&served, samples.into_iter(), part, rules)
                .map_err(|error| Failure { error: error.into(), code: exit::INTERNAL })
        };
        let mut summary = measure(material.validation().collect(), "validation")?;
        summary.rows.extend(measure(material.test().collect(), "test")?.rows);

        print!("{summary}");
        if self.passes == Passes::One {
            let text = serde_json::to_vec_pretty(&summary.figures())
                .expect("figures are plain numbers and texts");
            let path = self.run.join("figures.json");
            write_atomically(&path, &text)
                .with_context(|| format!("{} cannot be written", path.display()))
                .map_err(Failure::with(exit::INTERNAL))?;
        }
        Ok(())
    }
}
