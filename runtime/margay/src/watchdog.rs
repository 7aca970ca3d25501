//! Sees that a run makes progress, and says where it stands.

use std::collections::BTreeMap;
use std::process;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use contract::exit;
use pipeline::{Progress, Snapshot, Stage};

/// A worker that is not idle and does not take a step for this long is stuck: a window takes
/// seconds at most, even on one slow core.
const DEADLINE: Duration = Duration::from_mins(3);
/// Time between two looks.
const LOOK: Duration = Duration::from_secs(2);
/// Looks between two lines that say how far the run is.
const LOOKS_PER_LINE: u32 = 5;

/// Runs `work` and watches `progress` meanwhile; a stuck worker ends the process, since a thread
/// cannot be ended.
pub(crate) fn watch<T: Send>(
    name: &str,
    progress: &Progress,
    work: impl FnOnce() -> T + Send,
) -> T {
    let (done, is_done) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut stalls = Stalls::default();
            let mut looks = 0;
            while is_done.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                looks += 1;
                let snapshot = progress.snapshot();
                if looks % LOOKS_PER_LINE == 0 {
                    let (done, all) = (snapshot.windows_done, snapshot.windows_all);
                    tracing::info!("{name}: {done} of {all} windows");
                }
                if let Some(stuck) = stalls.look(&snapshot) {
                    tracing::error!(
                        "{name}: {stuck}: no progress for {} s; the run is given up, please report this",
                        DEADLINE.as_secs()
                    );
                    process::exit(exit::INTERNAL.into());
                }
            }
        });
        let result = work();
        drop(done);
        result
    })
}

/// How long each worker has stood at the same step.
#[derive(Debug, Default)]
struct Stalls {
    workers: BTreeMap<usize, (u64, u32)>,
}

impl Stalls {
    /// Notes a snapshot; names a worker that is stuck.
    fn look(&mut self, snapshot: &Snapshot) -> Option<String> {
        let looks_max = (DEADLINE.as_secs() / LOOK.as_secs()) as u32;
        for worker in &snapshot.workers {
            let (steps, looks) = self.workers.entry(worker.worker).or_default();
            if *steps != worker.steps || worker.stage == Stage::Idle {
                (*steps, *looks) = (worker.steps, 0);
            } else {
                *looks += 1;
            }
            if *looks >= looks_max {
                return Some(worker.to_string());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use pipeline::{Place, WorkerState};

    use super::*;

    fn snapshot(stage: Stage, steps: u64) -> Snapshot {
        let window = Place { column: 3, row: 7 };
        let worker = WorkerState { worker: 2, stage, window, entered: 0, steps };
        Snapshot { workers: vec![worker], windows_done: 0, windows_all: 9 }
    }

    fn looks_until_stuck(stalls: &mut Stalls, snapshot: &Snapshot) -> Option<String> {
        (0..=DEADLINE.as_secs() / LOOK.as_secs()).find_map(|_| stalls.look(snapshot))
    }

    #[test]
    fn a_worker_that_takes_no_step_is_named_with_its_window_and_stage() {
        let stuck =
            looks_until_stuck(&mut Stalls::default(), &snapshot(Stage::NucleiNetwork, 5)).unwrap();

        assert_eq!(stuck, "worker 2, window (3, 7), stage nuclei_network");
    }

    #[test]
    fn a_worker_that_is_idle_or_goes_on_is_not_stuck() {
        let mut stalls = Stalls::default();

        assert_eq!(looks_until_stuck(&mut stalls, &snapshot(Stage::Idle, 5)), None);
        for steps in 0..200 {
            assert_eq!(stalls.look(&snapshot(Stage::Read, steps)), None);
        }
    }
}
