//! What every worker is doing, for those who watch.
//!
//! Each worker writes where it is into an atomic; a watchdog takes a [`Progress::snapshot`] now and
//! then and compares it with the last one. Deadlines are the watchdog's: this crate knows no clock.
//! The shell gives a `tick` (nanoseconds since any start); its differences are summed by stage, and
//! nothing else depends on it.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::grid::Place;

/// What a worker is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Stage {
    /// Nothing: it waits for a window.
    Idle,
    /// Reading level-0 pixels.
    Read,
    /// Resampling, glass and focus.
    Prepare,
    /// The nuclei network.
    NucleiNetwork,
    /// Maps to nuclei: instances, classes, outlines.
    Instances,
    /// The tissue network.
    TissueNetwork,
    /// Blending the tissue windows.
    Blend,
    /// Handing results on: the sink.
    Deliver,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 8] = [
        Self::Idle,
        Self::Read,
        Self::Prepare,
        Self::NucleiNetwork,
        Self::Instances,
        Self::TissueNetwork,
        Self::Blend,
        Self::Deliver,
    ];

    /// Its name in messages and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Read => "read",
            Self::Prepare => "prepare",
            Self::NucleiNetwork => "nuclei_network",
            Self::Instances => "instances",
            Self::TissueNetwork => "tissue_network",
            Self::Blend => "blend",
            Self::Deliver => "deliver",
        }
    }
}

/// Where each worker is, and how much has been done.
///
/// There is one slot a worker, and a last one for the thread that called `analyse`.
pub struct Progress {
    slots: Vec<Slot>,
    ticks: [AtomicU64; Stage::ALL.len()],
    windows_done: AtomicU64,
    windows_all: AtomicU64,
    stopped: AtomicBool,
    tick: Box<dyn Fn() -> u64 + Send + Sync>,
}

#[derive(Debug, Default)]
struct Slot {
    /// Stage (8 bits), window column (28), window row (28): one word, so that no reader sees a
    /// stage of one window with the place of another.
    at: AtomicU64,
    entered: AtomicU64,
    steps: AtomicU64,
}

/// What one worker is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerState {
    /// Its number; the last is the thread that called `analyse`.
    pub worker: usize,
    /// What it is at.
    pub stage: Stage,
    /// On which window of the nuclei or tissue grid; meaningless while idle.
    pub window: Place,
    /// When it began with this, in ticks.
    pub entered: u64,
    /// Steps it has begun; a worker whose count stands still while it is not idle is stuck.
    pub steps: u64,
}

/// The state of a run at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Every worker.
    pub workers: Vec<WorkerState>,
    /// Windows that are done, of nuclei and tissue.
    pub windows_done: u64,
    /// Windows that are known to be done in all; grows once, when the tissue begins.
    pub windows_all: u64,
}

const PLACE_BITS: u32 = 28;
const PLACE_MAX: u32 = (1 << PLACE_BITS) - 1;

impl Progress {
    /// For a run with `workers` workers, timed by `tick`.
    pub fn new(workers: NonZeroUsize, tick: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self {
            slots: (0..=workers.get()).map(|_| Slot::default()).collect(),
            ticks: Default::default(),
            windows_done: AtomicU64::new(0),
            windows_all: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            tick: Box::new(tick),
        }
    }

