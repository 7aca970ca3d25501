//! A look at a file that should be complete: is it, is it sound, what is its digest?
//!
//! **Invariant:** what is called sound had the same length and time before and after it was read, and
//! its sentinel still stood afterwards.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use contract::{Digest, Mpp};
use sha2::{Digest as _, Sha256};
use slide::{OpenError, Slide};

use super::{Check, CheckKind, MANIFEST_BYTES_MAX, Manifest, Stamp};

/// Bytes that are read at once.
const BLOCK_BYTES: usize = 1 << 20;

/// What came of a look.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A sound slide.
    Sound(Digest),
    /// A manifest whose files are all there.
    Listed {
        /// Digest of the manifest, which stands for all that it lists.
        digest: Digest,
        /// What it lists.
        manifest: Manifest,
        /// Length and time of each file that it lists, in its order.
        stamps: Vec<Stamp>,
    },
    /// It is complete and no slide.
    Damaged(String),
    /// It changed while it was looked at, or not all of it is there: look again.
    NotYet,
    /// The system does not let it be read: look again.
    Unreadable(String),
}

/// Why a file gave nothing.
#[derive(Debug)]
pub enum Fault {
    /// The system says so.
    Io(io::Error),
    /// It is no sound slide: why, and what to do.
    Unsound(String),
}

/// Files as they are looked at: on a disk, or simulated.
pub trait Files {
    /// Length and time of the file at `path`.
    fn stamp(&self, path: &Path) -> io::Result<Stamp>;

    /// All bytes of the file, which has at most `bytes_max`.
    fn bytes(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>>;

    /// Digest of the file's bytes.
    fn digest(&self, path: &Path) -> io::Result<Digest>;

    /// Whether the file is a slide whose every part lies inside it.
    fn slide(&self, path: &Path) -> Result<(), Fault>;
}

/// Files on a disk or a share.
#[derive(Clone, Copy, Debug)]
pub struct Disk {
    /// The operator's resolution, for files that state none.
    pub stated: Option<Mpp>,
}

/// Looks at what `check` names. It blocks while a slide is read from end to end.
pub fn inspect(files: &dyn Files, check: &Check) -> Outcome {
    let seen = match check.kind {
        CheckKind::Slide => sound(files, check),
        CheckKind::Manifest => listed(files, check),
    };
    let stands = || -> io::Result<bool> {
        if let Some(sentinel) = &check.sentinel {
            files.stamp(sentinel)?;
        }
        Ok(files.stamp(&check.path)? == check.stamp)
    };
    let unchanged = match stands() {
        Ok(unchanged) => unchanged,
        Err(error) => return unreadable(&error),
    };
    match seen {
        _ if !unchanged => Outcome::NotYet,
        Ok(outcome) => outcome,
        Err(Fault::Unsound(reason)) => Outcome::Damaged(reason),
        Err(Fault::Io(error)) => unreadable(&error),
    }
}

/// A file that went away is not a fault of the system.
fn unreadable(error: &io::Error) -> Outcome {
    if error.kind() == io::ErrorKind::NotFound {
        return Outcome::NotYet;
    }
    Outcome::Unreadable(error.to_string())
}

fn sound(files: &dyn Files, check: &Check) -> Result<Outcome, Fault> {
    if files.stamp(&check.path)? != check.stamp {
        return Ok(Outcome::NotYet);
    }
    files.slide(&check.path)?;
    Ok(Outcome::Sound(files.digest(&check.path)?))
}

fn listed(files: &dyn Files, check: &Check) -> Result<Outcome, Fault> {
    let bytes = files.bytes(&check.path, MANIFEST_BYTES_MAX)?;
    let folder = check.path.parent().unwrap_or(Path::new(""));
    let manifest =
        Manifest::parse(&bytes, folder).map_err(|error| Fault::Unsound(chain(&error)))?;
    // Lengths first: they cost little, and a file that still grows is not read.
    let mut stamps = Vec::new();
    for file in manifest.files() {
        match files.stamp(&file.path) {
            Ok(stamp) if stamp.len == file.bytes => stamps.push(stamp),
            Ok(_) => return Ok(Outcome::NotYet),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Outcome::NotYet),
            Err(error) => return Err(Fault::Io(error)),
        }
    }
    for (file, stamp) in manifest.files().zip(&stamps) {
        let digest = files.digest(&file.path)?;
        if files.stamp(&file.path)? != *stamp {
            return Ok(Outcome::NotYet);
        }
        if digest != file.sha256 {
            let reason = format!(
                "{}: its digest is {digest}, and the manifest says {}; copy it again",
                file.path.display(),
                file.sha256
            );
            return Err(Fault::Unsound(reason));
        }
        if matches!(manifest, Manifest::Slides(_)) {
            files.slide(&file.path)?;
        }
    }
    Ok(Outcome::Listed { digest: Digest::of(&bytes), manifest, stamps })
}

/// An error and its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Stamp {
    /// Length and time of a file.
    pub(super) fn of(metadata: &std::fs::Metadata) -> Self {
        let ms = metadata.mtime().saturating_mul(1000);
        let mtime_ms = ms.saturating_add(metadata.mtime_nsec() / 1_000_000);
        Self { len: metadata.len(), mtime_ms }
    }
}

impl Files for Disk {
    fn stamp(&self, path: &Path) -> io::Result<Stamp> {
        Ok(Stamp::of(&std::fs::metadata(path)?))
    }

    fn bytes(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        regular(path)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > bytes_max {
            return Err(io::Error::other(format!("it has more than {bytes_max} bytes")));
        }
        Ok(bytes)
    }

    fn digest(&self, path: &Path) -> io::Result<Digest> {
        let mut file = regular(path)?;
        let mut hash = Sha256::new();
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            match file.read(&mut block) {
                Ok(0) => return Ok(Digest::from_bytes(hash.finalize().into())),
                Ok(count) => hash.update(&block[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn slide(&self, path: &Path) -> Result<(), Fault> {
        match Slide::open(path, self.stated) {
            Ok(_) => Ok(()),
            Err(OpenError::Io { source, .. }) => Err(Fault::Io(source)),
            Err(error) => Err(Fault::Unsound(chain(&error))),
        }
    }
}

/// Opens a file; a pipe would wait for ever.
fn regular(path: &Path) -> io::Result<File> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    File::open(path)
}
