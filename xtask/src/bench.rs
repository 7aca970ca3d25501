//! Measurements, as ratios against a peer that runs in the same call.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::command::{cargo, program};
use crate::house::{self, Python};

/// What every bench takes.
#[derive(Args)]
pub(crate) struct Options {
    /// Runs of each case; the least and the median are reported
    #[arg(long, default_value_t = 9)]
    runs: usize,
    /// Writes the figures to this file too
    #[arg(long)]
    json: Option<PathBuf>,
}

/// The figures of a bench, as `--json` writes them.
#[derive(Serialize)]
struct Report {
    cases: Vec<Case>,
}

#[derive(Serialize)]
struct Case {
    name: String,
    /// Ours, seconds: the least of all runs.
    ours_s: f64,
    ours_median_s: f64,
    /// The peer's, seconds: the least of all runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    peer_s: Option<f64>,
    /// Peer over ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
    #[serde(flatten)]
    more: BTreeMap<String, f64>,
}

/// What our bench program prints.
#[derive(Deserialize)]
struct Ours {
    nuclei: u64,
    /// The whole chain, with the gradients' bounds given as a model card gives them.
    total_ms: Lap,
    /// The same, with the bounds measured on the tile as the published chain does.
    total_with_bounds_ms: Lap,
    pixels_differing_from_published: Option<u64>,
}

/// What the peer prints.
#[derive(Deserialize)]
struct Peer {
    nuclei: u64,
    /// The published chain.
    total_ms: Lap,
    /// The same with the work per nucleus kept to each nucleus' box.
    tuned_total_ms: Lap,
}

/// Milliseconds of thread CPU.
#[derive(Deserialize)]
struct Lap {
    min: f64,
    median: f64,
}

/// Nuclei that the synthetic tiles are drawn with; some touch, so a chain finds a few less.
const TILES: [&str; 2] = ["600", "2000"];

/// Our nuclei post-processing against the published steps, on the same maps, one thread each, one
/// after the other.
pub(crate) fn postprocess(options: &Options) -> Result<()> {
    let python = Python::with("bench", "xtask/requirements-bench.txt")?;
    let maps = house::target().join("bench/maps");
    fs::create_dir_all(&maps).with_context(|| format!("{} cannot be made", maps.display()))?;
    let mut generate = vec!["kernels/benches/gen.py".to_owned(), maps.display().to_string()];
    generate.extend(TILES.map(str::to_owned));
    python.run(&generate.iter().map(String::as_str).collect::<Vec<_>>()).succeed()?;

    let cases = TILES
        .iter()
        .map(|tile| {
            let folder = maps.join(tile).display().to_string();
            postprocess_case(tile, &folder, &options.runs.to_string(), &python)
        })
        .collect::<Result<_>>()?;
    finish(&Report { cases }, options)
}

fn postprocess_case(tile: &str, folder: &str, runs: &str, python: &Python) -> Result<Case> {
    let peer = python.run(&["kernels/benches/published_steps.py", folder, runs]);
    let peer: Peer = from_json(&peer.env("OMP_NUM_THREADS", "1").output()?)?;
    let ours = cargo(&[
        "bench",
        "-q",
        "--profile",
        "release",
        "-p",
        "kernels",
        "--bench",
        "postprocess",
        "--",
        folder,
        runs,
    ]);
    let ours: Ours = from_json(&ours.output()?)?;
    let more = BTreeMap::from([
        ("nuclei".to_owned(), ours.nuclei as f64),
        ("peer_nuclei".to_owned(), peer.nuclei as f64),
        ("peer_median_s".to_owned(), peer.total_ms.median / 1e3),
        ("peer_tuned_s".to_owned(), peer.tuned_total_ms.min / 1e3),
        ("ratio_tuned".to_owned(), peer.tuned_total_ms.min / ours.total_ms.min),
        ("ours_with_bounds_s".to_owned(), ours.total_with_bounds_ms.min / 1e3),
        ("ratio_with_bounds".to_owned(), peer.total_ms.min / ours.total_with_bounds_ms.min),
        (
            "pixels_differing".to_owned(),
            ours.pixels_differing_from_published.map_or(f64::NAN, |pixels| pixels as f64),
        ),
    ]);
    Ok(Case {
        name: format!("postprocess_{tile}_nuclei"),
        ours_s: ours.total_ms.min / 1e3,
        ours_median_s: ours.total_ms.median / 1e3,
        peer_s: Some(peer.total_ms.min / 1e3),
        ratio: Some(peer.total_ms.min / ours.total_ms.min),
        more,
    })
}

fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    let line =
        text.lines().find(|line| line.starts_with('{')).context("no figures were printed")?;
    serde_json::from_str(line).with_context(|| format!("these are no figures: {line}"))
}

/// What `margay analyze --timings FILE` writes.
#[derive(Deserialize)]
struct Timings {
    wall_s: f64,
    peak_memory_bytes: u64,
    images: Vec<ImageTimings>,
}

