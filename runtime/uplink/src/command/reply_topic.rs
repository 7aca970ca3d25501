//! Where an answer may go. A response topic comes from whoever may send a command, so it must not
//! turn the box against itself: no answer on `state` or `results`, and none on `cmd/<name>`, which
//! the box would take for a command and answer again.

use contract::message::Topics;
use thiserror::Error;

/// Longest response topic, bytes.
const TOPIC_BYTES_MAX: usize = 512;

/// A prefix of response topics that the operator allows: whole levels, for example
/// `console/replies`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyPrefix(String);

/// A prefix cannot be allowed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("reply prefix {0:?}: whole levels without '+', '#' and '$', and not below margay/v1")]
pub struct ReplyPrefixError(String);

impl ReplyPrefix {
    /// Checks a prefix.
    pub fn new(prefix: &str) -> Result<Self, ReplyPrefixError> {
        let prefix = prefix.trim_end_matches('/');
        let ours = prefix == "margay" || prefix == "margay/v1" || prefix.starts_with("margay/v1/");
        if ours || check(prefix).is_err() {
            return Err(ReplyPrefixError(prefix.to_owned()));
        }

        Ok(Self(prefix.to_owned()))
    }
}

/// Where answers may go.
#[derive(Clone, Debug)]
pub struct ReplyTopics {
    topics: Topics,
    prefixes: Vec<ReplyPrefix>,
}

/// An answer must not go where it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReplyTopicError {
    /// It is no topic that can be published to.
    #[error("the response topic has a wildcard, a control character or a wrong length")]
    NoTopic,
    /// It lies elsewhere.
    #[error("the response topic lies neither below cmd/<name>/reply nor below an allowed prefix")]
    Elsewhere,
}

impl ReplyTopics {
    /// Allows the box's own reply topics, and those below `prefixes`.
    pub fn new(topics: Topics, prefixes: Vec<ReplyPrefix>) -> Self {
        Self { topics, prefixes }
    }

    /// The box's topics.
    pub fn topics(&self) -> &Topics {
        &self.topics
    }

    /// Where the answer to the command `name` goes: `asked`, or without it the box's own topic.
    pub fn pick(&self, name: &str, asked: Option<&str>) -> Result<String, ReplyTopicError> {
        let own = self.topics.reply(name);
        let Some(asked) = asked else { return Ok(own) };
        check(asked)?;
        let prefixes = self.prefixes.iter().map(|ReplyPrefix(prefix)| prefix.as_str());
        if prefixes.chain([own.as_str()]).any(|prefix| lies_below(asked, prefix)) {
            return Ok(asked.to_owned());
        }

        Err(ReplyTopicError::Elsewhere)
    }
}

/// Whether `topic` is `prefix` or has it as its first levels.
fn lies_below(topic: &str, prefix: &str) -> bool {
    topic.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn check(topic: &str) -> Result<(), ReplyTopicError> {
    let bad = |c: char| matches!(c, '+' | '#') || c.is_control();
    let length = 1..=TOPIC_BYTES_MAX;
    if !length.contains(&topic.len()) || topic.starts_with('$') || topic.contains(bad) {
        return Err(ReplyTopicError::NoTopic);
    }

    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replies() -> ReplyTopics {
        let topics = Topics::new("lab", "box").unwrap();
        ReplyTopics::new(topics, vec![ReplyPrefix::new("console/replies/").unwrap()])
    }

    #[test]
    fn an_answer_goes_where_it_was_asked_to_if_that_is_allowed() {
        for asked in [
            "margay/v1/lab/box/cmd/status/reply",
            "margay/v1/lab/box/cmd/status/reply/7",
            "console/replies",
            "console/replies/alice",
        ] {
            assert_eq!(replies().pick("status", Some(asked)).as_deref(), Ok(asked));
        }
        let own = replies().pick("status", None);
        assert_eq!(own.as_deref(), Ok("margay/v1/lab/box/cmd/status/reply"));
    }

    #[test]
    fn no_answer_reaches_a_topic_on_which_the_box_speaks_or_listens() {
        for asked in [
            "margay/v1/lab/box/state",
            "margay/v1/lab/box/results/s-1",
            "margay/v1/lab/box/cmd/status",
            "margay/v1/lab/box/cmd/pause/reply",
            "margay/v1/lab/other/cmd/status/reply",
            "console/repliesx",
            "console",
            "$SYS/broker",
            "console/replies/#",
            "",
        ] {
            assert!(replies().pick("status", Some(asked)).is_err(), "{asked}");
        }
    }

    #[test]
    fn a_prefix_that_would_open_the_boxes_topics_is_refused() {
        for bad in ["margay", "margay/v1", "margay/v1/lab/box", "a/+", "#", "", "/", "$share/x"] {
            assert!(ReplyPrefix::new(bad).is_err(), "{bad}");
        }
    }
}