    /// Workers of the run, without the thread that called `analyse`.
    ///
    /// # Panics
    /// Never: there was at least one when it was made.
    pub fn workers(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.slots.len() - 1).expect("a run has at least one worker")
    }

    /// Asks the run to end before its next window.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Where everyone is.
    pub fn snapshot(&self) -> Snapshot {
        let state = |(worker, slot): (usize, &Slot)| {
            let (stage, window) = unpack(slot.at.load(Ordering::Relaxed));
            let entered = slot.entered.load(Ordering::Relaxed);
            WorkerState {
                worker,
                stage,
                window,
                entered,
                steps: slot.steps.load(Ordering::Relaxed),
            }
        };
        Snapshot {
            workers: self.slots.iter().enumerate().map(state).collect(),
            windows_done: self.windows_done.load(Ordering::Relaxed),
            windows_all: self.windows_all.load(Ordering::Relaxed),
        }
    }

    /// Ticks that all workers together have spent in each stage that they have left.
    pub fn stage_ticks(&self) -> Vec<(Stage, u64)> {
        Stage::ALL
            .into_iter()
            .zip(&self.ticks)
            .map(|(stage, ticks)| (stage, ticks.load(Ordering::Relaxed)))
            .collect()
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// The slot of the thread that called `analyse`.
    pub(crate) fn caller(&self) -> usize {
        self.slots.len() - 1
    }

    /// Notes that `worker` begins with `stage`, and adds the time since its last step to that
    /// step's stage.
    pub(crate) fn enter(&self, worker: usize, stage: Stage, window: Place) {
        let slot = &self.slots[worker];
        let now = (self.tick)();
        let (left, _) = unpack(slot.at.swap(pack(stage, window), Ordering::Relaxed));
        let entered = slot.entered.swap(now, Ordering::Relaxed);
        if slot.steps.fetch_add(1, Ordering::Relaxed) > 0 {
            self.ticks[left as usize].fetch_add(now.saturating_sub(entered), Ordering::Relaxed);
        }
    }

    pub(crate) fn state(&self, worker: usize) -> (Stage, Place) {
        unpack(self.slots[worker].at.load(Ordering::Relaxed))
    }

    pub(crate) fn add_windows(&self, windows: usize) {
        self.windows_all.fetch_add(windows as u64, Ordering::Relaxed);
    }

    pub(crate) fn windows_are_done(&self, windows: usize) {
        self.windows_done.fetch_add(windows as u64, Ordering::Relaxed);
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.snapshot().fmt(f)
    }
}

impl fmt::Display for WorkerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { worker, stage, window, .. } = self;
        write!(f, "worker {worker}, window {window}, stage {}", stage.name())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {})", self.column, self.row)
    }
}

fn pack(stage: Stage, place: Place) -> u64 {
    let [column, row] = [place.column, place.row].map(|at| u64::from(at.min(PLACE_MAX)));
    stage as u64 | column << 8 | row << (8 + PLACE_BITS)
}

fn unpack(word: u64) -> (Stage, Place) {
    let stage = Stage::ALL[(word & 0xff) as usize];
    let part = |shift: u32| (word >> shift) as u32 & PLACE_MAX;
    (stage, Place { column: part(8), row: part(8 + PLACE_BITS) })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_place_and_a_stage_fit_in_one_word() {
        for stage in Stage::ALL {
            let place = Place { column: 70_000, row: PLACE_MAX };
            assert_eq!(unpack(pack(stage, place)), (stage, place));
        }
    }

    #[test]
    fn time_goes_to_the_stage_that_was_left() {
        let now = Arc::new(AtomicU64::new(100));
        let clock = Arc::clone(&now);
        let progress = Progress::new(NonZeroUsize::MIN, move || clock.load(Ordering::Relaxed));
        let place = Place { column: 3, row: 7 };

        progress.enter(0, Stage::Read, place);
        now.store(130, Ordering::Relaxed);
        progress.enter(0, Stage::NucleiNetwork, place);
        now.store(170, Ordering::Relaxed);
        progress.enter(0, Stage::Idle, place);

        let ticks = progress.stage_ticks();
        assert_eq!(ticks[Stage::Read as usize], (Stage::Read, 30));
        assert_eq!(ticks[Stage::NucleiNetwork as usize], (Stage::NucleiNetwork, 40));
        assert_eq!(ticks.iter().map(|(_, ticks)| ticks).sum::<u64>(), 70);
    }

    #[test]
    fn a_watchdog_can_say_who_is_where() {
        let progress = Progress::new(NonZeroUsize::new(3).unwrap(), || 0);

        progress.enter(2, Stage::NucleiNetwork, Place { column: 3, row: 7 });

        let state = progress.snapshot().workers[2];
        assert_eq!(state.to_string(), "worker 2, window (3, 7), stage nuclei_network");
        assert_eq!(state.steps, 1);
    }
}
