//! The envelope: CloudEvents 1.0, structured mode, so that MQTT 3.1.1 and 5 carry the same bytes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::rfc3339;

/// Media type of an event.
pub const CONTENT_TYPE: &str = "application/cloudevents+json";

/// Format of the messages that this version writes and reads.
const FORMAT: u32 = 1;

/// One event. Attributes that this version does not know are ignored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event<T> {
    /// Always `1.0`.
    pub specversion: SpecVersion,
    /// Unique for its source: a message that arrives twice carries the same id.
    pub id: String,
    /// Who sends it, for example `/margay/v1/lab/box-1`.
    pub source: String,
    /// What it is, for example `margay.state`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is about: the slide of a result, the command of a reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When it came to be: RFC 3339, UTC, to the millisecond.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub time: Option<String>,
    /// Media type of `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datacontenttype: Option<String>,
    /// What it says.
    pub data: T,
}

impl<T> Event<T> {
    /// An event of `source` with JSON as its data, made at `now_ms` (Unix time).
    pub fn new(id: String, source: String, kind: &str, now_ms: u64, data: T) -> Self {
        Self {
            specversion: SpecVersion::V1,
            id,
            source,
            kind: kind.to_owned(),
            subject: None,
            time: Some(rfc3339(now_ms)),
            datacontenttype: Some("application/json".to_owned()),
            data,
        }
    }

    /// The same event, about `subject`.
    #[must_use]
    pub fn about(mut self, subject: String) -> Self {
        self.subject = Some(subject);
        self
    }
}

/// The version of CloudEvents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SpecVersion {
    /// CloudEvents 1.0.
    #[serde(rename = "1.0")]
    V1,
}

/// The `format` field of a message: this version's, or the message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u32", into = "u32")]
#[schemars(with = "u32", extend("const" = 1))]
pub struct Format(());

/// A message is of a format that this version does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FormatError {
    /// Its writer is newer.
    #[error("format {0} is newer than {FORMAT}, the highest that this version reads: update it")]
    Newer(u32),
    /// There never was such a format.
    #[error("format 0 does not exist: formats start at 1")]
    Zero,
}

impl Format {
    /// The format that this version writes.
    pub const CURRENT: Self = Self(());
}

impl TryFrom<u32> for Format {
    type Error = FormatError;

    fn try_from(format: u32) -> Result<Self, FormatError> {
        match format {
            0 => Err(FormatError::Zero),
            FORMAT => Ok(Self(())),
            newer => Err(FormatError::Newer(newer)),
        }
    }
}

impl From<Format> for u32 {
    fn from(Format(()): Format) -> Self {
        FORMAT
    }
}

/// The format of a message and nothing else: read first, so that a newer message is refused for
/// its format and not for a field that has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Formatted {
    /// The format.
    pub format: Format,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_writes_its_attributes_under_the_names_of_the_specification() {
        let event = Event::new("a-1".into(), "/margay/v1/lab/box".into(), "margay.state", 0, 7_u8)
            .about("slide".into());

        let text = serde_json::to_string(&event).unwrap();

        assert_eq!(
            text,
            r#"{"specversion":"1.0","id":"a-1","source":"/margay/v1/lab/box","type":"margay.state","subject":"slide","time":"1970-01-01T00:00:00.000Z","datacontenttype":"application/json","data":7}"#
        );
        assert_eq!(serde_json::from_str::<Event<u8>>(&text).unwrap(), event);
    }

    #[test]
    fn an_unknown_attribute_is_ignored_and_another_version_refused() {
        let known =
            r#"{"specversion":"1.0","id":"1","source":"s","type":"t","traceparent":"00","data":1}"#;
        let other = known.replace("1.0", "2.0");

        assert_eq!(serde_json::from_str::<Event<u8>>(known).unwrap().data, 1);
        assert!(serde_json::from_str::<Event<u8>>(&other).is_err());
    }

    #[test]
    fn a_higher_format_is_refused_with_both_numbers() {
        let read = |text| serde_json::from_str::<Formatted>(text).map_err(|e| e.to_string());

        assert!(read(r#"{"format":1,"new":true}"#).is_ok());
        let newer = read(r#"{"format":2}"#).unwrap_err();
        assert!(newer.starts_with("format 2 is newer than 1"), "{newer}");
        assert!(read(r#"{"format":0}"#).unwrap_err().starts_with("format 0 does not exist"));
    }
}
