//! By what sign a file is complete.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// The sign that a scanner gives. None is assumed: the operator states it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// A file is written under a name with one of these endings, and renamed when it is whole.
    Rename {
        /// The endings, for example `.part` and `.tmp`.
        suffixes: Vec<String>,
    },
    /// A file is whole while one of its name with this ending lies beside it.
    Sentinel {
        /// The ending, for example `.done`.
        suffix: String,
    },
    /// Files are whole when they have the lengths and digests that a file of this name lists.
    Manifest {
        /// The name, for example `manifest.json`.
        name: String,
    },
    /// No sign: a file is whole when its length and time stay for so many polls, and it is sound.
    Stable {
        /// Polls; with the pause between them, more than 2 s (the coarsest clock of a share) and
        /// more than the longest stall of the scanner.
        polls: u32,
    },
}

/// Files that no one scanned: those of desktop systems, and hidden ones.
const STRAY: [&str; 2] = ["Thumbs.db", "desktop.ini"];

impl Rule {
    /// What is wrong with the rule, for the message that names all faults of a configuration.
    pub fn faults(&self) -> Vec<String> {
        let part = |what: &str, text: &str| {
            let fits = !text.is_empty() && !text.contains(['/', '\\']);
            (!fits).then(|| format!("{what} is {text:?}, not a part of a file's name"))
        };
        match self {
            Self::Rename { suffixes } if suffixes.is_empty() => {
                vec!["suffixes is empty: without an ending every file is complete".into()]
            }
            Self::Rename { suffixes } => {
                suffixes.iter().filter_map(|suffix| part("an ending in suffixes", suffix)).collect()
            }
            Self::Sentinel { suffix } => part("suffix", suffix).into_iter().collect(),
            Self::Manifest { name } => part("name", name).into_iter().collect(),
            Self::Stable { polls: 2.. } => Vec::new(),
            Self::Stable { polls } => vec![format!("polls is {polls}, not at least 2")],
        }
    }

    /// Whether the file is one that the rule can call complete.
    pub(super) fn concerns(&self, path: &Path) -> bool {
        let Some(name) = path.file_name() else { return false };
        if name.as_encoded_bytes().starts_with(b".") || STRAY.iter().any(|stray| name == *stray) {
            return false;
        }
        match self {
            Self::Rename { suffixes } => !suffixes.iter().any(|suffix| ends_with(path, suffix)),
            Self::Sentinel { suffix } => !ends_with(path, suffix),
            Self::Manifest { name: manifest } => name == manifest.as_str(),
            Self::Stable { .. } => true,
        }
    }
}

/// Names need not be text; an ending is.
fn ends_with(path: &Path, suffix: &str) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(suffix.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn a_rule_concerns_what_it_can_call_complete() {
        let rename = Rule::Rename { suffixes: vec![".part".into(), ".tmp".into()] };
        let sentinel = Rule::Sentinel { suffix: ".done".into() };
        let manifest = Rule::Manifest { name: "manifest.json".into() };

        for (name, by) in [
            ("a.svs", [true, true, false]),
            ("a.svs.part", [false, true, false]),
            ("a.svs.done", [true, false, false]),
            ("manifest.json", [true, true, true]),
            (".a.svs", [false, false, false]),
            ("Thumbs.db", [false, false, false]),
        ] {
            let path = Path::new("in").join(name);
            assert_eq!(
                [&rename, &sentinel, &manifest].map(|rule| rule.concerns(&path)),
                by,
                "{name}"
            );
        }
    }

    #[test]
    fn a_name_that_is_no_text_has_an_ending_too() {
        let rename = Rule::Rename { suffixes: vec![".part".into()] };

        assert!(!rename.concerns(Path::new(OsStr::from_bytes(b"\xff.part"))));
        assert!(rename.concerns(Path::new(OsStr::from_bytes(b"\xff.svs"))));
    }

    #[test]
    fn a_rule_that_cannot_work_says_why() {
        for rule in [
            Rule::Rename { suffixes: vec![] },
            Rule::Rename { suffixes: vec![String::new()] },
            Rule::Sentinel { suffix: "/done".into() },
            Rule::Manifest { name: "../manifest.json".into() },
            Rule::Stable { polls: 1 },
        ] {
            assert_eq!(rule.faults().len(), 1, "{rule:?}");
        }
        assert!(Rule::Stable { polls: 2 }.faults().is_empty());
    }
}
