//! The disk as the kernel asks for it.
//!
//! Names are never cached by the kernel, since a restart changes what they stand for. Contents are:
//! `mmap` of SQLite's `-shm` needs the page cache. Locks are left to the kernel.

use std::ffi::OsStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use fuser::{
    AccessFlags, BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags,
    Generation, INodeNo, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData,
    ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow,
    WriteFlags,
};

use crate::medium::{Kind, Medium, Over};
use crate::node::{File, Folder, Node};

/// How long the kernel may believe a name: not at all.
const NAME_TTL: Duration = Duration::ZERO;
/// How long the kernel may believe a size: it is the only one that changes it.
const SIZE_TTL: Duration = Duration::from_hours(1);
/// The block in which free space is told.
const BLOCK_BYTES: u32 = 4096;
/// What `df` shows where no size was set.
const ROOM_SHOWN_BYTES: u64 = 1 << 40;

/// A medium that is shared with the control line.
#[derive(Debug, Clone)]
pub(crate) struct Mounted(pub(crate) Arc<Mutex<Medium>>);

impl Mounted {
    pub(crate) fn medium(&self) -> MutexGuard<'_, Medium> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attributes(&self, inode: u64) -> Result<FileAttr, Errno> {
        let medium = self.medium();
        let (kind, size) = match medium.nodes.get(&inode) {
            Some(Node::Folder(_)) => (FileType::Directory, 0),
            Some(Node::File(file)) => (FileType::RegularFile, file.now.len() as u64),
            None => return Err(Errno::EIO),
        };
        Ok(attributes(inode, kind, size))
    }
}

fn attributes(inode: u64, kind: FileType, size: u64) -> FileAttr {
    let (perm, nlink) = if kind == FileType::Directory { (0o755, 2) } else { (0o644, 1) };
    let never = SystemTime::UNIX_EPOCH;
    FileAttr {
        ino: INodeNo(inode),
        size,
        blocks: size.div_ceil(512),
        atime: never,
        mtime: never,
        ctime: never,
        crtime: never,
        kind,
        perm,
        nlink,
        uid: 0,
        gid: 0,
        rdev: 0,
        blksize: BLOCK_BYTES,
        flags: 0,
    }
}

fn answer(reply: ReplyEmpty, done: Result<(), Errno>) {
    match done {
        Ok(()) => reply.ok(),
        Err(errno) => reply.error(errno),
    }
}

fn answer_entry(reply: ReplyEntry, found: Result<FileAttr, Errno>) {
    match found {
        Ok(attr) => reply.entry_with_ttls(&SIZE_TTL, &NAME_TTL, &attr, Generation(0)),
        Err(errno) => reply.error(errno),
    }
}

impl Filesystem for Mounted {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = self.medium().lookup(parent.0, name);
        answer_entry(reply, found.and_then(|inode| self.attributes(inode)));
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.attributes(ino.0) {
            Ok(attr) => reply.attr(&SIZE_TTL, &attr),
            Err(errno) => reply.error(errno),
        }
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        _: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let resized = size.map_or(Ok(()), |size| self.medium().resize(ino.0, size));
        match resized.and_then(|()| self.attributes(ino.0)) {
            Ok(attr) => reply.attr(&SIZE_TTL, &attr),
            Err(errno) => reply.error(errno),
        }
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, _: u32, _: u32, reply: ReplyEntry) {
        let made = self.medium().make(parent.0, name, Node::Folder(Folder::default()));
        answer_entry(reply, made.and_then(|inode| self.attributes(inode)));
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(reply, self.medium().remove(parent.0, name, Kind::File));
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(reply, self.medium().remove(parent.0, name, Kind::Folder));
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let over = match flags {
            RenameFlags::RENAME_NOREPLACE => Over::Refused,
            flags if flags.is_empty() => Over::Allowed,
            _ => return reply.error(Errno::EINVAL),
        };
        let (from, to) = ((parent.0, name.to_owned()), (newparent.0, newname.to_owned()));
        answer(reply, self.medium().rename(from, to, over));
    }

    fn open(&self, _: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        let medium = self.medium();
        match medium.alive() {
            Ok(()) if medium.nodes.contains_key(&ino.0) => {
                reply.opened(FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE);
            }
            Ok(()) => reply.error(Errno::EIO),
            Err(errno) => reply.error(errno),
        }
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        _: u32,
        _: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        let made = self.medium().make(parent.0, name, Node::File(File::default()));
        match made.and_then(|inode| self.attributes(inode)) {
            Ok(attr) => {
                let (handle, flags) = (FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE);
                reply.created(&NAME_TTL, &attr, Generation(0), handle, flags);
            }
            Err(errno) => reply.error(errno),
        }
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        reply.data(self.medium().read(ino.0, offset, size));
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.medium().write(ino.0, offset, data) {
            Ok(()) => reply.written(data.len() as u32),
            Err(errno) => reply.error(errno),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        answer(reply, self.medium().sync(ino.0));
    }

    fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        answer(reply, self.medium().sync_folder(ino.0));
    }

    fn readdir(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let medium = self.medium();
        let folder = match medium.alive().and_then(|()| medium.folder(ino.0)) {
            Ok(folder) => folder,
            Err(errno) => return reply.error(errno),
        };
        for (next, (name, inode)) in (1..).zip(&folder.now).skip(offset as usize) {
            let kind = match medium.nodes.get(inode) {
                Some(Node::Folder(_)) => FileType::Directory,
                Some(Node::File(_)) | None => FileType::RegularFile,
            };
            if reply.add(INodeNo(*inode), next, kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        let medium = self.medium();
        let room = medium.room_bytes.unwrap_or(ROOM_SHOWN_BYTES);
        let free = room.saturating_sub(medium.used_bytes());
        let blocks = |bytes: u64| bytes / u64::from(BLOCK_BYTES);
        let (all, left) = (blocks(room), blocks(free));
        reply.statfs(all, left, left, 1 << 20, 1 << 20, BLOCK_BYTES, 255, BLOCK_BYTES);
    }

    fn access(&self, _: &Request, _: INodeNo, _: AccessFlags, reply: ReplyEmpty) {
        reply.ok();
    }
}
