//! The disk's content, the power switch and the count of operations.
//!
//! An operation that changes something is counted. At the one that [`Medium::cut_after`] names the
//! power goes: that operation is taken as unsynced and answered with `EIO`, and so is every later
//! one. Reading goes on, since a page of a mapped file that cannot be read ends the program with
//! SIGBUS, which no power cut does.
//!
//! Each restart numbers the inodes anew, so that what the dead machine still holds open can neither
//! read nor harm what comes after.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use fuser::Errno;

use crate::names::Step;
use crate::node::{Change, File, Folder, Node};

/// The inode of the root folder.
pub(crate) const ROOT: u64 = 1;
/// The largest file, so that an offset gone wild does not take the machine's memory.
const FILE_BYTES_MAX: u64 = 1 << 32;

/// Everything that the disk knows.
#[derive(Debug)]
pub(crate) struct Medium {
    pub(crate) nodes: BTreeMap<u64, Node>,
    pub(crate) steps: Vec<Step>,
    pub(crate) next_inode: u64,
    pub(crate) operations: u64,
    pub(crate) cut_at: Option<u64>,
    pub(crate) dead: bool,
    pub(crate) room_bytes: Option<u64>,
}

impl Default for Medium {
    fn default() -> Self {
        Self {
            nodes: BTreeMap::from([(ROOT, Node::Folder(Folder::default()))]),
            steps: Vec::new(),
            next_inode: ROOT + 1,
            operations: 0,
            cut_at: None,
            dead: false,
            room_bytes: None,
        }
    }
}

impl Medium {
    /// Empties the disk; operations go on being counted from 0.
    pub(crate) fn wipe(&mut self) {
        let next_inode = self.next_inode;
        *self = Self { next_inode, ..Self::default() };
    }

    /// Cuts the power at the `operations`th operation from now.
    pub(crate) fn cut_after(&mut self, operations: u64) {
        self.cut_at = Some(self.operations.saturating_add(operations));
    }

    pub(crate) fn lookup(&self, folder: u64, name: &OsStr) -> Result<u64, Errno> {
        self.alive()?;
        self.folder(folder)?.now.get(name).copied().ok_or(Errno::ENOENT)
    }

    /// The bytes that a reader sees; nothing where the machine that opened the file is gone.
    pub(crate) fn read(&self, inode: u64, at: u64, bytes: u32) -> &[u8] {
        let Some(Node::File(file)) = self.nodes.get(&inode) else { return &[] };
        let start = (at as usize).min(file.now.len());
        let end = start.saturating_add(bytes as usize).min(file.now.len());
        &file.now[start..end]
    }

    pub(crate) fn write(&mut self, inode: u64, at: u64, bytes: &[u8]) -> Result<(), Errno> {
        let end = at.checked_add(bytes.len() as u64).filter(|end| *end <= FILE_BYTES_MAX);
        self.make_room(inode, end.ok_or(Errno::EFBIG)?)?;
        let change = Change::Write { at: at as usize, bytes: bytes.to_vec() };
        self.step(|medium| medium.change(inode, change))
    }

    pub(crate) fn resize(&mut self, inode: u64, to: u64) -> Result<(), Errno> {
        if to > FILE_BYTES_MAX {
            return Err(Errno::EFBIG);
        }
        self.make_room(inode, to)?;
        self.step(|medium| medium.change(inode, Change::Resize { to: to as usize }))
    }

    /// Makes the content of a file durable, unless the power goes at this very moment.
    pub(crate) fn sync(&mut self, inode: u64) -> Result<(), Errno> {
        self.step(|_| Ok(()))?;
        self.file(inode)?.sync();
        Ok(())
    }

    /// Makes the names of a folder durable, unless the power goes at this very moment.
    pub(crate) fn sync_folder(&mut self, folder: u64) -> Result<(), Errno> {
        self.step(|medium| medium.folder(folder).map(|_| ()))?;
        let (settled, open) =
            std::mem::take(&mut self.steps).into_iter().partition(|step| step.touches(folder));
        self.steps = open;
        let settled: Vec<Step> = settled;
        for step in settled {
            step.settle(&mut self.nodes);
        }
        Ok(())
    }

    /// Makes an empty file or folder.
    pub(crate) fn make(&mut self, folder: u64, name: &OsStr, node: Node) -> Result<u64, Errno> {
        self.alive()?;
        if self.folder(folder)?.now.contains_key(name) {
            return Err(Errno::EEXIST);
        }
        let inode = self.next_inode;
        self.next_inode += 1;
        self.step(|medium| {
            medium.nodes.insert(inode, node);
            medium.folder_mut(folder)?.now.insert(name.to_owned(), inode);
            medium.steps.push(Step::Add { folder, name: name.to_owned(), node: inode });
            Ok(inode)
        })
    }

