//! A power cut at any operation loses nothing that was acknowledged and leaves nothing half done.
//!
//! A seeded workload of two roles runs on a disk that loses what was not synced. The power goes at
//! a random operation, again and again; after each restart the ledger must hold exactly what was
//! acknowledged, and what was under way wholly or not at all. `MARGAY_CUTS` says how many cuts,
//! `MARGAY_SEED` where the seeds begin: the seed of a failure repeats it.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

mod check;
mod together;
mod work;

use powercut::{Chance, Disk};

use crate::work::World;

powercut::serve_here!();

/// Cuts in each run of the suite: seconds.
const CUTS: u64 = 300;
/// Stretches between two cuts, in operations of the disk, are below 16 doubled up to this many
/// times: opening takes some dozens, a workload some thousands.
const DOUBLED_MAX: u64 = 6;
/// Cuts that one workload can meet: some dozens are usual.
const CUTS_MAX: u64 = 1000;

#[test]
fn a_power_cut_at_any_operation_loses_nothing_that_was_acknowledged() {
    let disk = Disk::mount().unwrap();
    let wanted = setting("MARGAY_CUTS", CUTS);

    let (mut cuts, mut seed) = (0, setting("MARGAY_SEED", 1));
    while cuts < wanted {
        let _said = SaidOnFailure(seed);
        cuts += until_the_work_is_done(&disk, seed);
        seed += 1;
    }
}

#[test]
fn callers_who_share_a_commit_are_all_told_the_truth() {
    let disk = Disk::mount().unwrap();
    let first = setting("MARGAY_SEED", 1);
    for seed in first..first + setting("MARGAY_CUTS", CUTS) / 5 {
        let _said = SaidOnFailure(seed);
        together::until_the_power_goes(&disk, seed);
    }
}

/// Runs one workload to its end over as many cuts as it meets; gives how many those were.
fn until_the_work_is_done(disk: &Disk, seed: u64) -> u64 {
    disk.wipe().unwrap();
    let mut fate = Chance::new(seed);
    let mut world = World::new(disk.path().join("work.db"), fate.bits());
    let mut cuts = 0;
    loop {
        assert!(cuts < CUTS_MAX, "the work makes no progress: {}", world.told);
        let longest = 16 << fate.below(DOUBLED_MAX + 1);
        disk.cut_after(1 + fate.below(longest)).unwrap();
        let done = world.run();
        world.stop();
        let died = disk.is_dead().unwrap();
        assert!(done || died, "the work stopped, and the power was not gone");
        disk.restart(fate.bits()).unwrap();
        if !died {
            world.start().unwrap();
            check::after_restart(&world);
            check::all_is_done(&world);
            world.stop();
            return cuts;
        }
        cuts += 1;
        world.start().unwrap();
        check::after_restart(&world);
        world.stop();
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
