//! Worker threads that make batches ahead, and a consumer that never waits in silence.
//!
//! nnU-Net's loader polls its workers and waits without end for one that is alive and
//! stuck (MIC-DKFZ/nnUNet issues 1450, 1892, 2041). Here [`Loader::next`] returns an error
//! that names worker, sample and stage when a worker fails, panics, or is late.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::{BatchError, Batches};

/// Threads and memory of a loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoaderOptions {
    /// Worker threads, 1 or more.
    pub workers: usize,
    /// Batches that are in the making or ready, at most.
    pub prefetch: usize,
}

/// What a worker is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It chooses a sample.
    Draw,
    /// It cuts a crop.
    Crop,
    /// It changes the colours.
    Colour,
    /// It computes the targets.
    Target,
}

/// Where a worker tells what it works on.
#[derive(Debug, Default)]
pub struct Station {}

impl Station {
    /// Says that the worker now does `stage` with `sample`.
    pub fn at(&self, stage: Stage, sample: &str) {
        let _ = (stage, sample);
    }
}

/// Why there is no next batch.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LoaderError {
    /// A worker cannot use a sample.
    #[error("worker {worker} cannot make batch {batch}")]
    Failed {
        /// The worker, from 0.
        worker: usize,
        /// The batch.
        batch: u64,
        /// Which sample, and why.
        #[source]
        source: BatchError,
    },
    /// A worker panicked.
    #[error("worker {worker} panicked in batch {batch}, {doing}: {message}")]
    Panicked {
        /// The worker, from 0.
        worker: usize,
        /// The batch.
        batch: u64,
        /// Stage and sample.
        doing: String,
        /// What it said.
        message: String,
    },
    /// A worker did not finish in time.
    #[error("no batch {batch} within {deadline:?}: {doing}")]
    Late {
        /// The batch.
        batch: u64,
        /// The caller's deadline.
        deadline: Duration,
        /// What each worker is doing.
        doing: String,
    },
    /// The system gives no thread.
    #[error("cannot start worker {worker}: {reason}")]
    Start {
        /// The worker, from 0.
        worker: usize,
        /// Why.
        reason: String,
    },
}

/// Batches in order, made ahead by worker threads.
#[derive(Debug)]
pub struct Loader<B: Batches> {
    batches: PhantomData<B>,
}

impl<B: Batches> Loader<B> {
    /// Starts the workers; the first batch will be number `first`.
    pub fn start(batches: Arc<B>, first: u64, options: LoaderOptions) -> Result<Self, LoaderError> {
        let _ = (batches, first, options);
        unimplemented!("being written")
    }

    /// The next batch, within `deadline`. After an error every further call returns it again.
    pub fn next(&mut self, deadline: Duration) -> Result<B::Batch, LoaderError> {
        let _ = deadline;
        unimplemented!("being written")
    }
}
