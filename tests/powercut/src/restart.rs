//! One of the states in which a disk may come back.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::chance::Chance;
use crate::medium::{Medium, ROOT};
use crate::node::{Change, File, Folder, Node, lay};

/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;
/// Chances in eight that an unsynced step survives; one of them is drawn for each restart, so that
/// "all kept" and "all lost" are as usual as the mixtures between.
const KEPT_IN_8: [u64; 5] = [0, 1, 4, 7, 8];

impl Medium {
    /// Gives the power back: what was unsynced is kept, lost or torn as `seed` decides.
    pub(crate) fn restart(&mut self, seed: u64) {
        let mut fate = Fate::new(seed);
        for step in std::mem::take(&mut self.steps) {
            if fate.keeps() {
                step.settle(&mut self.nodes);
            }
        }
        let old = std::mem::take(&mut self.nodes);
        let mut survivors = Survivors {
            old,
            nodes: BTreeMap::new(),
            renumbered: BTreeMap::new(),
            next: self.next_inode,
            fate,
        };
        survivors.folder(ROOT, ROOT);
        self.nodes = survivors.nodes;
        self.next_inode = survivors.next;
        self.cut_at = None;
        self.dead = false;
    }
}

/// Decides what survives.
struct Fate {
    chance: Chance,
    kept_in_8: u64,
}

impl Fate {
    fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let kept_in_8 = KEPT_IN_8[chance.below(KEPT_IN_8.len() as u64) as usize];
        Self { chance, kept_in_8 }
    }

    fn keeps(&mut self) -> bool {
        self.chance.one(self.kept_in_8, 8)
    }

    /// One write in four is neither kept nor lost but torn, unless all are to be kept or lost.
    fn tears(&mut self) -> bool {
        (1..8).contains(&self.kept_in_8) && self.chance.one(1, 4)
    }

    fn settle(&mut self, file: &mut File) {
        for change in std::mem::take(&mut file.unsynced) {
            match change {
                Change::Write { at, bytes } if self.tears() => {
                    self.tear(&mut file.durable, at, &bytes);
                }
                change if self.keeps() => change.apply(&mut file.durable),
                Change::Write { .. } | Change::Resize { .. } => {}
            }
        }
    }

    /// Writes some of the sectors that `bytes` touches.
    fn tear(&mut self, durable: &mut Vec<u8>, at: usize, bytes: &[u8]) {
        let mut done = 0;
        while done < bytes.len() {
            let sector_end = (at + done) / SECTOR_BYTES * SECTOR_BYTES + SECTOR_BYTES;
            let end = bytes.len().min(sector_end - at);
            if self.chance.one(1, 2) {
                lay(durable, at + done, &bytes[done..end]);
            }
            done = end;
        }
    }
}

/// What has a durable name, under new inode numbers.
struct Survivors {
    old: BTreeMap<u64, Node>,
    nodes: BTreeMap<u64, Node>,
    renumbered: BTreeMap<u64, u64>,
    next: u64,
    fate: Fate,
}

impl Survivors {
    fn folder(&mut self, old: u64, new: u64) {
        let names = match self.old.remove(&old) {
            Some(Node::Folder(folder)) => folder.durable,
            Some(Node::File(_)) | None => BTreeMap::new(),
        };
        let names: BTreeMap<OsString, u64> =
            names.into_iter().filter_map(|(name, node)| Some((name, self.node(node)?))).collect();
        self.nodes.insert(new, Node::Folder(Folder { now: names.clone(), durable: names }));
    }

    /// Takes over one node; two names of it (a rename kept, one before it lost) go on sharing it.
    fn node(&mut self, old: u64) -> Option<u64> {
        if let Some(inode) = self.renumbered.get(&old) {
            return Some(*inode);
        }
        let inode = self.next;
        self.next += 1;
        self.renumbered.insert(old, inode);
        match self.old.get_mut(&old)? {
            Node::Folder(_) => self.folder(old, inode),
            Node::File(file) => {
                let mut file = std::mem::take(file);
                self.fate.settle(&mut file);
                file.now.clone_from(&file.durable);
                self.nodes.insert(inode, Node::File(file));
            }
        }
        Some(inode)
    }
}
