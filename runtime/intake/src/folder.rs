//! Watched folders: which files are complete, each said once.
//!
//! A scanner writes to a share, and nothing tells when a file is whole: so the folder is listed again
//! and again (inotify is blind on network shares), and a [`Rule`] says what completion looks like.
//!
//! ```text
//!             complete by the rule         sound, digest not known
//!  Waiting ───────────────────────▶ Check ───────────────────────▶ Found::Slide, Found::Tiles
//!     ▲                              │ │
//!     └── changed meanwhile, or ─────┘ └──▶ Found::Damaged, once for each length and time
//!         another length or time later
//! ```
//!
//! **Contract.** [`Watch`] is told what a listing shows and says what to look at; it knows no clock,
//! so a clock that jumps and times that lie in the future mean nothing to it: times are compared for
//! being the same, and patience is counted in listings. A file that is taken once is taken again only
//! when its length or time *and* its digest are others. An absent file is not forgotten: a share that
//! is away for an hour comes back as it was. [`Folder`] is the shell that lists, looks and moves.
//! **Price:** two versions of one name that have the same length and fall into one tick of the share's
//! clock (2 s on FAT) are one to it.

mod after;
mod inspect;
mod list;
mod manifest;
mod rule;
mod shell;
mod watch;

use std::path::PathBuf;

use contract::Digest;

pub use after::{After, MoveError};
pub use inspect::{Disk, Fault, Files, Outcome, inspect};
pub use list::{Bounds, ListError, Listing, list};
pub use manifest::{ListedFile, ListedTile, MANIFEST_BYTES_MAX, Manifest, ManifestError};
pub use rule::Rule;
pub use shell::{Folder, Trouble};
pub use watch::Watch;

/// A file in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it lies.
    pub path: PathBuf,
    /// Its length and time.
    pub stamp: Stamp,
}

/// What tells a version of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Bytes.
    pub len: u64,
    /// Time of the last change, Unix ms, as the share says it.
    pub mtime_ms: i64,
}

/// A version of a file that was taken. What the caller keeps of it, [`Watch::remember`] takes back
/// after a restart, so that the whole folder is not read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Where it lies.
    pub path: PathBuf,
    /// Its length and time.
    pub stamp: Stamp,
    /// Digest of its bytes.
    pub digest: Digest,
}

/// Something to look at: the file was complete by the rule when the folder was listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The file, or the manifest.
    pub path: PathBuf,
    /// Its length and time in the listing; if it has others when it has been looked at, nothing was
    /// seen.
    pub stamp: Stamp,
    /// Whether it is a slide or a manifest.
    pub kind: CheckKind,
    /// A file that must still be there afterwards.
    pub sentinel: Option<PathBuf>,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckKind {
    /// A slide in a file.
    Slide,
    /// A list of files.
    Manifest,
}

/// What a folder has brought.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// A slide in a file: complete, and read by crate `slide`.
    Slide {
        /// Which version of which file.
        taken: Taken,
        /// The sentinel that lies beside it.
        sentinel: Option<PathBuf>,
    },
    /// A slide in tiles: complete, each with its length and digest.
    Tiles {
        /// Which version of which manifest.
        taken: Taken,
        /// What it lists.
        manifest: Manifest,
    },
    /// A file that is complete by the rule and no sound slide. Said once for each length and time.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// A file that cannot be read now; it is looked at again at each poll, and said once.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
}
