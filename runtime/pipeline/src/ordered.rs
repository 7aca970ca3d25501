//! Jobs on many threads, results in order.
//!
//! ```text
//! caller ── jobs ──▶ workers ── results ──▶ caller: re-order, consume
//! ```
//!
//! The caller's thread hands out jobs and consumes results. It hands out a job only while fewer
//! than `workers × JOBS_IN_FLIGHT_PER_WORKER` are somewhere between being handed out and being
//! consumed, so both channels and the re-order buffer are bounded by that number, and a send never
//! waits.
//!
//! **Invariants:** `consume` sees the results in the order of the jobs, whatever the threads do;
//! the first error in that order is the one that is returned; nothing waits for a thread that is
//! gone, since every wait is on a channel whose other ends live in this scope alone.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

/// Jobs of one worker that are waiting, being worked on, or done and waiting for an earlier one:
/// one in work, one to go on with, two for a neighbour that is slower. A window's result is about
/// 0.3 MiB: its part of the overview and a few hundred nuclei.
pub(crate) const JOBS_IN_FLIGHT_PER_WORKER: usize = 4;

/// Work that threads do on jobs.
pub(crate) trait Work: Sync {
    /// What is to be done.
    type Job: Send;
    /// What comes of it.
    type Result: Send;
    /// Why it did not come.
    type Error: Send;
    /// What one worker keeps from job to job.
    type Scratch;

    /// The scratch of a worker that begins.
    fn scratch(&self) -> Self::Scratch;

    /// Does one job.
    fn work(
        &self,
        worker: usize,
        scratch: &mut Self::Scratch,
        job: Self::Job,
    ) -> Result<Self::Result, Self::Error>;

    /// The error for a panic in [`Work::work`] on this worker.
    fn panicked(&self, worker: usize, message: String) -> Self::Error;
}

/// Does all `jobs` on `workers` threads and gives the results to `consume` in order.
pub(crate) fn run<W: Work>(
    work: &W,
    workers: NonZeroUsize,
    jobs: impl Iterator<Item = W::Job>,
    mut consume: impl FnMut(W::Result) -> Result<(), W::Error>,
) -> Result<(), W::Error> {
    let in_flight_max = workers.get() * JOBS_IN_FLIGHT_PER_WORKER;
    let (job_sender, job_receiver) = bounded(in_flight_max);
    let (result_sender, result_receiver) = bounded(in_flight_max);

    thread::scope(|scope| {
        for worker in 0..workers.get() {
            let (jobs, results) = (job_receiver.clone(), result_sender.clone());
            scope.spawn(move || serve(work, worker, &jobs, &results));
        }
        // Only the workers hold these ends now: when the last of them is gone, so is the channel.
        drop((job_receiver, result_sender));

        let mut queue = Queue { jobs: jobs.fuse(), sender: job_sender, sent: 0 };
        let mut waiting = BTreeMap::new();
        let mut consumed = 0;
        loop {
            queue.fill(consumed + in_flight_max);
            if consumed == queue.sent {
                return Ok(());
            }
            let (number, result) =
                result_receiver.recv().expect("workers live until the queue is dropped");
            waiting.insert(number, result);
            while let Some(result) = waiting.remove(&consumed) {
                consume(result?)?;
                consumed += 1;
            }
        }
    })
}

type Numbered<T> = (usize, T);

struct Queue<I: Iterator> {
    jobs: I,
    sender: Sender<Numbered<I::Item>>,
    sent: usize,
}

impl<I: Iterator> Queue<I> {
    /// Sends jobs until `most` have been sent or there are no more.
    fn fill(&mut self, most: usize) {
        while self.sent < most {
            let Some(job) = self.jobs.next() else { return };
            self.sender.send((self.sent, job)).expect("workers live until the queue is dropped");
            self.sent += 1;
        }
    }
}

/// One worker's life: until there are no more jobs, or nobody wants the results.
fn serve<W: Work>(
    work: &W,
    worker: usize,
    jobs: &Receiver<Numbered<W::Job>>,
    results: &Sender<Numbered<Result<W::Result, W::Error>>>,
) {
    let mut scratch = work.scratch();
    for (number, job) in jobs {
        let outcome = catch_unwind(AssertUnwindSafe(|| work.work(worker, &mut scratch, job)));
        let result = outcome.unwrap_or_else(|panic| {
            // The panic may have left it half changed.
            scratch = work.scratch();
            Err(work.panicked(worker, panic_message(&*panic)))
        });
        if results.send((number, result)).is_err() {
            return;
        }
    }
}

/// What a panic says of itself.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it gives no message")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    /// Squares numbers; some jobs are slow, fail or panic.
    struct Squares {
        fails_at: Option<usize>,
        panics_at: Option<usize>,
        running: AtomicUsize,
    }

    impl Work for Squares {
        type Job = usize;
        type Result = usize;
        type Error = String;
        type Scratch = usize;

        fn scratch(&self) -> usize {
            0
        }

        fn work(&self, _: usize, done: &mut usize, job: usize) -> Result<usize, String> {
            self.running.fetch_add(1, Ordering::SeqCst);
            // The earlier ones of each eight take longer, so that later ones overtake them.
            thread::sleep(Duration::from_micros(100 * (8 - job as u64 % 8)));
            *done += 1;
            if self.fails_at.is_some_and(|at| job >= at) {
                return Err(format!("job {job}"));
            }
            if self.panics_at == Some(job) {
                std::panic::resume_unwind(Box::new("as the test wants"));
            }
            Ok(job * job)
        }

        fn panicked(&self, _: usize, message: String) -> String {
            message
        }
    }

    fn squares() -> Squares {
        Squares { fails_at: None, panics_at: None, running: AtomicUsize::new(0) }
    }

    fn workers(count: usize) -> NonZeroUsize {
        NonZeroUsize::new(count).unwrap()
    }

    #[test]
    fn results_come_in_the_order_of_the_jobs_whatever_the_threads_do() {
        for count in [1, 2, 5] {
            let mut seen = Vec::new();

            run(&squares(), workers(count), 0..100, |square| {
                seen.push(square);
                Ok(())
            })
            .unwrap();

            assert_eq!(seen, (0..100).map(|n| n * n).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_first_error_in_the_order_of_the_jobs_is_the_one_that_is_told() {
        let work = Squares { fails_at: Some(17), ..squares() };
        let mut seen = 0;

        let told = run(&work, workers(3), 0..100, |_| {
            seen += 1;
            Ok(())
        });

        assert_eq!(told, Err("job 17".to_owned()));
        assert_eq!(seen, 17);
    }

    #[test]
    fn a_worker_that_panics_stops_the_run_and_nothing_hangs() {
        let work = Squares { panics_at: Some(5), ..squares() };

        let told = run(&work, workers(2), 0..100, |_| Ok(()));

        assert_eq!(told, Err("as the test wants".to_owned()));
    }

    #[test]
    fn a_consumer_that_fails_stops_the_run_after_few_more_jobs() {
        let work = squares();

        let told = run(&work, workers(2), 0..10_000, |_| Err("full".to_owned()));

        assert_eq!(told, Err("full".to_owned()));
        assert!(work.running.into_inner() <= 2 * JOBS_IN_FLIGHT_PER_WORKER);
    }

    #[test]
    fn no_jobs_are_no_work() {
        run(&squares(), workers(2), std::iter::empty(), |_| Ok(())).unwrap();
    }
}
