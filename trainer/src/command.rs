//! The commands: each turns its arguments into one call of the library.

mod evaluate;
mod export;
mod fingerprint;
mod fit;
mod score;

use clap::Subcommand;

use crate::log::LogFile;

/// What the trainer can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train as a plan says.
    Fit(fit::Fit),
    /// Measure a trained run on the data that its plan kept apart.
    Evaluate(evaluate::Evaluate),
    /// Score files of nuclei and tissue against the truth, as the PUMA challenge does and otherwise.
    Score(score::Score),
    /// Write a trained run as a model package that the runtime serves.
    Export(export::Export),
    /// Name every file of a plan's data with its digest, and everything that is wrong with it.
    Fingerprint(fingerprint::Fingerprint),
}

/// Why a command failed, and the exit code that says so.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: anyhow::Error,
    pub(crate) code: u8,
}

impl Command {
    /// Does it; a training keeps what is said in its `log`.
    pub(crate) fn run(self, log: &LogFile) -> Result<(), Failure> {
        match self {
            Self::Fit(fit) => fit.run(log),
            Self::Evaluate(evaluate) => evaluate.run(),
            Self::Score(score) => score.run(),
            Self::Export(export) => export.run(),
            Self::Fingerprint(fingerprint) => fingerprint.run(),
        }
    }
}

impl Failure {
    /// A failure with its exit code.
    pub(crate) fn with(code: u8) -> impl FnOnce(anyhow::Error) -> Self {
        move |error| Self { error, code }
    }
}
