//! The ledger does what its reference model says, over two handles, re-openings and small bounds.
//!
//! Random operations are done on both; each answer must be the same, and so must all that can be
//! read. `MARGAY_SEED` repeats a failure; `MARGAY_RUNS` says how many seeds are tried.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

mod acts;
mod compare;
mod reference;

use std::path::Path;

use ledger::{Bound, Ledger, Limits};
use powercut::{Chance, Disk};

use crate::acts::act;
use crate::reference::Reference;

powercut::serve_here!();

/// Seeds in each run of the suite, and operations for each: seconds.
const RUNS: u64 = 30;
const ACTS: u32 = 200;

#[test]
fn the_ledger_answers_as_its_reference_does() {
    // A disk that syncs at once: what is durable is the other tests' concern.
    let disk = Disk::mount().unwrap();
    let first = setting("MARGAY_SEED", 1);
    for seed in first..first + setting("MARGAY_RUNS", RUNS) {
        disk.wipe().unwrap();
        let _said = SaidOnFailure(seed);
        run(&disk.path().join("work.db"), seed);
    }
}

fn run(path: &Path, seed: u64) {
    let mut chance = Chance::new(seed);
    let mut reference = Reference::new(limits());
    let (mut one, mut other) = (open(path), open(path));
    let mut now_ms = 1000;
    for _ in 0..ACTS {
        // Steps of ten, so that moments meet: a lease that ends now, a slide that finished then.
        now_ms += 10 * chance.below(3);
        let handle = if chance.one(1, 2) { &one } else { &other };
        act(handle, &mut reference, &mut chance, now_ms);
        if chance.one(1, 10) {
            compare::all(handle, &reference);
        }
        if chance.one(1, 50) {
            one = open(path);
        }
        if chance.one(1, 50) {
            drop((one, other));
            (one, other) = (open(path), open(path));
        }
    }
    compare::all(&one, &reference);
}

fn open(path: &Path) -> Ledger {
    Ledger::open(path, limits(), 0).unwrap().0
}

/// Small enough that every bound is met.
fn limits() -> Limits {
    Limits {
        outbox_results: Bound { rows: 8, bytes: 4000 },
        outbox_telemetry: Bound { rows: 3, bytes: 2000 },
        poisoned: Bound { rows: 2, bytes: 4000 },
        tiles: Bound { rows: 10, bytes: 3000 },
        results: Bound { rows: 8, bytes: 3000 },
        slides_open: 3,
        requests: Bound { rows: 2, bytes: 4000 },
        ..Limits::default()
    }
}

struct SaidOnFailure(u64);

impl Drop for SaidOnFailure {
    #[expect(clippy::print_stderr, reason = "the seed of a failure")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("MARGAY_SEED={} repeats it", self.0);
        }
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}
