//! A folder against a simulated scanner: files that grow, are renamed, rewritten, abandoned, on a
//! share whose clock is coarse and jumps, and a box that restarts.
//!
//! What must hold under each rule: every version that was completed and stayed is taken exactly once,
//! nothing is taken before it was complete, nothing twice.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

mod scanner;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use contract::Digest;
use intake::folder::{Files, Found, Manifest, Rule, Taken, Watch, inspect};
use scanner::Scanner;

const SEEDS: u64 = 80;

#[test]
fn every_completed_file_is_taken_once_by_its_new_name() {
    simulate(&Rule::Rename { suffixes: vec![".part".into(), ".tmp".into()] });
}

#[test]
fn every_completed_file_is_taken_once_by_its_sentinel() {
    simulate(&Rule::Sentinel { suffix: ".done".into() });
}

#[test]
fn every_completed_file_is_taken_once_by_its_manifest() {
    simulate(&Rule::Manifest { name: "manifest.json".into() });
}

#[test]
fn every_completed_file_is_taken_once_when_it_is_stable_and_sound() {
    simulate(&Rule::Stable { polls: 3 });
}

fn simulate(rule: &Rule) {
    let only = std::env::var("MARGAY_SEED").ok().map(|seed| seed.parse().unwrap());
    for seed in only.map_or(1..SEEDS + 1, |seed| seed..seed + 1) {
        let run = std::panic::catch_unwind(|| Run::new(rule, seed).run());
        assert!(run.is_ok(), "MARGAY_SEED={seed} repeats it, under {rule:?}");
    }
}

/// One scanner, one box.
struct Run<'a> {
    rule: &'a Rule,
    scanner: Scanner,
    watch: Watch,
    /// What the box has written down: the last version of each path.
    recorded: BTreeMap<PathBuf, Taken>,
    /// Path and digest of each version that was taken, in order.
    taken: Vec<(PathBuf, Digest)>,
}

impl<'a> Run<'a> {
    fn new(rule: &'a Rule, seed: u64) -> Self {
        let (recorded, taken) = (BTreeMap::new(), Vec::new());
        let scanner = Scanner::new(rule, seed);
        Self { rule, scanner, watch: Watch::new(rule.clone()), recorded, taken }
    }

    fn run(mut self) {
        for _ in 0..80 {
            self.scanner.steps();
            if self.scanner.chance(20) {
                self.restart();
            }
            if self.scanner.chance(10) {
                // The share is away: the mount point shows an empty folder.
                assert!(self.watch.look(&[]).is_empty());
            } else {
                self.poll();
            }
        }
        self.scanner.finish();
        for _ in 0..6 {
            self.poll();
        }
        self.judge();
    }

    fn poll(&mut self) {
        let listing = self.scanner.listing();
        let checks = self.watch.look(&listing);
        // The scanner goes on between the listing and the look, and within the look.
        for check in checks {
            self.scanner.steps();
            let outcome = inspect(&self.scanner, &check);
            for found in self.watch.checked(check.clone(), outcome) {
                self.take(found);
            }
        }
    }

    fn take(&mut self, found: Found) {
        match found {
            Found::Slide { taken, .. } => self.note(taken),
            Found::Tiles { taken, manifest } => {
                let Manifest::Tiles { tiles, .. } = manifest else { panic!() };
                for tile in tiles {
                    assert!(self.scanner.was_completed(&tile.file.path, tile.file.sha256));
                }
                self.note(taken);
            }
            // Under a sign, what is called complete is complete; without one it is only sound.
            Found::Damaged { path, reason } => {
                assert!(!self.scanner.is_complete(&path), "{}: {reason}", path.display());
            }
            Found::Unreadable { .. } => {}
        }
    }

    fn note(&mut self, taken: Taken) {
        let Taken { path, digest, .. } = taken.clone();
        assert!(
            self.scanner.was_completed(&path, digest),
            "{} was taken before it was complete",
            path.display()
        );
        self.taken.push((path.clone(), digest));
        self.recorded.insert(path, taken);
    }

    fn restart(&mut self) {
        self.watch = Watch::new(self.rule.clone());
        self.recorded.values().cloned().for_each(|taken| self.watch.remember(taken));
    }

    fn judge(&self) {
        let once: BTreeSet<_> = self.taken.iter().cloned().collect();
        assert_eq!(once.len(), self.taken.len(), "a version was taken twice: {:?}", self.taken);
        for version in self.scanner.last_versions() {
            assert!(once.contains(&version), "{version:?} was not taken");
        }
        assert!(!once.is_empty(), "the scanner completed something");
        // The last look at what is there agrees with the disk.
        for (path, digest) in self.scanner.last_versions() {
            assert_eq!(self.scanner.digest(&path).unwrap(), digest);
        }
    }
}
