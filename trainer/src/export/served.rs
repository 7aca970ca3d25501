//! An exported network as the runtime serves it: the same engine, the same kernels.

use std::num::NonZeroUsize;
use std::sync::Arc;

use contract::{Chain, Digest, ModelCard, RgbImage, Size};
use engine::{Batch, BatchError, Cpu, Maps, Network, NetworkError, RunError, Threads};
use kernels::Labels;
use kernels::instances::{self, DistanceMaps, HoverMaps, Scratch};
use kernels::measure::{ClassMaps, Region, measure};
use kernels::normalise::{Frame, Normaliser};
use thiserror::Error;

/// An exported network.
#[derive(Debug)]
pub struct Served {
    network: Network,
    normaliser: Normaliser,
}

/// Why an exported network cannot be served.
#[derive(Debug, Error)]
pub enum ServedError {
    /// The engine refuses it.
    #[error("the engine refuses the exported network")]
    Load(#[source] NetworkError),
    /// The input is none.
    #[error("the input is no batch")]
    Input(#[source] BatchError),
    /// It does not run.
    #[error("the exported network does not run")]
    Run(#[source] RunError),
}

impl Served {
    /// Loads `onnx` on one thread by the names of `card`.
    pub fn load(onnx: &[u8], card: ModelCard) -> Result<Self, ServedError> {
        let threads = Threads { lanes: NonZeroUsize::MIN, per_lane: NonZeroUsize::MIN };
        let engine = Cpu::load(onnx, &card, threads).map_err(ServedError::Load)?;
        let normaliser = Normaliser::new(card.input.mean, card.input.std);
        let network = Network::new(card, Digest::of(onnx), Arc::new(engine));
        Ok(Self { network: network.map_err(ServedError::Load)?, normaliser })
    }

    /// The card that it was loaded by.
    pub fn card(&self) -> &ModelCard {
        self.network.card()
    }

    /// The size at which an image of `size` is run: up to the window's multiple.
    fn padded(&self, size: Size) -> Size {
        let multiple = self.network.card().window.multiple_px as usize;
        Size::new(size.width.next_multiple_of(multiple), size.height.next_multiple_of(multiple))
    }

    /// The input tensor of `image`, filled up to the right and below by reflection.
    pub fn input(&self, image: &RgbImage) -> Vec<f32> {
        let size = self.padded(image.size());
        let mut input = vec![0.0; 3 * size.pixels()];
        self.normaliser.fill(image, Frame { size, left: 0, top: 0 }, &mut input);
        input
    }

    /// The maps of an input made from an image of `size`; they are as large as the input.
    pub fn run(&self, input: &[f32], size: Size) -> Result<Maps, ServedError> {
        let batch = Batch::new(input, 1, self.padded(size)).map_err(ServedError::Input)?;
        self.network.run(batch).map_err(ServedError::Run)
    }

    /// The nuclei in maps of a nuclei network.
    ///
    /// # Panics
    /// If the network is not one of nuclei.
    pub fn nuclei(&self, maps: &Maps) -> (Labels, Vec<Region>) {
        let card = self.card();
        let size = maps.size;
        let np = maps.np.as_deref().expect(NAMED);
        let mut scratch = Scratch::default();
        let labels = match &card.postprocessing {
            Chain::Hover(parameters) => {
                let (h, v) = maps.hv.as_deref().expect(NAMED).split_at(size.pixels());
                let maps = HoverMaps { size, np, h, v };
                instances::hover(&maps, parameters, card.mpp, &mut scratch)
            }
            Chain::Distance(parameters) => {
                let maps = DistanceMaps { size, np, dist: maps.dist.as_deref().expect(NAMED) };
                instances::distance(&maps, parameters, card.mpp, &mut scratch)
            }
            Chain::Windows(_) => unreachable!("a checked card of nuclei names a chain of nuclei"),
        };
        let classes = maps
            .tp
            .as_deref()
            .map_or(ClassMaps::NONE, |planes| ClassMaps::new(planes, card.classes.len()));
        let regions = measure(&labels, classes);
        (labels, regions)
    }

    /// Nuclei of each class, or pixels of each tissue class.
    ///
    /// # Panics
    /// If the maps are those of another network.
    pub fn counts(&self, maps: &Maps) -> Vec<u64> {
        let card = self.card();
        let mut counts = vec![0; card.classes.len()];
        if matches!(card.postprocessing, Chain::Windows(_)) {
            let planes = maps.tp.as_deref().expect(NAMED);
            for pixel in 0..maps.size.pixels() {
                counts[most_probable(planes, pixel, maps.size.pixels())] += 1;
            }
        } else {
            for region in self.nuclei(maps).1 {
                if let Some(count) = counts.get_mut(region.class) {
                    *count += 1;
                }
            }
        }
        counts
    }
}

/// Why a map that a chain reads is there.
const NAMED: &str = "a checked card names the maps that its chain reads, and the engine gives them";

/// The class of the greatest value, the lowest among equals.
fn most_probable(planes: &[f32], pixel: usize, pixels: usize) -> usize {
    let values = planes.iter().skip(pixel).step_by(pixels);
    let best = values.enumerate().fold((0, f32::NEG_INFINITY), |best, (class, &value)| {
        if value > best.1 { (class, value) } else { best }
    });
    best.0
}
