//! Worker threads that make batches ahead, and a consumer that never waits in silence.
//!
//! nnU-Net's loader polls its workers and waits without end for one that is alive and
//! stuck (MIC-DKFZ/nnUNet issues 1450, 1892, 2041). Here [`Loader::next`] returns an error
//! that names worker, sample and stage when a worker fails, panics, or is late.
//!
//! ```text
//! Loader --ticket n--> any worker --(n, batch n or error)--> Loader: kept until its turn
//! ```
//!
//! **Invariants:** there are never more than `prefetch` tickets and finished batches together,
//! so memory is bounded; batches come out in the order of their numbers, whoever made them; once
//! an error was returned, it is returned for ever.

mod station;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, after, bounded, select_biased, unbounded};
use thiserror::Error;

use super::{BatchError, Batches};
pub use station::{Stage, Station};

/// Threads and memory of a loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoaderOptions {
    /// Worker threads, 1 or more.
    pub workers: usize,
    /// Batches that are in the making or ready, at most; 1 or more.
    pub prefetch: usize,
}

/// Why there is no next batch.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LoaderError {
    /// The options leave nothing that works.
    #[error(
        "a loader with {workers} workers and {prefetch} batches ahead makes none; state 1 or more of each"
    )]
    Options {
        /// Worker threads.
        workers: usize,
        /// Batches ahead.
        prefetch: usize,
    },
    /// The system gives no thread.
    #[error("cannot start worker {worker}: {reason}")]
    Start {
        /// The worker, from 0.
        worker: usize,
        /// Why.
        reason: String,
    },
    /// A worker cannot use a sample.
    #[error("worker {worker} cannot make batch {batch}, {doing}")]
    Failed {
        /// The worker, from 0.
        worker: usize,
        /// The batch.
        batch: u64,
        /// Stage and sample.
        doing: String,
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
    /// No worker finished the batch in time.
    #[error("batch {batch} was not ready within {deadline:?}: {}", doing.join("; "))]
    Late {
        /// The batch.
        batch: u64,
        /// The caller's deadline.
        deadline: Duration,
        /// What each worker that has a batch in hand is doing.
        doing: Vec<String>,
    },
}

/// Batches in order, made ahead by worker threads.
///
/// When it is dropped, its workers end after the batch in hand; nobody waits for them, since one
/// may be stuck.
#[derive(Debug)]
pub struct Loader<B: Batches> {
    tickets: Sender<u64>,
    made: Receiver<Made<B::Batch>>,
    /// Finished before their turn.
    ready: BTreeMap<u64, B::Batch>,
    stations: Vec<Arc<Station>>,
    /// The batch whose turn it is.
    turn: u64,
    /// The next ticket.
    next_ticket: u64,
    failed: Option<LoaderError>,
}

/// What became of a ticket.
#[derive(Debug)]
struct Made<T> {
    number: u64,
    outcome: Result<T, LoaderError>,
}

impl<B: Batches> Loader<B> {
    /// Starts the workers; the first batch will be number `first`.
    #[expect(clippy::needless_pass_by_value, reason = "the workers share the ownership")]
    pub fn start(batches: Arc<B>, first: u64, options: LoaderOptions) -> Result<Self, LoaderError> {
        let LoaderOptions { workers, prefetch } = options;
        if workers == 0 || prefetch == 0 {
            return Err(LoaderError::Options { workers, prefetch });
        }
        let (tickets, tickets_out) = bounded(prefetch);
        let (made_in, made) = unbounded();
        let stations: Vec<Arc<Station>> = (0..workers).map(|_| Arc::default()).collect();
        for (worker, station) in stations.iter().enumerate() {
            let post = Post {
                worker,
                station: Arc::clone(station),
                tickets: tickets_out.clone(),
                made: made_in.clone(),
            };
            let batches = Arc::clone(&batches);
            thread::Builder::new()
                .name(format!("loader-{worker}"))
                .spawn(move || post.serve(batches.as_ref()))
                .map_err(|error| LoaderError::Start { worker, reason: error.to_string() })?;
        }

        let ready = BTreeMap::new();
        let mut loader =
            Self { tickets, made, ready, stations, turn: first, next_ticket: first, failed: None };
        (0..prefetch).for_each(|_| loader.send_ticket());
        Ok(loader)
    }

    /// The next batch, within `deadline`. An error of any worker is returned as soon as it is
    /// known, and by every further call.
    pub fn next(&mut self, deadline: Duration) -> Result<B::Batch, LoaderError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        match self.wait(deadline) {
            Ok(batch) => {
                self.turn += 1;
                self.send_ticket();
                Ok(batch)
            }
            Err(error) => {
                self.failed = Some(error.clone());
                Err(error)
            }
        }
    }

    /// The number of the batch that [`Loader::next`] returns next.
    pub fn turn(&self) -> u64 {
        self.turn
    }

    fn wait(&mut self, deadline: Duration) -> Result<B::Batch, LoaderError> {
        let late = after(deadline);
        loop {
            while let Ok(made) = self.made.try_recv() {
                self.keep(made)?;
            }
            if let Some(batch) = self.ready.remove(&self.turn) {
                return Ok(batch);
            }
            select_biased! {
                recv(self.made) -> made => match made {
                    Ok(made) => self.keep(made)?,
                    Err(_) => return Err(self.late(deadline)),
                },
                recv(late) -> _ => return Err(self.late(deadline)),
            }
        }
    }

    fn keep(&mut self, made: Made<B::Batch>) -> Result<(), LoaderError> {
        self.ready.insert(made.number, made.outcome?);
        Ok(())
    }

    fn late(&self, deadline: Duration) -> LoaderError {
        let doing = self.stations.iter().enumerate().filter_map(|(worker, station)| {
            station.doing().map(|doing| format!("worker {worker} is at {doing}"))
        });
        LoaderError::Late { batch: self.turn, deadline, doing: doing.collect() }
    }

    fn send_ticket(&mut self) {
        // There are at most `prefetch` tickets, for which the channel has room; workers that are
        // gone have left their error in the other channel.
        if self.tickets.try_send(self.next_ticket).is_ok() {
            self.next_ticket += 1;
        }
    }
}

/// What a worker works with.
struct Post<T> {
    worker: usize,
    station: Arc<Station>,
    tickets: Receiver<u64>,
    made: Sender<Made<T>>,
}

impl<T> Post<T> {
    /// Makes batches until nobody wants one, or one fails.
    fn serve<B: Batches<Batch = T>>(&self, batches: &B) {
        while let Ok(number) = self.tickets.recv() {
            let outcome = self.make(batches, number);
            let failed = outcome.is_err();
            let unwanted = self.made.send(Made { number, outcome }).is_err();
            if failed || unwanted {
                return;
            }
        }
    }

    fn make<B: Batches<Batch = T>>(&self, batches: &B, batch: u64) -> Result<T, LoaderError> {
        let worker = self.worker;
        self.station.take(batch);
        // A panic ends in an error; nothing that it may have left half done is used again.
        let outcome = catch_unwind(AssertUnwindSafe(|| batches.batch(batch, &self.station)));
        let doing = || self.station.doing().unwrap_or_default();
        let made = match outcome {
            Ok(Ok(made)) => Ok(made),
            Ok(Err(source)) => Err(LoaderError::Failed { worker, batch, doing: doing(), source }),
            Err(panic) => {
                let message = message_of(panic.as_ref());
                Err(LoaderError::Panicked { worker, batch, doing: doing(), message })
            }
        };
        self.station.rest();
        made
    }
}

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".into())
}
