//! `evaluate`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use contract::exit;
use evaluation::Summary;
use margay_trainer::evaluate::challenge::Origin;
use margay_trainer::evaluate::{EvaluateError, Passes, Rules, evaluate, evaluate_tissue};
use margay_trainer::export::{Served, serve_run};
use margay_trainer::fit::checkpoint::write_atomically;
use margay_trainer::fit::run::{Material, label_tissue};
use margay_trainer::plan::{NucleiTask, Task, TissueTask};

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
        let summary = match &plan.task {
            Task::Nuclei(task) => {
                let origin = Origin { root: &self.data, sources: &plan.sources };
                self.nuclei(&served, task, &material, origin)
            }
            Task::Tissue(task) => self.tissue(&served, task, &material),
        };
        let summary =
            summary.map_err(|error| Failure { error: error.into(), code: exit::INTERNAL })?;

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

    fn nuclei(
        &self,
        served: &Served,
        task: &NucleiTask,
        material: &Material,
        origin: Origin<'_>,
    ) -> Result<Summary, EvaluateError> {
        let rules = Rules { match_radius_um: task.match_radius_um, passes: self.passes };
        let mut summary = evaluate(served, material.validation(), origin, "validation", rules)?;
        summary.rows.extend(evaluate(served, material.test(), origin, "test", rules)?.rows);
        Ok(summary)
    }

    fn tissue(
        &self,
        served: &Served,
        task: &TissueTask,
        material: &Material,
    ) -> Result<Summary, EvaluateError> {
        let measure = |samples: Vec<&data::Sample>, part: &str| {
            let labelled = label_tissue(samples.into_iter(), &task.labels);
            let labelled = labelled.iter().map(AsRef::as_ref);
            evaluate_tissue(served, labelled, &format!("{part}, weak labels"), self.passes)
        };
        let mut summary = measure(material.validation().collect(), "validation")?;
        summary.rows.extend(measure(material.test().collect(), "test")?.rows);
        Ok(summary)
    }
}
