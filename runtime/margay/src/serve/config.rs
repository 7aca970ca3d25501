//! What the operator may set, read once at the start.
//!
//! [`file::File`] is the file as it is written; [`Config`] is what the box runs on: checked, in its
//! own types. **Invariant:** a fault never comes alone: all of them are named at once.

mod file;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use contract::Mpp;
use intake::folder::{After, Rule};
use thiserror::Error;

use crate::files::Choice;

pub(crate) use file::{Mqtt, Tls};

/// What the box runs on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    pub(crate) site: String,
    pub(crate) device: String,
    /// Folder of `work.db`; it is made where it is missing.
    pub(crate) state: PathBuf,
    pub(crate) results: Results,
    pub(crate) models: Vec<PathBuf>,
    pub(crate) threads: Option<usize>,
    pub(crate) seed: u64,
    pub(crate) folders: Vec<Folder>,
    pub(crate) socket: Option<Socket>,
    /// Absent in a lab without a broker.
    pub(crate) mqtt: Option<Mqtt>,
    pub(crate) limits: Limits,
    pub(crate) deadlines: Deadlines,
}

/// What is made of a slide.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Results {
    /// Folder that gets a result folder for each slide.
    pub(crate) folder: PathBuf,
    pub(crate) choice: Choice,
    /// Time between two preliminary results of a slide that is being scanned; none where absent.
    pub(crate) preliminary_every: Option<Duration>,
    /// File that gets a line for each final result.
    pub(crate) journal: Option<PathBuf>,
    /// Whether the scanner's own name of a slide leaves the box.
    pub(crate) slide_names: bool,
}

/// A folder that is watched.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    pub(crate) mpp: Option<Mpp>,
    pub(crate) poll: Duration,
    pub(crate) complete: Rule,
    pub(crate) after: After,
}

/// Where scanners connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Socket {
    pub(crate) unix: Option<PathBuf>,
    pub(crate) tcp: Option<SocketAddr>,
    /// Tiles that one scanner may have under way.
    pub(crate) credits: u32,
}

/// What may lie on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) tiles_bytes: u64,
    pub(crate) outbox_bytes: u64,
    pub(crate) outbox_rows: u64,
    pub(crate) telemetry_rows: u64,
}

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadlines {
    /// A worker that takes no step for this long is stuck.
    pub(crate) worker: Duration,
    /// A stop takes this long at most.
    pub(crate) stop: Duration,
    /// A slide to which nothing comes for this long is ended by the box.
    pub(crate) silent_slide: Duration,
}

/// Why there is no configuration.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {} cannot be read", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// It is not such a file.
    #[error("the configuration {}", path.display())]
    Syntax {
        path: PathBuf,
        #[source]
        source: toml::de::Error,
    },
    /// Its settings do not hold.
    #[error("the configuration {}:\n  {}", path.display(), faults.join("\n  "))]
    Settings { path: PathBuf, faults: Vec<String> },
}

impl Config {
    /// Reads the file at `path`.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let file: file::File = toml::from_str(text)
            .map_err(|source| ConfigError::Syntax { path: path.to_owned(), source })?;
        file.check().map_err(|faults| ConfigError::Settings { path: path.to_owned(), faults })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: &str = r#"
        format = 1
        [device]
        site = "lab-7"
        name = "box-1"
        [state]
        folder = "/var/lib/margay"
        [results]
        folder = "/var/lib/margay/results"
        [[folders]]
        path = "/srv/scans"
        complete = { rule = "stable", polls = 3 }
    "#;

    #[test]
    fn the_smallest_file_is_enough() {
        let config = parse(SMALLEST).unwrap();

        assert_eq!(config.folders.len(), 1);
        assert!(config.mqtt.is_none());
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let text = SMALLEST
            .replace("lab-7", "lab/7")
            .replace("polls = 3", "polls = 1")
            .replace("/srv/scans", "scans");

        let refused = parse(&text).unwrap_err().to_string();

        for named in ["[device] site", "[[folders]] 1: path", "[[folders]] 1: complete"] {
            assert!(refused.contains(named), "{named} is not in: {refused}");
        }
    }

    #[test]
    fn a_misspelt_setting_is_named_with_its_line() {
        let refused = parse(&SMALLEST.replace("site =", "siet =")).unwrap_err();

        let chain = format!("{:#}", anyhow::Error::from(refused));
        assert!(chain.contains("siet") && chain.contains("line 4"), "{chain}");
    }

    #[test]
    fn a_box_to_which_nothing_can_come_is_refused() {
        let text = SMALLEST.split("[[folders]]").next().unwrap();

        let refused = parse(text).unwrap_err().to_string();

        assert!(refused.contains("no way in"), "{refused}");
    }

    #[test]
    fn a_socket_off_this_machine_is_refused() {
        let text = format!("{SMALLEST}\n[socket]\ntcp = \"0.0.0.0:7878\"\n");

        let refused = parse(&text).unwrap_err().to_string();

        assert!(refused.contains("loopback"), "{refused}");
    }

    #[test]
    fn the_shipped_examples_are_valid() {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/config");
        let mut seen = 0;
        for entry in std::fs::read_dir(examples).unwrap() {
            let path = entry.unwrap().path();
            Config::read(&path).unwrap_or_else(|error| panic!("{error:?}"));
            seen += 1;
        }
        assert_eq!(seen, 3);
    }

    #[test]
    fn a_file_with_any_byte_changed_or_cut_is_read_or_refused() {
        let text = include_str!("../../../../deploy/config/scanner.toml");
        for at in 0..text.len() {
            for put in ["\0", "=", "[", "9", "\""] {
                if text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
                    let changed = format!("{}{put}{}", &text[..at], &text[at + 1..]);
                    drop(parse(&changed));
                }
            }
            drop(parse(text.get(..at).unwrap_or_default()));
        }
    }

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(Path::new("margay.toml"), text)
    }
}
