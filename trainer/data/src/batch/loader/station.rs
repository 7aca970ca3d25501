//! Where a worker says what it works on, and the consumer reads it when it has waited too long.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a worker does with a sample.
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
pub struct Station {
    work: Mutex<Work>,
}

#[derive(Debug, Default)]
struct Work {
    batch: Option<u64>,
    stage: Option<Stage>,
    sample: String,
    /// Stages begun in this batch: a worker that is slow differs from one that is stuck.
    steps: u64,
}

impl Station {
    /// Says that the worker now does `stage` with `sample`.
    pub fn at(&self, stage: Stage, sample: &str) {
        let mut work = self.lock();
        work.stage = Some(stage);
        work.steps += 1;
        if work.sample != sample {
            work.sample.clear();
            work.sample.push_str(sample);
        }
    }

    /// Says that the worker begins a batch.
    pub(super) fn take(&self, batch: u64) {
        *self.lock() = Work { batch: Some(batch), ..Work::default() };
    }

    /// Says that the worker has nothing in hand.
    pub(super) fn rest(&self) {
        *self.lock() = Work::default();
    }

    /// What the worker does, if it has a batch in hand.
    pub(super) fn doing(&self) -> Option<String> {
        let work = self.lock();
        let batch = work.batch?;
        Some(match work.stage {
            Some(stage) => {
                format!("{stage} of {} (batch {batch}, step {})", work.sample, work.steps)
            }
            None => format!("the beginning of batch {batch}"),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Work> {
        // What is in there is text for people; half of it is better than none.
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Draw => "choice",
            Self::Crop => "crop",
            Self::Colour => "colour",
            Self::Target => "target",
        })
    }
}
