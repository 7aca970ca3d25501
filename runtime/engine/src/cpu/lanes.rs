//! Pools of threads that are lent to one batch at a time.
//!
//! **Invariant:** a lane comes back when its [`Lane`] is dropped, also by a panic, so a caller
//! waits only while others run.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use rten::ThreadPool;
use thiserror::Error;

use super::Threads;

#[derive(Debug)]
pub(super) struct Lanes {
    free: Mutex<Vec<Arc<ThreadPool>>>,
    returned: Condvar,
}

/// A lane on loan.
#[derive(Debug)]
pub(super) struct Lane<'a> {
    lanes: &'a Lanes,
    pool: Arc<ThreadPool>,
}

/// More threads than a machine has.
#[derive(Debug, Error)]
#[error("{lanes} lanes of {per_lane} threads are more than {THREADS_MAX} threads; ask for fewer")]
pub(super) struct LanesError {
    lanes: usize,
    per_lane: usize,
}

/// Threads of one network at most: the largest servers have this many cores.
const THREADS_MAX: usize = 512;

impl Lanes {
    pub(super) fn start(threads: Threads) -> Result<Self, LanesError> {
        let (lanes, per_lane) = (threads.lanes.get(), threads.per_lane.get());
        if lanes.saturating_mul(per_lane) > THREADS_MAX {
            return Err(LanesError { lanes, per_lane });
        }
        let pools = (0..lanes).map(|_| Arc::new(ThreadPool::with_num_threads(per_lane))).collect();
        Ok(Self { free: Mutex::new(pools), returned: Condvar::new() })
    }

    /// Takes a lane; waits until one is free.
    pub(super) fn take(&self) -> Lane<'_> {
        // A list of pools is whole whatever panicked while it was locked.
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(pool) = free.pop() {
                return Lane { lanes: self, pool };
            }
            free = self.returned.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Lane<'_> {
    pub(super) fn pool(&self) -> &Arc<ThreadPool> {
        &self.pool
    }
}

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        let mut free = self.lanes.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(Arc::clone(&self.pool));
        self.lanes.returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    fn threads(lanes: usize) -> Threads {
        Threads { lanes: NonZeroUsize::new(lanes).unwrap(), per_lane: NonZeroUsize::MIN }
    }

    #[test]
    fn no_more_callers_run_than_there_are_lanes() {
        let lanes = Lanes::start(threads(2)).unwrap();
        let running = AtomicUsize::new(0);
        let most = AtomicUsize::new(0);

        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        let lane = lanes.take();
                        most.fetch_max(
                            running.fetch_add(1, Ordering::SeqCst) + 1,
                            Ordering::SeqCst,
                        );
                        lane.pool().run(thread::yield_now);
                        running.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });

        assert!((1..=2).contains(&most.into_inner()));
    }

    #[test]
    fn a_lane_comes_back_from_a_caller_that_panics() {
        let lanes = Lanes::start(threads(1)).unwrap();

        let panicked = thread::scope(|scope| {
            scope
                .spawn(|| {
                    let _lane = lanes.take();
                    std::panic::resume_unwind(Box::new("as the test wants"));
                })
                .join()
                .is_err()
        });

        assert!(panicked);
        drop(lanes.take());
    }

    #[test]
    fn an_absurd_number_of_threads_is_refused() {
        assert!(Lanes::start(threads(usize::MAX)).is_err());
    }
}
