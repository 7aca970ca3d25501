//! What an operator may ask of a box, and how it answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Format;

/// Longest text of a command, bytes: a sentence, or a slide's id.
const TEXT_BYTES_MAX: usize = 256;

/// The data of a command's event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// 1.
    pub format: Format,
    /// What is asked.
    pub command: Command,
}

/// What is asked; sent to `…/cmd/` and its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Say how you are.
    Status,
    /// Finish the tiles at work and begin no others; go on taking tiles in.
    Pause {
        /// Why, for the audit.
        reason: CommandText,
    },
    /// Go on.
    Resume,
    /// Process a finished slide again with the models of today.
    Reanalyse {
        /// The slide's id.
        slide: CommandText,
    },
}

impl Command {
    /// The names of all commands.
    pub const NAMES: [&'static str; 4] = ["status", "pause", "resume", "reanalyse"];

    /// The name: the last level of the command's topic.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Pause { .. } => "pause",
            Self::Resume => "resume",
            Self::Reanalyse { .. } => "reanalyse",
        }
    }
}

/// A text of a command: 1 to 256 bytes without control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("minLength" = 1, "maxLength" = 256))]
pub struct CommandText(String);

/// A text of a command is too long, empty or not printable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CommandTextError {
    /// Its length is wrong.
    #[error("a text of a command has 1 to {TEXT_BYTES_MAX} bytes, not {0}")]
    Length(usize),
    /// It holds a control character.
    #[error("a text of a command holds no control character such as {0:?}")]
    Control(char),
}

impl CommandText {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CommandText {
    type Error = CommandTextError;

    fn try_from(text: String) -> Result<Self, CommandTextError> {
        if text.is_empty() || text.len() > TEXT_BYTES_MAX {
            return Err(CommandTextError::Length(text.len()));
        }
        match text.chars().find(|c| c.is_control()) {
            Some(control) => Err(CommandTextError::Control(control)),
            None => Ok(Self(text)),
        }
    }
}

impl From<CommandText> for String {
    fn from(text: CommandText) -> Self {
        text.0
    }
}

/// The data of the event that answers a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reply<D> {
    /// 1.
    pub format: Format,
    /// Whether it is done.
    pub outcome: Outcome,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<D>,
}

impl<D> Reply<D> {
    /// It is done.
    pub fn ok(data: Option<D>) -> Self {
        Self { format: Format::CURRENT, outcome: Outcome::Ok, reason: None, data }
    }

    /// It is not done, and will not be.
    pub fn refused(reason: String) -> Self {
        let (format, outcome) = (Format::CURRENT, Outcome::Refused);

        Self { format, outcome, reason: Some(reason), data: None }
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done.
    Ok,
    /// Not done.
    Refused,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_written_as_the_protocol_says() {
        for (text, name) in [
            (r#"{"format":1,"command":"status"}"#, "status"),
            (r#"{"format":1,"command":{"pause":{"reason":"cleaning"}}}"#, "pause"),
            (r#"{"format":1,"command":"resume"}"#, "resume"),
            (r#"{"format":1,"command":{"reanalyse":{"slide":"s-1"}}}"#, "reanalyse"),
        ] {
            let request: Request = serde_json::from_str(text).unwrap();
            assert_eq!(request.command.name(), name);
            assert_eq!(serde_json::to_string(&request).unwrap(), text);
        }
    }

    #[test]
    fn a_reply_says_why_it_refuses_and_leaves_out_what_it_has_not() {
        let refused = serde_json::to_string(&Reply::<u8>::refused("no such slide".into())).unwrap();
        let ok = serde_json::to_string(&Reply::<u8>::ok(None)).unwrap();

        assert_eq!(refused, r#"{"format":1,"outcome":"refused","reason":"no such slide"}"#);
        assert_eq!(ok, r#"{"format":1,"outcome":"ok"}"#);
    }

    #[test]
    fn a_long_empty_or_unprintable_text_is_refused() {
        for bad in [String::new(), "x".repeat(257), "a\u{7}b".into()] {
            assert!(CommandText::try_from(bad).is_err());
        }
        assert!(CommandText::try_from("x".repeat(256)).is_ok());
    }
}
