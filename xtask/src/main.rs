//! `cargo xtask <door>`: every check and tool of the project behind one door.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

mod bench;
mod check;
mod command;
mod deploy;
mod house;
mod libtorch;
mod oracle;
mod synthetic;
mod test;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Every check and tool of the project behind one door", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    door: Door,
}

#[derive(Subcommand)]
enum Door {
    /// Format, lints, licences and bans: seconds to minutes, no test runs
    Check,
    /// All that CI runs: `check`, every test, and the comparisons with independent programs
    Test {
        /// The tests alone, without `check`
        #[arg(long)]
        no_check: bool,
    },
    /// Measures against a peer in one run
    Bench {
        #[command(subcommand)]
        bench: Bench,
    },
    /// Compares with independent programs: onnxruntime, tifffile, the AsyncAPI parser
    Oracle,
    /// Cuts the power under the ledger at random writes; `test` does it some hundred times
    PowerCuts {
        /// How often
        #[arg(long, default_value_t = 10_000)]
        cuts: u64,
        /// The first seed; a failure prints its own
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Builds the Debian package and checks it, its units and its configurations
    Deploy,
    /// Writes the JSON Schemas of the contract anew
    Schemas,
    /// Fetches libtorch, which the trainer's fast path is built against
    Libtorch,
    /// Builds a large tiled TIFF from real tiles, for measuring memory
    SyntheticSlide {
        /// Folder of 1024 × 1024 px JPEG tiles
        #[arg(long)]
        tiles: PathBuf,
        /// Width and height of the slide, px
        #[arg(long, default_value_t = 40_000)]
        size_px: u32,
        /// Resolution to write into it, µm/px
        #[arg(long)]
        mpp: f64,
        /// The file to write
        #[arg(long)]
        out: PathBuf,
    },
}

#[derive(Subcommand)]
enum Bench {
    /// Nuclei post-processing against the published steps in Python, one thread
    Postprocess(bench::Options),
    /// One 1024 × 1024 px tile from image to report: seconds a stage, peak memory
    Tile(bench::Options),
    /// Durable results a second against the disk's floor: as many appends with one sync each
    Ledger(bench::Options),
    /// Peak memory and seconds per mm² on one image or several
    Memory {
        /// Images
        #[arg(required = true)]
        images: Vec<PathBuf>,
        /// Their resolution where the files do not say, µm/px
        #[arg(long)]
        mpp: Option<f64>,
        #[command(flatten)]
        options: bench::Options,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().door {
        Door::Check => check::run(),
        Door::Test { no_check } => test::run(no_check),
        Door::Bench { bench: Bench::Postprocess(options) } => bench::postprocess(&options),
        Door::Bench { bench: Bench::Tile(options) } => bench::tile(&options),
        Door::Bench { bench: Bench::Ledger(options) } => bench::ledger(&options),
        Door::Bench { bench: Bench::Memory { images, mpp, options } } => {
            bench::memory(&images, mpp, &options)
        }
        Door::Oracle => oracle::run(),
        Door::PowerCuts { cuts, seed } => power_cuts(cuts, seed),
        Door::Deploy => deploy::run(),
        Door::Schemas => schemas(),
        Door::Libtorch => {
            let home = libtorch::fetch()?;
            println!("{}", libtorch::instructions(&home));
            Ok(())
        }
        Door::SyntheticSlide { tiles, size_px, mpp, out } => {
            let summary = synthetic::write(&tiles, size_px, mpp, &out)?;
            println!("{summary}");
            Ok(())
        }
    }
}

fn power_cuts(cuts: u64, seed: Option<u64>) -> Result<()> {
    let mut test = command::cargo(&["test", "--release", "-p", "ledger", "--test", "power_cut"])
        .env("MARGAY_CUTS", cuts.to_string());
    if let Some(seed) = seed {
        test = test.env("MARGAY_SEED", seed.to_string());
    }
    test.succeed()
}

fn schemas() -> Result<()> {
    command::cargo(&["test", "--release", "-p", "contract", "--test", "schemas"])
        .env("MARGAY_WRITE_SCHEMAS", "1")
        .succeed()
}
