//! Times the HoVer chain from maps to nuclei on one thread: instances, measures, classes, outlines.
//!
//! Usage: `postprocess FOLDER [RUNS]`. Reads `FOLDER/{np,h,v,tp}.npy` as `gen.py` writes them, and
//! `FOLDER/instances.npy` if `published_steps.py` has been there. Prints one line of JSON: CPU
//! milliseconds of this thread, minimum and median over the runs, with the bounds of the gradients
//! given (as a model card gives them) and with the bounds measured on the tile (as the published
//! chain does), by stage; and how many pixels differ from the published instances.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod npy;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use contract::{Mpp, Size};
use kernels::Labels;
use kernels::contour::Tracer;
use kernels::gradient::GradientBounds;
use kernels::instances::{HoverMaps, Scratch, hover, published_hover};
use kernels::measure::{ClassMaps, measure};
use npy::{NpyError, read, read_f32};
use rustix::time::{ClockId, clock_gettime};

/// Distance of the outlines' vertices.
const SPACING_PX: f32 = 1.5;

/// Runs where none are asked for.
const RUNS: usize = 15;

struct Tile {
    size: Size,
    np: Vec<f32>,
    h: Vec<f32>,
    v: Vec<f32>,
    tp: Vec<f32>,
}

/// Milliseconds of each run, by stage.
#[derive(Default)]
struct Laps {
    bounds: Vec<f64>,
    instances: Vec<f64>,
    measures: Vec<f64>,
    outlines: Vec<f64>,
    given: Vec<f64>,
    measured: Vec<f64>,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let Some(folder) = arguments.next() else {
        println!("usage: postprocess FOLDER [RUNS]");
        return ExitCode::from(2);
    };
    let runs = arguments.next().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    match bench(Path::new(&folder), runs) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn bench(folder: &Path, runs: usize) -> Result<String, NpyError> {
    let tile = load(folder)?;
    let mut laps = Laps::default();
    let mut scratch = Scratch::default();
    let mut found = None;
    // The first run fills the scratch and is not counted.
    for run in 0..=runs {
        let mut lap = Laps::default();
        if let Some((labels, _)) = found.take() {
            scratch.recycle(labels);
        }
        found = Some(one_run(&tile, &mut scratch, &mut lap));
        if run > 0 {
            laps.extend(lap);
        }
    }
    let (labels, vertices) = found.unwrap_or((Labels::empty(tile.size), 0));
    let published = folder.join("instances.npy");
    let differing = if published.exists() {
        Some(differing(&labels, &read(&published, "<i4", i32::from_le_bytes)?.values))
    } else {
        None
    };
    Ok(report(&labels, vertices, differing, &mut laps))
}

fn load(folder: &Path) -> Result<Tile, NpyError> {
    let read = |name: &str| read_f32(&folder.join(name));
    let np = read("np.npy")?;
    let size = match np.shape[..] {
        [height, width] => Size::new(width, height),
        _ => Size::new(np.values.len(), 1),
    };
    let (h, v, tp) = (read("h.npy")?.values, read("v.npy")?.values, read("tp.npy")?.values);
    Ok(Tile { size, np: np.values, h, v, tp })
}

fn one_run(tile: &Tile, scratch: &mut Scratch, lap: &mut Laps) -> (Labels, usize) {
    let mpp = Mpp::new(0.25).expect("the published resolution is believable");
    let start = now_ms();
    let bounds = GradientBounds::measure(tile.size, &tile.h, &tile.v, 21);
    let parameters = published_hover(mpp, bounds);
    let bounded = now_ms();
    let maps = HoverMaps { size: tile.size, np: &tile.np, h: &tile.h, v: &tile.v };
    let labels = hover(&maps, &parameters, mpp, scratch);
    let labelled = now_ms();
    let classes = ClassMaps::new(&tile.tp, tile.tp.len() / tile.size.pixels().max(1));
    let regions = measure(&labels, classes);
    let measured = now_ms();
    let mut tracer = Tracer::default();
    let vertices = (1..)
        .zip(&regions)
        .map(|(id, region)| tracer.outline(&labels, id, region, SPACING_PX).len())
        .sum();
    let end = now_ms();
    lap.bounds.push(bounded - start);
    lap.instances.push(labelled - bounded);
    lap.measures.push(measured - labelled);
    lap.outlines.push(end - measured);
    lap.given.push(end - bounded);
    lap.measured.push(end - start);
    (labels, vertices)
}

/// CPU time of this thread.
fn now_ms() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 * 1e-6
}

impl Laps {
    fn extend(&mut self, other: Self) {
        self.bounds.extend(other.bounds);
        self.instances.extend(other.instances);
        self.measures.extend(other.measures);
        self.outlines.extend(other.outlines);
        self.given.extend(other.given);
        self.measured.extend(other.measured);
    }
}

/// Pixels that do not belong together in both label images: each label is paired with the one of the
/// other image that it shares most pixels with, once from either side, and the rest is counted.
fn differing(labels: &Labels, published: &[i32]) -> usize {
    let pairs =
        || labels.values().iter().copied().zip(published.iter().map(|&id| id.max(0) as u32));
    unpaired(pairs()).max(unpaired(pairs().map(|(ours, theirs)| (theirs, ours))))
}

fn unpaired(pairs: impl Iterator<Item = (u32, u32)>) -> usize {
    let mut shared: BTreeMap<u32, BTreeMap<u32, usize>> = BTreeMap::new();
    for (one, other) in pairs {
        *shared.entry(one).or_default().entry(other).or_default() += 1;
    }
    let rest = |others: &BTreeMap<u32, usize>| {
        others.values().sum::<usize>() - others.values().max().copied().unwrap_or(0)
    };
    shared.values().map(rest).sum()
}

fn report(labels: &Labels, vertices: usize, differing: Option<usize>, laps: &mut Laps) -> String {
    let stage = |name: &str, laps: &mut [f64]| {
        laps.sort_by(f64::total_cmp);
        let (min, median) = match laps {
            [] => (f64::NAN, f64::NAN),
            laps => (laps[0], laps[laps.len() / 2]),
        };
        format!("\"{name}\":{{\"min\":{min:.3},\"median\":{median:.3}}}")
    };
    let runs = laps.given.len();
    let stages = [
        stage("bounds_ms", &mut laps.bounds),
        stage("instances_ms", &mut laps.instances),
        stage("measures_ms", &mut laps.measures),
        stage("outlines_ms", &mut laps.outlines),
        stage("total_ms", &mut laps.given),
        stage("total_with_bounds_ms", &mut laps.measured),
    ];
    let differing = differing.map_or("null".into(), |pixels| pixels.to_string());
    format!(
        "{{\"nuclei\":{},\"vertices\":{vertices},\"runs\":{runs},\"clock\":\"thread CPU\",{},\
         \"pixels_differing_from_published\":{differing}}}",
        labels.count(),
        stages.join(",")
    )
}
