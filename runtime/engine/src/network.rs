//! A network that is ready to run: a card and an engine that was found to agree with it.

use std::fmt;
use std::sync::Arc;

use contract::{Digest, Kind, ModelCard, Size};
use thiserror::Error;

use crate::package::MODEL_FILE;
use crate::{Batch, Cpu, Maps, Package, Threads};

mod probe;

/// What runs a network: the CPU anywhere, TensorRT where there is a GPU.
pub trait Engine: Send + Sync {
    /// Runs the network on `input`; may be called by many threads at once. The outputs are those
    /// that the card names, in its order of channels, at the input's size, all values finite or
    /// not as the network gave them.
    fn run(&self, input: Batch<'_>) -> Result<Maps, RunError>;
}

/// Why a network did not run, or not as its card says.
#[derive(Debug, Error)]
pub enum RunError {
    /// The runtime refused or failed.
    #[error("the network failed on {count} images of {width} × {height} px", width = size.width, height = size.height)]
    Runtime {
        /// Images in the batch.
        count: usize,
        /// Size of each.
        size: Size,
        /// What the runtime says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The runtime panicked: a fault of it or of the model.
    #[error("the runtime panicked on {count} images of {width} × {height} px: {message}", width = size.width, height = size.height)]
    Panicked {
        /// Images in the batch.
        count: usize,
        /// Size of each.
        size: Size,
        /// The panic's message.
        message: String,
    },
    /// An output is no f32 tensor of rank 4.
    #[error("the output {tensor:?} is no f32 tensor of rank 4 but {found}")]
    OutputKind {
        /// Its name in the graph.
        tensor: String,
        /// What it is.
        found: String,
    },
    /// An output has another shape than the card and the input say.
    #[error("the output {tensor:?} has the shape {found:?}, not {expected:?}")]
    OutputShape {
        /// Its name in the graph.
        tensor: String,
        /// `[count, channels, height, width]` by the card and the input.
        expected: [usize; 4],
        /// What came out.
        found: [usize; 4],
    },
}

/// Why a package cannot run here.
#[derive(Debug, Error)]
pub enum NetworkError {
    /// The runtime cannot read the file or lacks an operator.
    #[error(
        "{MODEL_FILE} of {model} cannot be loaded; export it again with the operators of ONNX opset 17"
    )]
    Load {
        /// Name and version of the model.
        model: String,
        /// What the runtime says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The graph and the card disagree.
    #[error(
        "card.toml and {MODEL_FILE} of {model} disagree: {fault}; correct the card or export the model again"
    )]
    Disagree {
        /// Name and version of the model.
        model: String,
        /// The field of the card, what it says and what the graph has.
        fault: String,
    },
    /// The trial run failed.
    #[error(
        "{MODEL_FILE} of {model} does not run on an input of {width} × {height} px, which window.multiple_px of its card allows; export it with dynamic batch, height and width, or correct the card",
        width = size.width, height = size.height
    )]
    Probe {
        /// Name and version of the model.
        model: String,
        /// Size of the trial input.
        size: Size,
        /// What went wrong.
        #[source]
        source: Box<RunError>,
    },
    /// The trial run gave values that are no numbers.
    #[error(
        "{MODEL_FILE} of {model} gives values in {tensor:?} that are no finite numbers on a grey image; its weights are damaged"
    )]
    NotFinite {
        /// Name and version of the model.
        model: String,
        /// The output's name in the graph.
        tensor: String,
    },
}

/// A package on an engine, compared with its card and tried.
#[derive(Clone)]
pub struct Network {
    card: Arc<ModelCard>,
    card_digest: Digest,
    engine: Arc<dyn Engine>,
}

impl Network {
    /// Loads `package` on the CPU and tries it.
    pub fn on_cpu(package: &Package, threads: Threads) -> Result<Self, NetworkError> {
        let engine = Cpu::load(package.model_bytes(), package.card(), threads)?;
        Self::new(package.card().clone(), package.card_digest(), Arc::new(engine))
    }

    /// Takes an engine that was loaded by the files of `card`, and tries it: two small inputs of
    /// different height and width must give every output at the input's size.
    pub fn new(
        card: ModelCard,
        card_digest: Digest,
        engine: Arc<dyn Engine>,
    ) -> Result<Self, NetworkError> {
        probe::run(&card, &*engine)?;
        Ok(Self { card: Arc::new(card), card_digest, engine })
    }

    /// The model's card.
    pub fn card(&self) -> &ModelCard {
        &self.card
    }

    /// SHA-256 of `card.toml`, which names the digests of all other files.
    pub fn card_digest(&self) -> Digest {
        self.card_digest
    }

    /// What it finds.
    pub fn kind(&self) -> Kind {
        self.card.kind
    }

    /// Runs the network.
    pub fn run(&self, input: Batch<'_>) -> Result<Maps, RunError> {
        self.engine.run(input)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("model", &title(&self.card)).finish_non_exhaustive()
    }
}

/// Name and version for messages.
pub(crate) fn title(card: &ModelCard) -> String {
    format!("{} {}", card.name, card.version)
}
