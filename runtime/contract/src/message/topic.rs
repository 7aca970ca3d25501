//! The topics of one box: `margay/v1/<site>/<device>/…`.
//!
//! **Invariant:** every level that a caller gives is checked, so no name can add a level, become
//! a wildcard or reach the topics of another box.

use std::fmt::Write as _;

use thiserror::Error;

/// Longest name of a site or device, bytes: with a slide the topic stays far below MQTT's 65,535.
const NAME_BYTES_MAX: usize = 64;

/// Longest name of a slide, bytes: a digest in hexadecimal, twice.
const SLIDE_BYTES_MAX: usize = 128;

/// The topics of one box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topics {
    root: String,
    source: String,
}

/// A name cannot be a level of a topic.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TopicError {
    /// It is empty or too long.
    #[error("{what} has {bytes} bytes, not 1 to {limit}: {name:?}")]
    Length {
        /// Which name.
        what: &'static str,
        /// The name, as far as it fits.
        name: String,
        /// Its bytes.
        bytes: usize,
        /// Most bytes.
        limit: usize,
    },
    /// It holds a character that MQTT gives a meaning to, or a control character.
    #[error("{what} {name:?} holds {character:?}: leave out '/', '+', '#' and control characters")]
    Character {
        /// Which name.
        what: &'static str,
        /// The name.
        name: String,
        /// The first such character.
        character: char,
    },
}

impl Topics {
    /// The topics of `device` at `site`.
    pub fn new(site: &str, device: &str) -> Result<Self, TopicError> {
        check("site", site, NAME_BYTES_MAX)?;
        check("device", device, NAME_BYTES_MAX)?;

        Ok(Self {
            root: format!("margay/v1/{site}/{device}"),
            source: format!("/margay/v1/{}/{}", escaped(site), escaped(device)),
        })
    }

    /// What all topics of the box start with, without the last slash.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The `source` attribute of the box's events: a URI reference.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it lives, and as what. Retained; the Will goes here.
    pub fn state(&self) -> String {
        format!("{}/state", self.root)
    }

    /// How it is.
    pub fn health(&self) -> String {
        format!("{}/health", self.root)
    }

    /// The results of `slide`.
    pub fn results(&self, slide: &str) -> Result<String, TopicError> {
        check("slide", slide, SLIDE_BYTES_MAX)?;

        Ok(format!("{}/results/{slide}", self.root))
    }

    /// Which signed release the fleet wants on the box. Retained, written by the fleet.
    pub fn update_desired(&self) -> String {
        format!("{}/update/desired", self.root)
    }

    /// Which release the box runs, and what became of the desired one. Retained.
    pub fn update_reported(&self) -> String {
        format!("{}/update/reported", self.root)
    }

    /// Where the command `name` is sent to the box.
    pub fn command(&self, name: &str) -> String {
        format!("{}/cmd/{name}", self.root)
    }

    /// The filter of all commands.
    pub fn commands(&self) -> String {
        format!("{}/cmd/+", self.root)
    }

    /// Where the box answers the command `name` unless the message names a response topic.
    pub fn reply(&self, name: &str) -> String {
        format!("{}/cmd/{name}/reply", self.root)
    }

    /// The name of the command that was sent to `topic`, if it is one of the box's commands.
    pub fn command_name<'t>(&self, topic: &'t str) -> Option<&'t str> {
        let name = topic.strip_prefix(&self.root)?.strip_prefix("/cmd/")?;

        (!name.is_empty() && !name.contains('/')).then_some(name)
    }
}

/// Refuses what cannot be one level of a topic.
fn check(what: &'static str, name: &str, limit: usize) -> Result<(), TopicError> {
    if name.is_empty() || name.len() > limit {
        let head = name.chars().take(limit).collect();
        return Err(TopicError::Length { what, name: head, bytes: name.len(), limit });
    }
    let meaning = |c: &char| matches!(c, '/' | '+' | '#') || c.is_control();
    match name.chars().find(meaning) {
        None => Ok(()),
        Some(character) => Err(TopicError::Character { what, name: name.to_owned(), character }),
    }
}

/// Percent-encodes all but the unreserved characters (RFC 3986 2.3).
fn escaped(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("a String takes all that is written");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics() -> Topics {
        Topics::new("lab 7", "box-1").unwrap()
    }

    #[test]
    fn the_topics_are_those_of_the_written_protocol() {
        let topics = topics();

        assert_eq!(topics.state(), "margay/v1/lab 7/box-1/state");
        assert_eq!(topics.health(), "margay/v1/lab 7/box-1/health");
        assert_eq!(topics.results("s1").unwrap(), "margay/v1/lab 7/box-1/results/s1");
        assert_eq!(topics.update_desired(), "margay/v1/lab 7/box-1/update/desired");
        assert_eq!(topics.update_reported(), "margay/v1/lab 7/box-1/update/reported");
        assert_eq!(topics.command("pause"), "margay/v1/lab 7/box-1/cmd/pause");
        assert_eq!(topics.commands(), "margay/v1/lab 7/box-1/cmd/+");
        assert_eq!(topics.reply("pause"), "margay/v1/lab 7/box-1/cmd/pause/reply");
        assert_eq!(topics.source(), "/margay/v1/lab%207/box-1");
    }

    #[test]
    fn a_name_that_mqtt_gives_a_meaning_to_is_refused() {
        for bad in ["a/b", "+", "#", "a\0b", "a\nb", "", &"x".repeat(65)] {
            assert!(Topics::new(bad, "box").is_err(), "{bad:?}");
            assert!(Topics::new("lab", bad).is_err(), "{bad:?}");
        }
        assert!(topics().results("../state").is_err());
        assert!(Topics::new(&"x".repeat(64), "Zürich").is_ok());
    }

    #[test]
    fn only_a_topic_one_level_below_cmd_is_a_command() {
        let topics = topics();

        assert_eq!(topics.command_name("margay/v1/lab 7/box-1/cmd/pause"), Some("pause"));
        for other in ["cmd/pause/reply", "cmd/", "cmd", "state", "cmdx/pause"] {
            assert_eq!(topics.command_name(&format!("{}/{other}", topics.root())), None, "{other}");
        }
        assert_eq!(topics.command_name("margay/v1/lab 7/box-10/cmd/pause"), None);
    }
}
