//! Commands: foreign bytes from the broker become an order, or a reason why not.
//!
//! **Contract:** no bytes stop the program or make it hold more than [`BYTES_MAX`]; a command that
//! comes again with the same source and id is done once and answered each time; an answer goes
//! below the box's own `cmd/<name>/reply` or a configured prefix, never to a topic on which the box
//! itself speaks or listens.

mod desk;
mod reply_topic;
#[doc(hidden)]
pub mod trial;

use contract::message::{Command, Event, Formatted, Request};
use thiserror::Error;

pub use desk::{Desk, Obey};
pub use reply_topic::{ReplyPrefix, ReplyPrefixError, ReplyTopicError, ReplyTopics};

/// Largest command that is read, bytes.
pub const BYTES_MAX: usize = 64 << 10;

/// Longest source and id of a command, bytes.
const NAME_BYTES_MAX: usize = 256;

/// A message that came to a topic that the box listens to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incoming {
    /// Where it was sent.
    pub topic: String,
    /// What it says.
    pub payload: Vec<u8>,
    /// The broker had kept it: it is not new.
    pub retained: bool,
    /// Where the answer is expected (MQTT 5).
    pub response_topic: Option<String>,
    /// What the asker wants to see again (MQTT 5).
    pub correlation: Option<Vec<u8>>,
}

/// A command that can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Who asks, as the event says.
    pub source: String,
    /// The event's id; with `source` it names the order.
    pub id: String,
    /// What is asked.
    pub command: Command,
}

/// Why a message is no order.
#[derive(Debug, Error)]
pub enum CommandError {
    /// It is too large.
    #[error("a command has at most {BYTES_MAX} bytes, not {0}")]
    TooLarge(usize),
    /// It was retained: it would be done again at each start.
    #[error("a retained command is not done: send it without the retain flag")]
    Retained,
    /// There is no such command.
    #[error("unknown command {0:?}: there are status, pause, resume, reanalyse")]
    Unknown(String),
    /// It is no event with a command, or of a newer format.
    #[error("not a command: {0}")]
    Unreadable(String),
    /// Its source or id is empty or too long.
    #[error("{what} has {bytes} bytes, not 1 to {NAME_BYTES_MAX}")]
    Name {
        /// Which attribute.
        what: &'static str,
        /// Its bytes.
        bytes: usize,
    },
    /// Topic and message name different commands.
    #[error("the topic says {topic:?} and the message {message:?}")]
    Contradicts {
        /// The topic's name.
        topic: String,
        /// The message's name.
        message: &'static str,
    },
}

impl Order {
    /// Reads the command `name` from a message.
    pub fn read(name: &str, incoming: &Incoming) -> Result<Self, CommandError> {
        if incoming.retained {
            return Err(CommandError::Retained);
        }
        if incoming.payload.len() > BYTES_MAX {
            return Err(CommandError::TooLarge(incoming.payload.len()));
        }
        if !Command::NAMES.contains(&name) {
            return Err(CommandError::Unknown(shortened(name)));
        }
        let Event { source, id, data: Request { command, .. }, .. } = parse(&incoming.payload)?;
        for (what, text) in [("source", &source), ("id", &id)] {
            if text.is_empty() || text.len() > NAME_BYTES_MAX {
                return Err(CommandError::Name { what, bytes: text.len() });
            }
        }
        if command.name() != name {
            let (topic, message) = (name.to_owned(), command.name());
            return Err(CommandError::Contradicts { topic, message });
        }

        Ok(Self { source, id, command })
    }
}

/// Reads the format first, so that a newer command is refused for its format.
fn parse(payload: &[u8]) -> Result<Event<Request>, CommandError> {
    let unreadable = |error: serde_json::Error| CommandError::Unreadable(error.to_string());
    serde_json::from_slice::<Event<Formatted>>(payload).map_err(unreadable)?;

    serde_json::from_slice(payload).map_err(unreadable)
}

/// A foreign name, as far as it helps.
fn shortened(name: &str) -> String {
    name.chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incoming(data: &str) -> Incoming {
        let payload = format!(
            r#"{{"specversion":"1.0","id":"7","source":"/console","type":"margay.command","data":{data}}}"#
        );
        Incoming { payload: payload.into_bytes(), ..Incoming::default() }
    }

    fn refusal(name: &str, incoming: &Incoming) -> String {
        Order::read(name, incoming).unwrap_err().to_string()
    }

    #[test]
    fn each_command_is_read() {
        for (name, data) in [
            ("status", r#"{"format":1,"command":"status"}"#),
            ("pause", r#"{"format":1,"command":{"pause":{"reason":"cleaning"}}}"#),
            ("resume", r#"{"format":1,"command":"resume","later":true}"#),
            ("reanalyse", r#"{"format":1,"command":{"reanalyse":{"slide":"s-1"}}}"#),
        ] {
            let order = Order::read(name, &incoming(data)).unwrap();
            assert_eq!((order.id.as_str(), order.command.name()), ("7", name));
        }
    }

    #[test]
    fn a_bad_command_is_refused_with_its_reason() {
        let status = r#"{"format":1,"command":"status"}"#;
        let retained = Incoming { retained: true, ..incoming(status) };
        let large = Incoming { payload: vec![b' '; BYTES_MAX + 1], ..Incoming::default() };
        let newer = incoming(r#"{"format":2,"command":{"status":{"deep":true}}}"#);
        let nested = Incoming { payload: vec![b'['; BYTES_MAX], ..Incoming::default() };

        for (name, message, reason) in [
            ("status", &retained, "retained"),
            ("status", &large, "at most 65536 bytes, not 65537"),
            ("reboot", &incoming(status), "unknown command \"reboot\""),
            ("pause", &incoming(status), "topic says \"pause\" and the message \"status\""),
            ("status", &newer, "format 2 is newer than 1"),
            ("status", &nested, "not a command"),
            ("status", &incoming("7"), "not a command"),
            (
                "pause",
                &incoming(r#"{"format":1,"command":{"pause":{}}}"#),
                "missing field `reason`",
            ),
        ] {
            let said = refusal(name, message);
            assert!(said.contains(reason), "{said}");
        }
    }

    #[test]
    fn an_empty_or_endless_id_is_refused() {
        for id in [String::new(), "x".repeat(257)] {
            let payload = format!(
                r#"{{"specversion":"1.0","id":"{id}","source":"/c","type":"t","data":{{"format":1,"command":"status"}}}}"#
            );
            let message = Incoming { payload: payload.into_bytes(), ..Incoming::default() };
            assert!(refusal("status", &message).starts_with("id has"));
        }
    }
}
