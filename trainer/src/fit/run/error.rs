//! Why a training ended before its time, and the exit code that says so.

use std::path::PathBuf;

use contract::exit;
use data::batch::LoaderError;
use thiserror::Error;

use crate::device::MissingBackend;
use crate::export::{ExportError, ServedError};
use crate::fit::checkpoint::CheckpointError;
use crate::fit::training::TrainingError;
use crate::fit::weights::FitError;
use crate::network::efficientnet::imagenet::ImagenetError;
use crate::plan::PlanError;

/// Why a training ended before its time.
#[derive(Debug, Error)]
pub enum RunError {
    /// The plan cannot be followed.
    #[error("cannot follow the plan")]
    Plan(#[source] PlanError),
    /// The back end is not there.
    #[error("cannot compute")]
    Backend(#[source] MissingBackend),
    /// The data cannot be loaded.
    #[error("cannot load the data")]
    Load(#[source] data::source::LoadError),
    /// The data cannot be divided.
    #[error("cannot divide the data")]
    Split(#[source] data::split::SplitError),
    /// No targets can be made of a sample.
    #[error("cannot prepare the data")]
    Target(#[source] data::target::TargetError),
    /// No batches can be made.
    #[error("cannot make batches")]
    Batches(#[source] data::batch::PlanError),
    /// A worker failed, panicked or is late.
    #[error("the data loader stopped")]
    Loader(#[source] LoaderError),
    /// The numbers went out of bounds.
    #[error("stage {}: the training went astray", .stage + 1)]
    Training {
        /// Index of the stage.
        stage: usize,
        /// How.
        #[source]
        source: TrainingError,
    },
    /// A checkpoint cannot be written or read.
    #[error("the run's state")]
    Checkpoint(#[source] CheckpointError),
    /// A checkpoint is of another network.
    #[error("the checkpoint does not fit the plan")]
    Fit(#[source] FitError),
    /// The weights that the plan begins with are not there.
    #[error("cannot read the weights that the plan begins with")]
    Pretrained(#[source] CheckpointError),
    /// The weights that the plan begins with are of another network.
    #[error("{}: not the weights of this trunk", path.display())]
    Imagenet {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: ImagenetError,
    },
    /// The network of the stage before cannot be run, to outline the dots.
    #[error("the network of the stage before cannot outline the dots")]
    Serve(#[source] Box<ExportError>),
    /// It failed on an image.
    #[error("{sample}: its dots cannot be outlined")]
    Outline {
        /// The image.
        sample: String,
        /// Why.
        #[source]
        source: Box<ServedError>,
    },
    /// A file of the run folder cannot be written or read.
    #[error("cannot {doing} {}", path.display())]
    File {
        /// `write` or `read`.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The run folder is not what was asked for.
    #[error("the run folder {}: {reason}", path.display())]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
}

impl RunError {
    /// The program's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Plan(_)
            | Self::Backend(_)
            | Self::Split(_)
            | Self::Batches(_)
            | Self::Fit(_)
            | Self::Pretrained(_)
            | Self::Imagenet { .. }
            | Self::Folder { .. } => exit::CONFIGURATION,
            Self::Load(_) | Self::Target(_) | Self::Loader(LoaderError::Failed { .. }) => {
                exit::INPUT_REFUSED
            }
            Self::Loader(_)
            | Self::Training { .. }
            | Self::Checkpoint(_)
            | Self::Serve(_)
            | Self::Outline { .. }
            | Self::File { .. } => exit::INTERNAL,
        }
    }
}
