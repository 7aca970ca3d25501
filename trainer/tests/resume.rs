//! Promise: a training that was interrupted and resumed gives the same bits as one that was not.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

#[path = "support/edited.rs"]
mod edited;
#[path = "support/plan.rs"]
mod plan;

use std::cell::Cell;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use margay_trainer::fit::checkpoint::Checkpoint;
use margay_trainer::fit::run::{Begin, Clock, Order, RunError, fit};
use tempfile::TempDir;

use edited::edited;
use plan::{PLAN, data_root};

/// Files that hold what was learnt, and from what.
const LEARNT: [&str; 4] =
    ["stage-1.safetensors", "stage-2.safetensors", "average.safetensors", "fingerprint.json"];

/// A clock that stands still, until the power goes.
struct PowerCut {
    looks_left: Cell<Option<u32>>,
}

impl PowerCut {
    fn never() -> Self {
        Self { looks_left: Cell::new(None) }
    }

    fn after(looks: u32) -> Self {
        Self { looks_left: Cell::new(Some(looks)) }
    }
}

impl Clock for PowerCut {
    fn now(&self) -> Duration {
        if let Some(left) = self.looks_left.get() {
            assert!(left > 0, "the power is cut");
            self.looks_left.set(Some(left - 1));
        }
        Duration::ZERO
    }
}

fn train(plan: &str, out: &Path, begin: Begin, clock: &PowerCut) -> Result<(), RunError> {
    fit(&Order { plan, data: &data_root(), out, begin }, clock)
}

/// A run that was never interrupted.
fn whole_run(plan: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    train(plan, folder.path(), Begin::New, &PowerCut::never()).unwrap();
    folder
}

/// A run whose power was cut after so many looks at the clock, and then resumed; whether it was.
fn cut_run(plan: &str, looks: u32) -> (TempDir, bool) {
    let folder = TempDir::new().unwrap();
    let clock = PowerCut::after(looks);
    let ended = catch_unwind(AssertUnwindSafe(|| train(plan, folder.path(), Begin::New, &clock)));
    if ended.is_err() {
        train(plan, folder.path(), Begin::Resume, &PowerCut::never()).unwrap();
    }
    (folder, ended.is_err())
}

fn assert_same(whole: &TempDir, resumed: &TempDir, case: &str) {
    let of = |folder: &TempDir, file: &str| folder.path().join(file);
    for file in LEARNT {
        let [a, b] = [whole, resumed].map(|folder| fs::read(of(folder, file)).unwrap());
        assert!(a == b, "{case}: {file} differs");
    }
    // Its fields stand in the file in any order.
    let [a, b] = [whole, resumed]
        .map(|folder| Checkpoint::read(&of(folder, "checkpoint.safetensors")).unwrap());
    assert!(a == b, "{case}: the last checkpoint differs");
}

/// The lines of the progress file that hold validation figures.
fn validation(folder: &TempDir) -> Vec<String> {
    let text = fs::read_to_string(folder.path().join("progress.csv")).unwrap();
    text.lines().filter(|line| line.contains("validation_")).map(str::to_owned).collect()
}

// One test: the back end draws weights and dropout from one generator for all threads.
#[test]
fn a_resumed_training_gives_the_same_bits_wherever_it_was_cut() {
    let whole = whole_run(PLAN);
    // Before the first checkpoint, after it, between the stages, and in the second stage.
    let mut cuts = 0;
    for looks in [3, 10, 16, 18, 21, 28] {
        let (resumed, cut) = cut_run(PLAN, looks);
        cuts += u32::from(cut);
        assert_same(&whole, &resumed, &format!("cut after {looks} looks"));
        assert_eq!(validation(&resumed), validation(&whole), "cut after {looks} looks");
    }
    assert_eq!(cuts, 6, "a training looks at its clock more often than that");

    // Early stopping remembers what it saw, and a rate like this soon improves nothing.
    let early = edited(PLAN, "validation_batches = 1", "validation_batches = 1\npatience = 2")
        .replace("rate = 2e-3", "rate = 0.3")
        .replace("steps = 6\n\n", "steps = 40\n\n")
        .replace("average_decay = 0.9", "average_decay = 0.0");
    let whole = whole_run(&early);
    let (resumed, cut) = cut_run(&early, 9);
    assert!(cut);
    assert_same(&whole, &resumed, "early stopping");
    let looks = validation(&whole);
    let last = looks.iter().rfind(|line| line.starts_with("1,")).unwrap();
    let step: u64 = last.split(',').nth(1).unwrap().parse().unwrap();
    assert!(step < 40, "the first stage went on to step {step}");
}
