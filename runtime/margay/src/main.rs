//! `margay`: the program. It reads the command line, wires the parts, watches them, and turns what
//! goes wrong into a sentence and an exit code (`contract::exit`).

#![forbid(unsafe_code)]

mod analyze;
mod digest;
mod doctor;
mod files;
mod inputs;
mod log;
mod models;
mod reporting;
mod sample;
mod serve;
mod simulate;
mod timings;
mod watchdog;

use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};

/// Tumour-infiltrating lymphocytes in H&E of melanoma. For research use only.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Analyse images: nuclei, tissue, TIL figures
    Analyze(analyze::Arguments),
    /// Serve as the appliance: tiles and slides in, results out
    Serve(serve::Arguments),
    /// Play a part around the box: a scanner
    Simulate(simulate::Arguments),
    /// Say what this box has, what is wrong, and what to do
    Doctor(doctor::Arguments),
}

#[expect(clippy::disallowed_methods, reason = "a program's shell reads the clock")]
fn main() -> ExitCode {
    let start = Instant::now();
    log::start();

    let outcome = match Arguments::parse().command {
        Command::Analyze(arguments) => analyze::run(&arguments, start),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Simulate(arguments) => simulate::run(&arguments),
        Command::Doctor(arguments) => Ok(doctor::run(&arguments)),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            tracing::error!("{:#}", failure.error);
            ExitCode::from(failure.code)
        }
    }
}
