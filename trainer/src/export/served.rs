//! An exported network as the runtime serves it: the same engine, the same kernels.

use std::num::NonZeroUsize;
use std::sync::Arc;

use contract::{Chain, Digest, Kind, ModelCard, RgbImage, Size};
use engine::{Batch, BatchError, Cpu, Maps, Network, NetworkError, RunError, Threads};
use kernels::glass::glass;
use kernels::instances::{self, DistanceMaps, HoverMaps, Scratch};
use kernels::measure::{ClassMaps, Region, measure};
use kernels::normalise::{Frame, Normaliser};
use kernels::{Labels, Mask};
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

    /// The tissue in maps of a tissue network that looked at `image`: the class of each of its
    /// pixels.
    ///
    /// # Panics
    /// If the network is not one of tissue, or the maps are of a smaller image.
    pub fn tissue(&self, image: &RgbImage, maps: &Maps) -> Vec<u8> {
        let size = image.size();
        let planes = maps.tp.as_deref().expect(NAMED);
        let glass = self.glass(image);
        (0..size.pixels())
            .map(|pixel| {
                let (x, y) = (pixel % size.width, pixel / size.width);
                let at = y * maps.size.width + x;
                match &glass {
                    Some((mask, class)) if mask.get(x, y) => *class,
                    _ => most_probable(planes, at, maps.size.pixels()) as u8,
                }
            })
            .collect()
    }

    /// Where brightness says that there is glass, and the class that it gets.
    fn glass(&self, image: &RgbImage) -> Option<(Mask, u8)> {
        let Chain::Windows(windows) = &self.card().postprocessing else { return None };
        let class = self.card().class_index(&windows.glass_class)?;
        Some((glass(image, windows.glass_grey_min), class as u8))
    }

    /// Nuclei of each class in `image`, or pixels of each tissue class, by the maps of it.
    ///
    /// # Panics
    /// If the maps are of a smaller image.
    pub fn counts(&self, image: &RgbImage, maps: &Maps) -> Vec<u64> {
        let card = self.card();
        let mut counts = vec![0; card.classes.len()];
        let found: Vec<usize> = match card.kind {
            Kind::Tissue => self.tissue(image, maps).into_iter().map(usize::from).collect(),
            Kind::Nuclei | Kind::Classifier => {
                self.nuclei(maps).1.iter().map(|region| region.class).collect()
            }
        };
        for class in found {
            if let Some(count) = counts.get_mut(class) {
                *count += 1;
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
