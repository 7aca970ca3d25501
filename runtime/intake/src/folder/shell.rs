//! The blocking shell: list, look, and say what is new.

use std::path::{Path, PathBuf};

use super::{Bounds, Disk, Found, ListError, Rule, Taken, Watch, inspect, list};

/// A folder on a disk or a share, watched.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    bounds: Bounds,
    disk: Disk,
    watch: Watch,
    /// What was said last of a folder that cannot be read.
    trouble: Option<String>,
}

/// A change of what is wrong with a folder. Each is said once.
#[derive(Debug)]
pub enum Trouble {
    /// It cannot be listed any more.
    Began(ListError),
    /// Folders inside it cannot be read any more, or others than before.
    Unread(Vec<PathBuf>),
    /// It can be listed again.
    Over,
}

impl Folder {
    /// The folder at `root`; it need not be there yet.
    pub fn new(root: &Path, bounds: Bounds, rule: Rule, disk: Disk) -> Self {
        Self { root: root.into(), bounds, disk, watch: Watch::new(rule), trouble: None }
    }

    /// Takes back what was taken before a restart.
    pub fn remember(&mut self, taken: Taken) {
        self.watch.remember(taken);
    }

    /// Forgets a file that was moved away.
    pub fn forget(&mut self, path: &Path) {
        self.watch.forget(path);
    }

    /// Files that grow, or wait for their sign.
    pub fn waiting(&self) -> impl Iterator<Item = &Path> {
        self.watch.waiting()
    }

    /// Lists the folder, looks at what is complete, and says what is new. `found` hears of each as
    /// it is found, since a look at a large slide takes its time; when it says `false`, the rest is
    /// left for the next poll.
    pub fn poll(&mut self, found: &mut dyn FnMut(Found) -> bool) -> Option<Trouble> {
        let listing = match list(&self.root, self.bounds) {
            Ok(listing) => listing,
            Err(error) => return self.began(error),
        };
        let mut goes_on = true;
        for check in self.watch.look(&listing.files) {
            let outcome =
                if goes_on { inspect(&self.disk, &check) } else { super::Outcome::NotYet };
            for new in self.watch.checked(check, outcome) {
                goes_on &= found(new);
            }
        }
        self.listed(listing.unread)
    }

    fn began(&mut self, error: ListError) -> Option<Trouble> {
        let said = format!("{error:?}");
        let is_new = self.trouble.as_ref() != Some(&said);
        self.trouble = Some(said);
        is_new.then_some(Trouble::Began(error))
    }

    fn listed(&mut self, unread: Vec<PathBuf>) -> Option<Trouble> {
        let said = (!unread.is_empty()).then(|| format!("{unread:?}"));
        let before = std::mem::replace(&mut self.trouble, said);
        if self.trouble == before {
            return None;
        }
        Some(if unread.is_empty() { Trouble::Over } else { Trouble::Unread(unread) })
    }
}
