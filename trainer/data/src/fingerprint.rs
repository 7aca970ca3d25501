//! What a training learnt from: every file's digest, and the figures of each source.

use std::collections::BTreeMap;
use std::fmt;

use contract::{Digest, Mpp};
use serde::{Deserialize, Serialize};

/// Format of the fingerprints that this version writes.
pub const FORMAT: u32 = 1;

/// All sources of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fingerprint {
    /// [`FORMAT`].
    pub format: u32,
    /// The plan's classes, in order.
    pub classes: Vec<String>,
    /// In the plan's order.
    pub sources: Vec<SourceFingerprint>,
}

/// One source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFingerprint {
    /// Its name in the plan.
    pub name: String,
    /// SHA-256 over the sorted digests of its files.
    pub digest: Digest,
    /// Every file that was read, by path.
    pub files: Vec<FileRecord>,
    /// Every image that can be used, by name.
    pub images: Vec<ImageRecord>,
    /// Files that cannot be used.
    pub faults: Vec<Fault>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRecord {
    /// Below the data root, with `/` between.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes.
    pub sha256: Digest,
}

/// One image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageRecord {
    /// Its name in its source.
    pub name: String,
    /// Its group.
    pub group: String,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Its resolution.
    pub mpp: Mpp,
    /// How the resolution was found.
    pub mpp_rule: String,
    /// Nuclei, or dots.
    pub nuclei: u64,
    /// Nuclei of each class by name; those without a class are in none.
    pub classes: BTreeMap<String, u64>,
}

/// A file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Below the data root.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

impl Fingerprint {
    /// The faults of all sources.
    pub fn faults(&self) -> Vec<Fault> {
        self.sources.iter().flat_map(|source| source.faults.iter().cloned()).collect()
    }

    /// The source named `name`.
    pub fn source(&self, name: &str) -> Option<&SourceFingerprint> {
        self.sources.iter().find(|source| source.name == name)
    }
}
