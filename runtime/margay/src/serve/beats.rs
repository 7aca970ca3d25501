//! Heartbeats: every thread says what it is at, and one thread sees that none is stuck.
//!
//! **Invariant:** a thread that stays at one step for longer than its deadline ends the process
//! with a line that names the thread, its item and its stage; a thread cannot be ended, and what
//! must survive is in the ledger. The service manager's watchdog is fed only while no thread is
//! late: by progress, not by being alive.

use std::process;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use contract::exit;

use super::clock::Clock;
use super::stop::Stop;

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// All threads that are watched.
#[derive(Clone, Debug)]
pub(crate) struct Beats {
    clock: Clock,
    threads: Arc<Mutex<Vec<Beat>>>,
}

/// One thread's heartbeat.
#[derive(Clone)]
pub(crate) struct Beat {
    threads: Arc<Mutex<Vec<Beat>>>,
    name: Arc<str>,
    deadline: Duration,
    clock: Clock,
    step: Arc<Mutex<Step>>,
}

/// What a thread is at, and since when.
#[derive(Clone, Debug)]
struct Step {
    stage: &'static str,
    item: String,
    since: Duration,
}

/// The stage of a thread that waits for something to do.
const IDLE: &str = "idle";

impl Beats {
    /// Nobody is watched yet.
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, threads: Arc::default() }
    }

    /// A new thread: it may stay at one step for `deadline`, or idle for as long as it likes.
    pub(crate) fn join(&self, name: impl Into<Arc<str>>, deadline: Duration) -> Beat {
        let step = Step { stage: IDLE, item: String::new(), since: self.clock.up() };
        let beat = Beat {
            threads: Arc::clone(&self.threads),
            name: name.into(),
            deadline,
            clock: self.clock,
            step: Arc::new(Mutex::new(step)),
        };
        locked(&self.threads).push(beat.clone());
        beat
    }

    /// Who is late, as a sentence; the first to have joined.
    pub(crate) fn late(&self) -> Option<String> {
        locked(&self.threads).iter().find_map(Beat::late)
    }

    /// The threads that are not idle, with what they are at.
    pub(crate) fn busy(&self) -> Vec<String> {
        locked(&self.threads)
            .iter()
            .filter(|beat| locked(&beat.step).stage != IDLE)
            .map(Beat::describe)
            .collect()
    }

    /// Looks until `stop` is complete; a late thread ends the process.
    pub(crate) fn watch(self, stop: &Stop) -> thread::JoinHandle<()> {
        let stop = stop.clone();
        let body = move || {
            while !stop.is_complete_within(LOOK) {
                if let Some(late) = self.late() {
                    tracing::error!(
                        "{late}; the process is given up and begins again where it was"
                    );
                    process::exit(exit::INTERNAL.into());
                }
                super::systemd::watchdog();
            }
        };
        thread::Builder::new().name("watchdog".into()).spawn(body).expect("a thread can be started")
    }
}

impl std::fmt::Debug for Beat {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(&self.describe())
    }
}

impl Beat {
    /// The thread begins a step.
    pub(crate) fn at(&self, stage: &'static str, item: impl Into<String>) {
        *locked(&self.step) = Step { stage, item: item.into(), since: self.clock.up() };
    }

    /// The thread waits for something to do.
    pub(crate) fn idle(&self) {
        self.at(IDLE, "");
    }

    /// The thread ends: it is watched no more.
    pub(crate) fn leave(&self) {
        self.idle();
        locked(&self.threads).retain(|beat| !Arc::ptr_eq(&beat.step, &self.step));
    }

    fn late(&self) -> Option<String> {
        let step = locked(&self.step).clone();
        let stands = self.clock.up().saturating_sub(step.since);
        (step.stage != IDLE && stands > self.deadline).then(|| {
            let (stands, deadline) = (stands.as_secs(), self.deadline.as_secs());
            format!("{}: no progress for {stands} s, the deadline is {deadline} s", self.describe())
        })
    }

    fn describe(&self) -> String {
        let Step { stage, item, .. } = locked(&self.step).clone();
        format!("{} at stage {stage}, {item}", self.name)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_stays_at_a_step_is_named_with_item_and_stage() {
        let beats = Beats::new(Clock::start());
        let beat = beats.join("worker 2", Duration::ZERO);
        beat.at("nuclei network", "slide 7, window (3, 4)");

        let late = std::iter::repeat_with(|| beats.late()).flatten().next().unwrap();

        assert!(
            late.starts_with(
                "worker 2 at stage nuclei network, slide 7, window (3, 4): no progress"
            )
        );
        assert_eq!(beats.busy().len(), 1);
    }

    #[test]
    fn a_thread_that_waits_is_never_late() {
        let beats = Beats::new(Clock::start());
        let beat = beats.join("worker 2", Duration::ZERO);
        beat.at("read", "slide 7");
        beat.idle();

        assert_eq!(beats.late(), None);
        assert!(beats.busy().is_empty());
    }
}
