//! A trial of foreign bytes: what the fuzz target runs and `tests/fuzz_corpus.rs` replays.

use contract::message::{Event, Outcome, Reply, Topics};
use serde_json::Value;

use super::{Desk, Incoming, Obey, Order, ReplyPrefix, ReplyTopics};

/// Counts its orders.
struct Counting(usize);

impl Obey for Counting {
    fn obey(&mut self, _: &Order) -> Result<Option<Value>, String> {
        self.0 += 1;
        Ok(None)
    }
}

/// Sends an input as a command, twice, and checks the answers; gives the outcome, or nothing where
/// the topic is none of a command.
///
/// The first line of an input is the topic below `cmd/`, marked with `!` for a retained message;
/// the second is the response topic, empty for none; the rest is the message.
///
/// # Panics
/// If a promise of [`super`] is broken.
pub fn run(input: &[u8]) -> Option<Outcome> {
    let topics = Topics::new("lab", "box").expect("the names are plain");
    let prefix = ReplyPrefix::new("console/replies").expect("the prefix is plain");
    let replies = ReplyTopics::new(topics.clone(), vec![prefix]);
    let incoming = read(input, &topics);
    let (mut desk, mut box_) = (Desk::default(), Counting(0));

    let first = desk.handle(&incoming, &replies, &mut box_, 1)?;
    let second = desk.handle(&incoming, &replies, &mut box_, 1)?;

    assert_eq!(first, second, "the second answer is the first");
    assert!(box_.0 <= 1, "done once");
    let name = topics.command_name(&incoming.topic)?;
    let own = topics.reply(name);
    let below = |prefix: &str| {
        let rest = first.topic.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    assert!(below(&own) || below("console/replies"), "answered at {}", first.topic);
    let reply: Event<Reply<Value>> =
        serde_json::from_slice(&first.payload).expect("an answer is an event");
    assert_eq!(reply.data.outcome == Outcome::Ok, box_.0 == 1);

    Some(reply.data.outcome)
}

fn read(input: &[u8], topics: &Topics) -> Incoming {
    let mut lines = input.splitn(3, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (name, response, payload) = (line(), line(), line());
    let retained = name.first() == Some(&b'!');
    let name = String::from_utf8_lossy(name.strip_prefix(b"!").unwrap_or(name)).into_owned();
    let response = String::from_utf8_lossy(response).into_owned();

    Incoming {
        topic: topics.command(&name),
        payload: payload.to_vec(),
        retained,
        response_topic: Some(response).filter(|topic| !topic.is_empty()),
        correlation: None,
    }
}
