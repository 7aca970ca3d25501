//! Images and networks that the tests share.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use contract::{Mpp, Nucleus, RgbImage, Size};
use engine::{Cpu, Network, Threads, package};
use pipeline::{AnalyseError, Analysis, Models, Options, Progress, analyse};
use slide::{Regions, TileImage};

/// A part of a real melanoma, 768 × 700 px: odd resolution, lymphocytes and tumour.
pub(crate) fn melanoma() -> TileImage {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/melanoma.jpg");
    TileImage::new(slide::read_image(&path).unwrap(), mpp(0.23))
}

/// A part of [`melanoma`] that begins at (`x`, `y`).
pub(crate) fn part(x: usize, y: usize, size: Size) -> TileImage {
    let whole = melanoma();
    TileImage::new(whole.read(x, y, size).unwrap(), whole.mpp())
}

/// The same pixels under another resolution.
pub(crate) fn claiming(image: RgbImage, um_per_px: f64) -> TileImage {
    TileImage::new(image, mpp(um_per_px))
}

pub(crate) fn mpp(um_per_px: f64) -> Mpp {
    Mpp::new(um_per_px).unwrap()
}

pub(crate) fn at_once(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap()
}

/// The hand-weighted networks, the nuclei network with windows of `size_px`.
pub(crate) fn models(size_px: u32) -> Models {
    Models::new(darkness(size_px), Some(pallor(64))).unwrap()
}

/// The hand-weighted nuclei network with windows of `size_px`.
pub(crate) fn darkness(size_px: u32) -> Network {
    network("darkness", size_px, 32)
}

/// The hand-weighted tissue network with windows of `size_px`.
pub(crate) fn pallor(size_px: u32) -> Network {
    network("pallor", size_px, 16)
}

fn network(name: &str, size_px: u32, margin_px: u32) -> Network {
    let package = package::load(&package_folder(name)).unwrap();
    let mut card = package.card().clone();
    card.window.size_px = size_px;
    card.window.margin_px = margin_px;
    let threads = Threads { lanes: at_once(4), per_lane: at_once(1) };
    let engine = Cpu::load(package.model_bytes(), &card, threads).unwrap();
    Network::new(card, package.card_digest(), Arc::new(engine)).unwrap()
}

fn package_folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/tests/data").join(name)
}

/// How a test runs an image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) workers: usize,
    pub(crate) batch: usize,
}

pub(crate) const PLAIN: Run = Run { workers: 2, batch: 1 };

/// Analyses `image` and keeps its nuclei.
pub(crate) fn run(
    image: &dyn Regions,
    models: &Models,
    run: Run,
) -> Result<(Analysis, Vec<Nucleus>), AnalyseError> {
    let progress = Progress::new(at_once(run.workers), || 0);
    let options = Options { batch: at_once(run.batch), glass: None, progress: &progress };
    let mut nuclei = Vec::new();
    let analysis = analyse(image, models, &options, &mut nuclei)?;
    Ok((analysis, nuclei))
}
