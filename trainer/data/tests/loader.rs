//! The loader's promise: batches come in order, the same ones whoever makes them, and what goes
//! wrong is named at once. nnU-Net's loader hangs where these tests fail.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use margay_data::batch::{BatchError, Batches, Loader, LoaderError, LoaderOptions, Stage, Station};

/// Far more than any batch here takes.
const PATIENCE: Duration = Duration::from_mins(1);
const IMPATIENCE: Duration = Duration::from_millis(200);

/// What happens in a batch.
#[derive(Clone, Copy, PartialEq)]
enum Trouble {
    None,
    BrokenSampleIn(u64),
    PanicIn(u64),
    StallIn(u64),
}

/// Batches that are their number, and trouble.
struct Numbers {
    trouble: Trouble,
    made: AtomicU64,
    /// Held by a stalled worker until the test ends.
    released: (Mutex<bool>, Condvar),
}

impl Numbers {
    fn with(trouble: Trouble) -> Arc<Self> {
        let released = (Mutex::new(false), Condvar::new());
        Arc::new(Self { trouble, made: AtomicU64::new(0), released })
    }

    fn stall(&self) {
        let (released, bell) = &self.released;
        let guard = released.lock().unwrap();
        drop(bell.wait_while(guard, |released| !*released).unwrap());
    }

    fn release(&self) {
        *self.released.0.lock().unwrap() = true;
        self.released.1.notify_all();
    }
}

impl Batches for Numbers {
    type Batch = u64;

    fn batch(&self, n: u64, station: &Station) -> Result<u64, BatchError> {
        station.at(Stage::Crop, "set/first");
        // Some batches take longer than others, so that workers overtake each other.
        (0..(n * 7_919) % 13 * 1_000).for_each(|i| {
            std::hint::black_box(i);
        });
        station.at(Stage::Colour, "set/second");
        if self.trouble == Trouble::BrokenSampleIn(n) {
            return Err(BatchError { sample: "set/second".into(), reason: "torn".into() });
        }
        assert!(self.trouble != Trouble::PanicIn(n), "index out of bounds");
        if self.trouble == Trouble::StallIn(n) {
            self.stall();
        }
        self.made.fetch_add(1, Ordering::SeqCst);
        Ok(n)
    }
}

fn start(batches: &Arc<Numbers>, first: u64, workers: usize) -> Loader<Numbers> {
    Loader::start(Arc::clone(batches), first, LoaderOptions { workers, prefetch: 4 }).unwrap()
}

/// Takes batches until one fails.
fn first_error(loader: &mut Loader<Numbers>, deadline: Duration) -> LoaderError {
    for _ in 0..50 {
        if let Err(error) = loader.next(deadline) {
            return error;
        }
    }
    panic!("fifty batches without an error");
}

#[test]
fn batches_come_in_order_however_many_workers_make_them() {
    for workers in [1, 2, 5] {
        let mut loader = start(&Numbers::with(Trouble::None), 7, workers);

        let numbers: Vec<u64> = (0..40).map(|_| loader.next(PATIENCE).unwrap()).collect();

        assert_eq!(numbers, (7..47).collect::<Vec<u64>>(), "{workers} workers");
        assert_eq!(loader.turn(), 47);
    }
}

#[test]
fn no_more_is_made_ahead_than_was_allowed() {
    let batches = Numbers::with(Trouble::None);
    let mut loader = start(&batches, 0, 3);

    (0..5).for_each(|n| assert_eq!(loader.next(PATIENCE), Ok(n)));
    std::thread::sleep(IMPATIENCE);

    // Five were taken and four may lie ready.
    assert!(batches.made.load(Ordering::SeqCst) <= 9);
}

#[test]
fn a_broken_sample_is_named() {
    let mut loader = start(&Numbers::with(Trouble::BrokenSampleIn(3)), 0, 2);

    let error = first_error(&mut loader, PATIENCE);

    let LoaderError::Failed { batch, ref doing, ref source, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!((batch, source.to_string().as_str()), (3, "sample set/second: torn"));
    assert!(doing.starts_with("colour of set/second"), "{doing}");
    // And it stays.
    assert_eq!(loader.next(PATIENCE), Err(error));
}

#[test]
fn a_panic_is_named_and_ends_nothing_but_the_loader() {
    let mut loader = start(&Numbers::with(Trouble::PanicIn(2)), 0, 2);

    let error = first_error(&mut loader, PATIENCE);

    let text = error.to_string();
    assert!(matches!(error, LoaderError::Panicked { batch: 2, .. }), "{error:?}");
    assert!(
        text.contains("colour of set/second") && text.contains("index out of bounds"),
        "{text}"
    );
}

#[test]
fn a_stalled_worker_is_named_at_the_deadline() {
    let batches = Numbers::with(Trouble::StallIn(1));
    let mut loader = start(&batches, 0, 2);
    assert_eq!(loader.next(PATIENCE), Ok(0));

    let error = loader.next(IMPATIENCE).unwrap_err();

    batches.release();
    let LoaderError::Late { batch: 1, deadline: IMPATIENCE, ref doing } = error else {
        panic!("{error:?}");
    };
    assert!(doing.iter().any(|doing| doing.contains("colour of set/second (batch 1")), "{doing:?}");
}

#[test]
fn an_error_of_a_later_batch_is_not_waited_for() {
    // Batch 1 stalls and batch 2 fails: what is known is said before the deadline.
    struct Both(Arc<Numbers>, Arc<Numbers>);
    impl Batches for Both {
        type Batch = u64;

        fn batch(&self, n: u64, station: &Station) -> Result<u64, BatchError> {
            if n == 1 { self.0.batch(n, station) } else { self.1.batch(n, station) }
        }
    }
    let stalling = Numbers::with(Trouble::StallIn(1));
    let both = Both(Arc::clone(&stalling), Numbers::with(Trouble::BrokenSampleIn(2)));
    let options = LoaderOptions { workers: 2, prefetch: 4 };
    let mut loader = Loader::start(Arc::new(both), 1, options).unwrap();

    let error = loader.next(PATIENCE).unwrap_err();

    stalling.release();
    assert!(matches!(error, LoaderError::Failed { batch: 2, .. }), "{error:?}");
}

#[test]
fn a_loader_that_could_make_nothing_is_refused() {
    for (workers, prefetch) in [(0, 1), (1, 0)] {
        let options = LoaderOptions { workers, prefetch };
        let refused = Loader::start(Numbers::with(Trouble::None), 0, options);
        assert_eq!(refused.err(), Some(LoaderError::Options { workers, prefetch }));
    }
}
