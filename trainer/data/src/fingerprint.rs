//! What a training learnt from: every file's digest, and the figures of each source.
//!
//! A fingerprint is stored beside the weights as JSON. **Invariant:** it depends on the plan's
//! sources and the files' bytes alone, not on the machine, the data root or the order of reading.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

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
    /// [`digest_of`] its files.
    pub digest: Digest,
    /// Every file that could be read, by image.
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
    /// Whether its nuclei are outlined; otherwise they are dots.
    pub outlined: bool,
    /// Nuclei, or dots.
    pub nuclei: u64,
    /// Nuclei of each class by name; those without a class are in none.
    pub classes: BTreeMap<String, u64>,
    /// Its files, as in [`SourceFingerprint::files`].
    pub files: Vec<String>,
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

/// SHA-256 over the sorted digests, each as its 64 hexadecimal digits and a line feed.
pub fn digest_of(digests: impl Iterator<Item = Digest>) -> Digest {
    let mut sorted: Vec<Digest> = digests.collect();
    sorted.sort_unstable();
    let lines: Vec<String> = sorted.iter().map(|digest| format!("{digest}\n")).collect();
    Digest::of(lines.concat().as_bytes())
}

/// A path with `/` between its parts, whatever the system writes.
pub(crate) fn portable(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

impl Fault {
    /// Says that the file at `path` cannot be used, and why.
    pub(crate) fn new(path: &Path, reason: impl Into<String>) -> Self {
        Self { path: portable(path), reason: reason.into() }
    }
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

impl SourceFingerprint {
    /// [`digest_of`] the files of the images `names`: what a model card states as learnt from.
    pub fn digest_of_images(&self, names: &[&str]) -> Digest {
        let learnt: std::collections::BTreeSet<&str> = self
            .images
            .iter()
            .filter(|image| names.contains(&image.name.as_str()))
            .flat_map(|image| image.files.iter().map(String::as_str))
            .collect();
        let files = self.files.iter().filter(|file| learnt.contains(file.path.as_str()));
        digest_of(files.map(|file| file.sha256))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> SourceFingerprint {
        let file = |path: &str| FileRecord {
            path: path.into(),
            bytes: 1,
            sha256: Digest::of(path.as_bytes()),
        };
        let image = |name: &str, path: &str| ImageRecord {
            name: name.into(),
            group: name.into(),
            width: 1,
            height: 1,
            mpp: Mpp::new(0.5).unwrap(),
            mpp_rule: "stated by the plan".into(),
            outlined: false,
            nuclei: 0,
            classes: BTreeMap::new(),
            files: vec![path.into()],
        };
        SourceFingerprint {
            name: "set".into(),
            digest: digest_of([Digest::of(b"a"), Digest::of(b"b")].into_iter()),
            files: vec![file("a"), file("b")],
            images: vec![image("1", "a"), image("2", "b")],
            faults: vec![],
        }
    }

    #[test]
    fn a_digest_of_files_does_not_depend_on_their_order() {
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));

        assert_eq!(digest_of([a, b].into_iter()), digest_of([b, a].into_iter()));
        assert_ne!(digest_of([a, b].into_iter()), digest_of([a].into_iter()));
    }

    #[test]
    fn the_digest_of_some_images_is_that_of_their_files() {
        let source = source();

        assert_eq!(source.digest_of_images(&["1", "2"]), source.digest);
        assert_eq!(source.digest_of_images(&["2"]), digest_of(std::iter::once(Digest::of(b"b"))));
    }

    #[test]
    fn a_fingerprint_reads_back_as_it_was_written() {
        let written =
            Fingerprint { format: FORMAT, classes: vec!["a".into()], sources: vec![source()] };

        let json = serde_json::to_string(&written).unwrap();

        assert_eq!(serde_json::from_str::<Fingerprint>(&json).unwrap(), written);
    }
}
