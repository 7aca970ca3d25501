//! `score`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use contract::{Mpp, exit};
use evaluation::puma;
use evaluation::score::{Rules, Scores, score};
use margay_trainer::fit::checkpoint::write_atomically;

use super::Failure;

/// Score a result against the truth: PUMA's official figures and the pooled ones beside them.
///
/// TRUTH and RESULT are files, or folders of the same names. Nuclei are `GeoJSON` or Grand
/// Challenge "Multiple polygons" (NAME.geojson, NAME.json, `NAME_nuclei.geojson`); tissue is an
/// 8-bit mask (NAME.tif) or PUMA's annotations (`NAME_tissue.geojson`). RESULT may be what
/// `margay analyze --format puma --out RESULT` wrote.
#[derive(Debug, Args)]
pub(crate) struct Score {
    /// What people marked: a file or a folder.
    truth: PathBuf,
    /// What was found: a file or a folder.
    result: PathBuf,
    /// Resolution of the images, µm/px, for the figures at 3 µm; without it there are none.
    #[arg(long, value_name = "UM", value_parser = resolution)]
    mpp: Option<Mpp>,
    /// Bring the classes of truth and result to those of a track of the challenge; without it
    /// names are compared as they stand.
    #[arg(long, value_enum)]
    track: Option<Track>,
    /// A class of the result, and what the truth calls it; may be repeated.
    #[arg(long, value_name = "FROM=TO", value_parser = renaming)]
    rename: Vec<(String, String)>,
    /// Write all figures, to their last bit, into this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// A track of the challenge.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Track {
    /// Tumour, lymphocyte (with plasma cells), other.
    #[value(name = "1")]
    Three,
    /// The ten classes.
    #[value(name = "2")]
    Ten,
}

impl From<Track> for puma::Track {
    fn from(track: Track) -> Self {
        match track {
            Track::Three => Self::Three,
            Track::Ten => Self::Ten,
        }
    }
}

impl Score {
    #[expect(clippy::print_stdout, reason = "a program for the terminal")]
    pub(crate) fn run(self) -> Result<(), Failure> {
        let Self { truth, result, mpp, track, rename, json } = self;
        let rules =
            Rules { rename: rename.into_iter().collect(), track: track.map(Into::into), mpp };
        let scores = score(&truth, &result, &rules)
            .context("nothing was scored")
            .map_err(Failure::with(exit::INPUT_REFUSED))?;

        print!("{scores}");
        match json {
            Some(path) => write(&path, &scores).map_err(Failure::with(exit::INTERNAL)),
            None => Ok(()),
        }
    }
}

fn write(path: &Path, scores: &Scores) -> anyhow::Result<()> {
    let text = serde_json::to_vec_pretty(scores).expect("figures are plain numbers and texts");
    write_atomically(path, &text).with_context(|| format!("{} cannot be written", path.display()))
}

fn resolution(text: &str) -> Result<Mpp, String> {
    let value: f64 = text.parse().map_err(|error| format!("{error}"))?;
    Mpp::new(value).map_err(|error| error.to_string())
}

fn renaming(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((from, to)) if !from.is_empty() && !to.is_empty() => Ok((from.into(), to.into())),
        _ => Err("expected FROM=TO, for example tumour=nuclei_tumor".into()),
    }
}
