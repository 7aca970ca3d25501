//! `margay-trainer`: the command line of the trainer.

mod command;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use command::Command;

/// Trains, evaluates and exports Margay's models. For research use only.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();

    match Arguments::parse().command.run() {
        Ok(()) => ExitCode::from(contract::exit::DONE),
        Err(failure) => {
            tracing::error!("{:#}", failure.error);
            ExitCode::from(failure.code)
        }
    }
}
