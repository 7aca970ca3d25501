//! `margay-trainer`: the command line of the trainer.

mod command;
mod log;

use std::process::ExitCode;

use clap::Parser;

use command::Command;

/// Trains, evaluates and exports Margay's models. For research use only.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let log = log::start();
    match Arguments::parse().command.run(&log) {
        Ok(()) => ExitCode::from(contract::exit::DONE),
        Err(failure) => {
            tracing::error!("{:#}", failure.error);
            ExitCode::from(failure.code)
        }
    }
}
