//! A file system for tests that loses what was not synced.
//!
//! [`Disk::mount`] starts a disk at a temporary folder. It serves ordinary programs, SQLite in WAL
//! mode among them, and remembers for each file and folder what has reached the medium (`fsync`,
//! `fdatasync`, `fsync` of the folder) and what has not. [`Disk::cut_after`] takes the power away
//! at a chosen operation; [`Disk::restart`] makes one of the states that a disk may then be in.
//!
//! **What a restart may do.** Each unsynced write is kept, dropped or torn at 512 bytes, whatever
//! became of those before it. Each unsynced name (create, rename, unlink, mkdir) is kept or lost; a
//! rename is kept or lost whole. What was synced stays, and so does the rest of a sector that was
//! not written. This is harsher than ext4 or XFS, which order names among themselves.
//!
//! **Why a process of its own.** A program that maps a file of a file system that it serves itself
//! can lock itself up: unmapping waits for the server while it holds the lock that the server's
//! next allocation needs. The disk is therefore served by a second process, the test's own program
//! started anew: each test program that mounts a disk holds the line `powercut::serve_here!();` at
//! its root. The server ends, and unmounts, when the test's process does, however that ends.

#![forbid(unsafe_code)]

mod chance;
mod disk;
mod medium;
mod mounted;
mod names;
mod node;
mod restart;
mod serve;

pub use chance::Chance;
pub use disk::{Disk, DiskError};
pub use serve::serve_if_asked;

/// Lets a test program serve its own disks; stands once at the root of each that mounts one.
#[macro_export]
macro_rules! serve_here {
    () => {
        /// Not a test of its own: [`powercut::Disk::mount`] starts this program anew with it.
        #[test]
        fn powercut_serves_its_disk() {
            $crate::serve_if_asked();
        }
    };
}