    pub(crate) fn remove(&mut self, folder: u64, name: &OsStr, kind: Kind) -> Result<(), Errno> {
        let inode = self.lookup(folder, name)?;
        match (self.nodes.get(&inode), kind) {
            (Some(Node::Folder(of)), Kind::Folder) if !of.now.is_empty() => {
                return Err(Errno::ENOTEMPTY);
            }
            (Some(Node::Folder(_)), Kind::File) => return Err(Errno::EISDIR),
            (Some(Node::File(_)), Kind::Folder) => return Err(Errno::ENOTDIR),
            (Some(Node::Folder(_)), Kind::Folder) | (Some(Node::File(_)), Kind::File) => {}
            (None, _) => return Err(Errno::EIO),
        }
        self.step(|medium| {
            medium.folder_mut(folder)?.now.remove(name);
            medium.steps.push(Step::Remove { folder, name: name.to_owned() });
            Ok(())
        })
    }

    pub(crate) fn rename(
        &mut self,
        from: (u64, OsString),
        to: (u64, OsString),
        over: Over,
    ) -> Result<(), Errno> {
        let node = self.lookup(from.0, &from.1)?;
        match self.lookup(to.0, &to.1) {
            Ok(_) if over == Over::Refused => return Err(Errno::EEXIST),
            Ok(old) if matches!(self.nodes.get(&old), Some(Node::Folder(of)) if !of.now.is_empty()) =>
            {
                return Err(Errno::ENOTEMPTY);
            }
            Ok(_) | Err(_) => {}
        }
        self.step(|medium| {
            medium.folder_mut(from.0)?.now.remove(&from.1);
            medium.folder_mut(to.0)?.now.insert(to.1.clone(), node);
            medium.steps.push(Step::Move { from, to, node });
            Ok(())
        })
    }

    /// Bytes in all files that have a name or are open, as `df` would count them.
    pub(crate) fn used_bytes(&self) -> u64 {
        let bytes = |node: &Node| match node {
            Node::File(file) => file.now.len() as u64,
            Node::Folder(_) => 0,
        };
        let mut named: Vec<u64> = Vec::new();
        for node in self.nodes.values() {
            if let Node::Folder(folder) = node {
                named.extend(folder.now.values());
            }
        }
        named.iter().filter_map(|inode| self.nodes.get(inode)).map(bytes).sum()
    }

    /// `EIO` once the power is gone.
    pub(crate) fn alive(&self) -> Result<(), Errno> {
        if self.dead { Err(Errno::EIO) } else { Ok(()) }
    }

    pub(crate) fn folder(&self, inode: u64) -> Result<&Folder, Errno> {
        match self.nodes.get(&inode) {
            Some(Node::Folder(folder)) => Ok(folder),
            Some(Node::File(_)) => Err(Errno::ENOTDIR),
            None => Err(Errno::EIO),
        }
    }

    fn folder_mut(&mut self, inode: u64) -> Result<&mut Folder, Errno> {
        match self.nodes.get_mut(&inode) {
            Some(Node::Folder(folder)) => Ok(folder),
            Some(Node::File(_)) => Err(Errno::ENOTDIR),
            None => Err(Errno::EIO),
        }
    }

    fn file(&mut self, inode: u64) -> Result<&mut File, Errno> {
        match self.nodes.get_mut(&inode) {
            Some(Node::File(file)) => Ok(file),
            Some(Node::Folder(_)) => Err(Errno::EISDIR),
            None => Err(Errno::EIO),
        }
    }

    fn change(&mut self, inode: u64, change: Change) -> Result<(), Errno> {
        self.file(inode)?.change(change);
        Ok(())
    }

    /// Counts one operation and does it; at the cut it is done unsynced and fails.
    fn step<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T, Errno>) -> Result<T, Errno> {
        self.alive()?;
        self.operations += 1;
        let done = act(self);
        if self.cut_at.is_some_and(|at| self.operations >= at) {
            self.dead = true;
            return Err(Errno::EIO);
        }
        done
    }

    /// Refuses what would make `inode` grow to `bytes` beyond the disk's size.
    fn make_room(&mut self, inode: u64, bytes: u64) -> Result<(), Errno> {
        let Some(room) = self.room_bytes else { return Ok(()) };
        let grows = bytes.saturating_sub(self.file(inode)?.now.len() as u64);
        if grows > 0 && self.used_bytes() + grows > room {
            return Err(Errno::ENOSPC);
        }
        Ok(())
    }
}

/// What a name is expected to stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
}

/// Whether a rename may take the place of another file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    Allowed,
    Refused,
}
