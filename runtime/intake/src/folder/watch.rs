//! What is known of each file of a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use contract::Digest;

use super::{Check, CheckKind, Entry, Found, Manifest, Outcome, Rule, Stamp, Taken};

/// Files that are remembered though they are absent, at most, together with those that are there:
/// 20 MB, and ten years of 300 slides a day would be five times as many.
const KNOWN_MAX: usize = 200_000;

/// The state of a watched folder.
#[derive(Debug)]
pub struct Watch {
    rule: Rule,
    files: BTreeMap<PathBuf, Known>,
}

/// What is known of a file.
#[derive(Clone, Copy, Debug)]
struct Known {
    stamp: Stamp,
    state: State,
    /// Digest of the version that was taken last.
    taken: Option<Digest>,
    /// Whether it was said that this version cannot be read.
    is_said: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not complete, or not looked at yet; so many listings showed it unchanged.
    Waiting { unchanged: u32 },
    /// Being looked at.
    Checking,
    /// This version was taken, or is damaged.
    Settled,
}

impl Watch {
    /// A folder that was not listed yet.
    pub fn new(rule: Rule) -> Self {
        Self { rule, files: BTreeMap::new() }
    }

    /// Takes back what was taken before a restart.
    pub fn remember(&mut self, taken: Taken) {
        let Taken { path, stamp, digest } = taken;
        let known = Known { stamp, state: State::Settled, taken: Some(digest), is_said: false };
        self.files.insert(path, known);
    }

    /// Forgets a file that was moved away: the same file is taken when it comes again.
    pub fn forget(&mut self, path: &Path) {
        self.files.remove(path);
    }

    /// Files that are not settled: they grow, or wait for their sign.
    pub fn waiting(&self) -> impl Iterator<Item = &Path> {
        let waits = |known: &Known| known.state != State::Settled;
        self.files.iter().filter(move |(_, known)| waits(known)).map(|(path, _)| path.as_path())
    }

    /// Takes a listing and says what to look at. Each check is to be answered by
    /// [`Watch::checked`]; until then its file is left alone.
    pub fn look(&mut self, listing: &[Entry]) -> Vec<Check> {
        let paths: BTreeSet<&Path> = listing.iter().map(|entry| entry.path.as_path()).collect();
        let mut checks = Vec::new();
        for Entry { path, stamp } in listing {
            if !self.rule.concerns(path) {
                continue;
            }
            let unchanged = self.see(path, *stamp);
            let Some(sentinel) = self.complete(path, unchanged, &paths) else { continue };
            self.set(path, State::Checking);
            let kind = match self.rule {
                Rule::Manifest { .. } => CheckKind::Manifest,
                Rule::Rename { .. } | Rule::Sentinel { .. } | Rule::Stable { .. } => {
                    CheckKind::Slide
                }
            };
            checks.push(Check { path: path.clone(), stamp: *stamp, kind, sentinel: sentinel.0 });
        }
        if self.files.len() > KNOWN_MAX {
            self.files.retain(|path, _| paths.contains(path.as_path()));
        }
        checks
    }

    /// Takes what came of a check, and says what is new.
    pub fn checked(&mut self, check: Check, outcome: Outcome) -> Vec<Found> {
        let Check { path, stamp, sentinel, .. } = check;
        match outcome {
            Outcome::Sound(digest) => {
                let taken = Taken { path, stamp, digest };
                self.take(&taken).then_some(Found::Slide { taken, sentinel }).into_iter().collect()
            }
            Outcome::Listed { digest, manifest, stamps } => {
                self.listed(Taken { path, stamp, digest }, manifest, stamps)
            }
            Outcome::Damaged(reason) => {
                self.set(&path, State::Settled);
                vec![Found::Damaged { path, reason }]
            }
            Outcome::NotYet => {
                self.set(&path, State::Waiting { unchanged: 0 });
                Vec::new()
            }
            Outcome::Unreadable(reason) => {
                let was_said = self.files.get(&path).is_some_and(|known| known.is_said);
                if let Some(known) = self.files.get_mut(&path) {
                    known.state = State::Waiting { unchanged: 0 };
                    known.is_said = true;
                }
                let said = (!was_said).then_some(Found::Unreadable { path, reason });
                said.into_iter().collect()
            }
        }
    }

    /// Notes a file of a listing; says for how many listings it has been as it is, none where it
    /// needs no look.
    fn see(&mut self, path: &Path, stamp: Stamp) -> Option<u32> {
        let fresh =
            Known { stamp, state: State::Waiting { unchanged: 0 }, taken: None, is_said: false };
        let Some(known) = self.files.get_mut(path) else {
            self.files.insert(path.into(), fresh);
            return Some(0);
        };
        match known.state {
            State::Checking => None,
            State::Settled if known.stamp == stamp => None,
            State::Waiting { unchanged } if known.stamp == stamp => {
                let unchanged = unchanged.saturating_add(1);
                known.state = State::Waiting { unchanged };
                Some(unchanged)
            }
            State::Waiting { .. } | State::Settled => {
                *known = Known { taken: known.taken, ..fresh };
                Some(0)
            }
        }
    }

    /// Whether a file that has been `unchanged` is complete by the rule, and its sentinel.
    fn complete(
        &self,
        path: &Path,
        unchanged: Option<u32>,
        paths: &BTreeSet<&Path>,
    ) -> Option<Beside> {
        let unchanged = unchanged?;
        match &self.rule {
            Rule::Rename { .. } | Rule::Manifest { .. } => Some(Beside(None)),
            Rule::Stable { polls } => (unchanged >= *polls).then_some(Beside(None)),
            Rule::Sentinel { suffix } => {
                let mut sentinel = path.as_os_str().to_owned();
                sentinel.push(suffix);
                let sentinel = PathBuf::from(sentinel);
                paths.contains(sentinel.as_path()).then_some(Beside(Some(sentinel)))
            }
        }
    }

    fn listed(&mut self, taken: Taken, manifest: Manifest, stamps: Vec<Stamp>) -> Vec<Found> {
        if !self.take(&taken) {
            return Vec::new();
        }
        match manifest {
            Manifest::Tiles { .. } => vec![Found::Tiles { taken, manifest }],
            Manifest::Slides(files) => {
                let slides = files.into_iter().zip(stamps).filter_map(|(file, stamp)| {
                    let taken = Taken { path: file.path, stamp, digest: file.sha256 };
                    self.take(&taken).then_some(Found::Slide { taken, sentinel: None })
                });
                slides.collect()
            }
        }
    }

    /// Settles a version; says whether it is another than the one that was taken last.
    fn take(&mut self, taken: &Taken) -> bool {
        let Taken { path, stamp, digest } = taken;
        let known =
            Known { stamp: *stamp, state: State::Settled, taken: Some(*digest), is_said: false };
        let before = self.files.insert(path.clone(), known);
        before.and_then(|known| known.taken) != Some(*digest)
    }

    fn set(&mut self, path: &Path, state: State) {
        if let Some(known) = self.files.get_mut(path) {
            known.state = state;
        }
    }
}

/// What lies beside a complete file by its rule.
struct Beside(Option<PathBuf>);

#[cfg(test)]
mod tests;
