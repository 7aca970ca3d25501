//! `margay analyze`: images in, result folders out, the TIL table on the terminal.

mod one;
mod summary;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, anyhow};
use clap::Args;
use contract::{Mpp, exit};
use engine::Threads;

use crate::files::{Choice, Further, Usual};
use crate::{inputs, models, sample, timings};

/// Images in, result folders out.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Images or folders of images; the bundled melanoma ROI where none is named
    images: Vec<PathBuf>,
    /// Resolution of the images in µm/px; needed where a file does not state a believable one
    #[arg(long, value_name = "UM")]
    mpp: Option<f64>,
    /// Folder of a model package, once for nuclei and once for tissue; the built-in ones where
    /// none is named
    #[arg(long, value_name = "DIR")]
    model: Vec<PathBuf>,
    /// Folder that gets a result folder for each image
    #[arg(long, value_name = "DIR", default_value = "margay-out")]
    out: PathBuf,
    /// Further files to write
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    format: Vec<Further>,
    /// Usual files to leave out
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    skip: Vec<Usual>,
    /// Worker threads; as many as there are cores where it is not stated
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Seed of the bootstrap intervals
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Grey level above which a place is glass, 0 to 255: to be stated where no tissue package
    /// says it
    #[arg(long, value_name = "LEVEL")]
    glass_grey: Option<f32>,
    /// Write seconds a stage and peak memory to this file, as JSON
    #[arg(long, value_name = "FILE")]
    timings: Option<PathBuf>,
}

/// Why nothing more was done, and the exit code that says so.
pub(crate) struct Failure {
    pub(crate) error: anyhow::Error,
    pub(crate) code: u8,
}

impl Failure {
    /// The failure of this code.
    pub(crate) fn with(code: u8) -> impl FnOnce(anyhow::Error) -> Self {
        move |error| Self { error, code }
    }
}

/// What every image of a run shares.
pub(crate) struct Run {
    models: pipeline::Models,
    mpp: Option<Mpp>,
    out: PathBuf,
    choice: Choice,
    threads: NonZeroUsize,
    seed: u64,
    glass: Option<pipeline::GlassRule>,
}

/// Analyses all that `arguments` name; an image that is refused does not stop the others.
#[expect(clippy::print_stdout, reason = "the result of a program for the terminal")]
pub(crate) fn run(arguments: &Arguments, start: Instant) -> Result<u8, Failure> {
    let run = Run::prepare(arguments)?;
    let named = match arguments.images.as_slice() {
        [] => vec![sample::write_to(&run.out).map_err(Failure::with(exit::INTERNAL))?],
        images => images.to_vec(),
    };
    let inputs = inputs::expand(&named).map_err(Failure::with(exit::USAGE))?;

    let mut code = exit::DONE;
    let mut done = Vec::new();
    for input in &inputs {
        match run.one(input) {
            Ok(result) => {
                print!("{}", summary::of(&result));
                done.push(result.timings);
            }
            Err(failure) => {
                tracing::error!("{:#}", failure.error);
                code = code.max(failure.code);
            }
        }
    }
    if inputs.len() > 1 {
        println!("{} of {} images done", done.len(), inputs.len());
    }
    if let Some(path) = &arguments.timings {
        let timings = timings::Timings {
            wall_s: start.elapsed().as_secs_f64(),
            peak_memory_bytes: timings::peak_memory_bytes(),
            threads: run.threads.get(),
            images: done,
        };
        timings.write(path).map_err(Failure::with(exit::INTERNAL))?;
    }
    Ok(code)
}

impl Run {
    fn prepare(arguments: &Arguments) -> Result<Self, Failure> {
        let mpp = arguments.mpp.map(Mpp::new).transpose();
        let mpp = mpp.context("--mpp").map_err(Failure::with(exit::USAGE))?;
        let threads = match arguments.threads {
            Some(threads) => threads,
            None => std::thread::available_parallelism()
                .context("the number of cores is not known; state --threads")
                .map_err(Failure::with(exit::USAGE))?,
        };
        let lanes = Threads { lanes: threads, per_lane: NonZeroUsize::MIN };
        let models =
            models::load(&arguments.model, lanes).map_err(Failure::with(exit::CONFIGURATION))?;
        let glass = glass_rule(arguments, &models).map_err(Failure::with(exit::USAGE))?;
        Ok(Self {
            models,
            mpp,
            out: arguments.out.clone(),
            choice: Choice { format: arguments.format.clone(), skip: arguments.skip.clone() },
            threads,
            seed: arguments.seed,
            glass,
        })
    }
}

fn glass_rule(
    arguments: &Arguments,
    models: &pipeline::Models,
) -> anyhow::Result<Option<pipeline::GlassRule>> {
    let Some(grey_min) = arguments.glass_grey else {
        return match models.glass_rule() {
            Some(_) => Ok(None),
            None => Err(anyhow!(
                "no tissue package says what glass is; name one with --model, or state --glass-grey"
            )),
        };
    };
    if !(0.0..=255.0).contains(&grey_min) {
        anyhow::bail!("--glass-grey is {grey_min}, not 0 to 255");
    }
    if models.tissue().is_some() {
        anyhow::bail!(
            "--glass-grey is stated, and the tissue package states its own; leave one out"
        );
    }
    let mpp = Mpp::new(OVERVIEW_UM_PER_PX).expect("2 µm/px is believable");
    Ok(Some(pipeline::GlassRule { mpp, grey_min }))
}

/// Resolution at which glass is looked for without a tissue package: that of tissue networks.
const OVERVIEW_UM_PER_PX: f64 = 2.0;