#[derive(Deserialize)]
struct ImageTimings {
    name: String,
    area_mm2: f64,
    wall_s: f64,
    /// Seconds of work in each stage, over all threads.
    stages: BTreeMap<String, f64>,
}

/// One tile from image to report.
pub(crate) fn tile(options: &Options) -> Result<()> {
    let image = house::root().join("tests/data/puma-metastatic-094.tif");
    let margay = build_margay()?;
    let runs: Vec<Timings> =
        (0..options.runs.max(1)).map(|_| analyze(&margay, &image, None)).collect::<Result<_>>()?;

    let (least, median) = least_and_median(runs.iter().map(|run| run.images[0].wall_s));
    let first = &runs[0].images[0];
    let peak = runs.iter().map(|run| run.peak_memory_bytes).max().unwrap_or(0);
    let mut more = BTreeMap::from([
        ("process_s".to_owned(), least_and_median(runs.iter().map(|run| run.wall_s)).0),
        ("peak_memory_mb".to_owned(), peak as f64 / 1e6),
        ("s_per_mm2".to_owned(), least / first.area_mm2),
    ]);
    for stage in first.stages.keys() {
        let seconds = runs.iter().filter_map(|run| run.images[0].stages.get(stage).copied());
        more.insert(format!("stage_{stage}_s"), least_and_median(seconds).0);
    }
    let case = Case {
        name: first.name.clone(),
        ours_s: least,
        ours_median_s: median,
        peer_s: None,
        ratio: None,
        more,
    };
    finish(&Report { cases: vec![case] }, options)
}

/// Durable results a second; the bench measures its own floor.
pub(crate) fn ledger(options: &Options) -> Result<()> {
    let mut arguments =
        vec!["bench", "--profile", "release", "-p", "ledger", "--bench", "ledger", "--"];
    let json = options.json.as_ref().map(std::path::absolute).transpose()?;
    let json = json.map(|path| path.to_string_lossy().into_owned());
    if let Some(json) = &json {
        arguments.extend(["--json", json]);
    }
    cargo(&arguments).succeed()
}

/// Peak memory and seconds per mm², an image at a time, each in a process of its own.
pub(crate) fn memory(images: &[PathBuf], mpp: Option<f64>, options: &Options) -> Result<()> {
    let margay = build_margay()?;
    let cases = images
        .iter()
        .map(|image| {
            let image = std::path::absolute(image)?;
            let run = analyze(&margay, &image, mpp)?;
            let timings = run.images.first().context("no image was analysed")?;
            Ok(Case {
                name: timings.name.clone(),
                ours_s: timings.wall_s,
                ours_median_s: timings.wall_s,
                peer_s: None,
                ratio: None,
                more: BTreeMap::from([
                    ("peak_memory_mb".to_owned(), run.peak_memory_bytes as f64 / 1e6),
                    ("area_mm2".to_owned(), timings.area_mm2),
                    ("s_per_mm2".to_owned(), timings.wall_s / timings.area_mm2),
                ]),
            })
        })
        .collect::<Result<_>>()?;
    finish(&Report { cases }, options)
}

fn build_margay() -> Result<PathBuf> {
    cargo(&["build", "--release", "--locked", "-p", "margay"]).succeed()?;
    Ok(house::target().join("release/margay"))
}

fn analyze(margay: &Path, image: &Path, mpp: Option<f64>) -> Result<Timings> {
    let folder = house::target().join("bench/out");
    let timings = folder.join("timings.json");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let (image, out, file) =
        (image.to_string_lossy(), folder.to_string_lossy(), timings.to_string_lossy());
    let mut arguments = vec!["analyze", &*image, "--out", &*out, "--timings", &*file];
    let stated = mpp.map(|mpp| mpp.to_string());
    if let Some(stated) = &stated {
        arguments.extend(["--mpp", stated]);
    }
    program(margay, &arguments).output()?;
    let text = fs::read_to_string(&timings)
        .with_context(|| format!("{} cannot be read", timings.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no timings file", timings.display()))
}

fn least_and_median(seconds: impl Iterator<Item = f64>) -> (f64, f64) {
    let mut sorted: Vec<f64> = seconds.collect();
    sorted.sort_by(f64::total_cmp);
    (sorted.first().copied().unwrap_or(0.0), sorted.get(sorted.len() / 2).copied().unwrap_or(0.0))
}

#[expect(clippy::print_stdout, reason = "a program for the terminal")]
fn finish(report: &Report, options: &Options) -> Result<()> {
    let text = serde_json::to_string_pretty(report)?;
    println!("{text}");
    if let Some(path) = &options.json {
        let mut file = fs::File::create(path)
            .with_context(|| format!("{} cannot be written", path.display()))?;
        std::io::Write::write_all(&mut file, text.as_bytes())?;
    }
    Ok(())
}
