//! Where commands are taken in: each is done once, and each gets an answer.

use std::collections::VecDeque;

use contract::message::{Command, Event, Reply};
use serde_json::Value;

use super::{Incoming, Order, ReplyTopics};
use crate::session::Answer;

/// Orders that are remembered, to be done once: more than come within the hours in which a broker
/// or an asker repeats one.
const MEMORY: usize = 256;
/// Largest answer that is remembered with its order, bytes. A larger one is replaced by a short one
/// when the order comes again.
const REMEMBERED_BYTES_MAX: usize = 64 << 10;

/// What does the commands: the box.
pub trait Obey {
    /// Does `order` or says why not. It returns at once: what takes long is noted and done
    /// elsewhere. An order may come again after a restart; its source and id are the same.
    fn obey(&mut self, order: &Order) -> Result<Option<Value>, String>;
}

/// Remembers what was asked and answered.
#[derive(Debug, Default)]
pub struct Desk {
    done: VecDeque<Done>,
}

#[derive(Debug)]
struct Done {
    source: String,
    id: String,
    command: Command,
    payload: Vec<u8>,
}

impl Desk {
    /// Takes in what came to one of the command topics; other topics have no answer.
    pub fn handle(
        &mut self,
        incoming: &Incoming,
        replies: &ReplyTopics,
        appliance: &mut dyn Obey,
        now_ms: u64,
    ) -> Option<Answer> {
        let name = replies.topics().command_name(&incoming.topic)?;
        let picked = replies.pick(name, incoming.response_topic.as_deref());
        let topic = picked.clone().unwrap_or_else(|_| replies.topics().reply(name));
        let read = match picked {
            Ok(_) => Order::read(name, incoming).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let source = replies.topics().source();
        let payload = match read {
            Ok(order) => self.once(order, source, appliance, now_ms),
            Err(reason) => event(source, None, Reply::refused(reason), now_ms),
        };
        let correlation = incoming.correlation.clone();

        Some(Answer { topic, correlation, payload })
    }

    /// Does an order that was not done yet; repeats the answer of one that was.
    fn once(
        &mut self,
        order: Order,
        source: &str,
        appliance: &mut dyn Obey,
        now_ms: u64,
    ) -> Vec<u8> {
        let id = format!("{}#{}", order.source, order.id);
        let known = |done: &&Done| done.source == order.source && done.id == order.id;
        if let Some(done) = self.done.iter().find(known) {
            return if done.command == order.command {
                done.payload.clone()
            } else {
                let reason = "another command had the same source and id".to_owned();
                event(source, Some(&id), Reply::refused(reason), now_ms)
            };
        }
        let reply = match appliance.obey(&order) {
            Ok(data) => Reply::ok(data),
            Err(reason) => Reply::refused(reason),
        };
        let payload = event(source, Some(&id), reply, now_ms);
        self.remember(order, source, &id, &payload, now_ms);

        payload
    }

    fn remember(&mut self, order: Order, source: &str, id: &str, payload: &[u8], now_ms: u64) {
        let payload = if payload.len() <= REMEMBERED_BYTES_MAX {
            payload.to_vec()
        } else {
            event(source, Some(id), Reply::ok(None), now_ms)
        };
        let Order { source, id, command } = order;
        self.done.push_back(Done { source, id, command, payload });
        if self.done.len() > MEMORY {
            self.done.pop_front();
        }
    }
}

/// The event of a reply to the order `id`, or to something that is none.
fn event(source: &str, id: Option<&str>, reply: Reply<Value>, now_ms: u64) -> Vec<u8> {
    let own = id.map_or_else(|| format!("reply-{now_ms}"), |id| format!("reply-{id}"));
    let mut event = Event::new(own, source.to_owned(), "margay.reply", now_ms, reply);
    event.subject = id.map(str::to_owned);

    serde_json::to_vec(&event).expect("an event of strings and JSON can always be written")
}

#[cfg(test)]
mod tests {
    use contract::message::{Outcome, Topics};

    use super::*;

    /// Counts what it does.
    struct Counting(u64);

    impl Obey for Counting {
        fn obey(&mut self, order: &Order) -> Result<Option<Value>, String> {
            self.0 += 1;
            match order.command {
                Command::Reanalyse { .. } => Err("no such slide".to_owned()),
                Command::Status | Command::Pause { .. } | Command::Resume => {
                    Ok(Some(self.0.into()))
                }
            }
        }
    }

    fn replies() -> ReplyTopics {
        ReplyTopics::new(Topics::new("lab", "box").unwrap(), Vec::new())
    }

    fn ask(name: &str, id: &str, command: &str) -> Incoming {
        let payload = format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"/c","type":"t","data":{{"format":1,"command":{command}}}}}"#
        );
        Incoming {
            topic: format!("margay/v1/lab/box/cmd/{name}"),
            payload: payload.into_bytes(),
            correlation: Some(vec![7]),
            ..Incoming::default()
        }
    }

    fn reply(answer: &Answer) -> Reply<Value> {
        serde_json::from_slice::<Event<Reply<Value>>>(&answer.payload).unwrap().data
    }

    #[test]
    fn a_command_that_comes_again_is_done_once_and_answered_again() {
        let (mut desk, mut appliance) = (Desk::default(), Counting(0));
        let mut handle = |message| desk.handle(&message, &replies(), &mut appliance, 0).unwrap();

        let first = handle(ask("status", "1", r#""status""#));
        let second = handle(ask("status", "1", r#""status""#));
        let other = handle(ask("resume", "1", r#""resume""#));
        let third = handle(ask("status", "2", r#""status""#));

        assert_eq!(first, second);
        assert_eq!(first.correlation, Some(vec![7]));
        assert_eq!(first.topic, "margay/v1/lab/box/cmd/status/reply");
        assert_eq!(reply(&first).data, Some(1.into()));
        assert_eq!(reply(&other).outcome, Outcome::Refused);
        assert_eq!(reply(&third).data, Some(2.into()));
    }

    #[test]
    fn a_refusal_of_the_box_says_why() {
        let (mut desk, mut appliance) = (Desk::default(), Counting(0));
        let message = ask("reanalyse", "1", r#"{"reanalyse":{"slide":"s"}}"#);

        let answer = desk.handle(&message, &replies(), &mut appliance, 0).unwrap();

        assert_eq!(reply(&answer).reason.as_deref(), Some("no such slide"));
    }

    #[test]
    fn a_forbidden_response_topic_is_refused_on_our_own_and_nothing_is_done() {
        let (mut desk, mut appliance) = (Desk::default(), Counting(0));
        let mut message = ask("status", "1", r#""status""#);
        message.response_topic = Some("margay/v1/lab/box/state".into());

        let answer = desk.handle(&message, &replies(), &mut appliance, 0).unwrap();

        assert_eq!(answer.topic, "margay/v1/lab/box/cmd/status/reply");
        assert_eq!(reply(&answer).outcome, Outcome::Refused);
        assert_eq!(appliance.0, 0);
    }

    #[test]
    fn the_memory_is_bounded() {
        let (mut desk, mut appliance) = (Desk::default(), Counting(0));
        for id in 0..1000 {
            let message = ask("status", &id.to_string(), r#""status""#);
            desk.handle(&message, &replies(), &mut appliance, 0);
        }

        assert_eq!(desk.done.len(), MEMORY);
    }
}
