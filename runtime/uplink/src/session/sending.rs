//! What a session does whenever anything has happened: it sends what may be sent.

use std::collections::BTreeSet;
use std::time::Duration;

use ledger::Message;

use super::ending::Goodbye;
use super::window::{Flight, Token};
use super::words::{Action, Event, Fault, FaultKind};
use super::{Phase, SUSPECT_LOSSES, Session};

/// Bytes of a packet beside its topic, its id and its payload, at most: fixed header, lengths and
/// the properties that are set.
const PACKET_OVERHEAD_BYTES: u64 = 64;

/// What a broker's limit on packets is called in a reason.
const TOO_LARGE: &str = "the packet is larger than the broker takes";

impl Session {
    /// Sends all that may be sent now.
    pub(super) fn send(&mut self, now: Duration, actions: &mut Vec<Action>) {
        match &self.phase {
            Phase::Waiting { until } if *until <= now && self.stop.is_none() => {
                self.connections += 1;
                self.phase = Phase::Connecting;
                actions.push(Action::Connect { connection: self.connections });
            }
            Phase::Online(_) => {
                self.send_state(actions);
                self.send_health(now, actions);
                self.send_answers(actions);
                self.send_rows(now, actions);
                self.watch(now, actions);
            }
            Phase::Waiting { .. } | Phase::Connecting | Phase::Closing | Phase::Over => {}
        }
    }

    fn send_state(&mut self, actions: &mut Vec<Action>) {
        let Phase::Online(online) = &mut self.phase else { return };
        if self.window.has_state() || !self.window.has_room() {
            return;
        }
        let goodbye = match &mut self.stop {
            Some(stop) if stop.goodbye == Goodbye::ToSay => {
                stop.goodbye = Goodbye::Said;
                true
            }
            None if online.state_is_old => false,
            Some(_) | None => return,
        };
        online.state_is_old = false;
        self.window.hand_over(Token::State { goodbye });
        actions.push(Action::PublishState { goodbye });
    }

    fn send_health(&mut self, now: Duration, actions: &mut Vec<Action>) {
        let Phase::Online(online) = &mut self.phase else { return };
        if online.health_at <= now {
            online.health_at = now + self.settings.health_every;
            actions.push(Action::PublishHealth);
        }
    }

    fn send_answers(&mut self, actions: &mut Vec<Action>) {
        while self.window.has_room()
            && let Some(answer) = self.answers.pop_front()
        {
            self.window.hand_over(Token::Answer(answer.clone()));
            actions.push(Action::PublishAnswer(answer));
        }
    }

    fn send_rows(&mut self, now: Duration, actions: &mut Vec<Action>) {
        if self.stop.is_some() || now < self.busy_until || self.settling.is_full() {
            return;
        }
        while let Some(row) = self.next_row(now) {
            let flight = Flight {
                seq: row.seq,
                stream: row.stream.clone(),
                tries: row.tries,
                bytes: packet_bytes(&row),
            };
            self.window.hand_over(Token::Row(flight));
            self.counts.published += 1;
            actions.push(Action::PublishRow(row));
        }
        actions.extend(self.queue.fetch());
    }

    /// The next message that may go. One that the broker could not take is refused on the way.
    fn next_row(&mut self, now: Duration) -> Option<Message> {
        let Phase::Online(online) = &self.phase else { return None };
        let packet_bytes_max = online.packet_bytes_max;
        while self.window.has_room_for_row() {
            let under_way = self.window.rows().map(|flight| flight.stream.as_str());
            let blocked: BTreeSet<&str> = under_way.chain(self.settling.streams()).collect();
            let alone = self.window.rows().next().is_none();
            let row = self.queue.next(blocked, alone, |seq| self.blame(seq))?;
            let (seq, bytes) = (row.seq, packet_bytes(row));
            if bytes > packet_bytes_max {
                let row = self.queue.remove(seq)?;
                self.refuse(row.seq, &row.stream, row.tries, TOO_LARGE, now);
                continue;
            }
            return if self.may_join(bytes) { self.queue.remove(seq) } else { None };
        }
        None
    }

    /// Whether a message of `bytes` may go beside those under way; a suspect is alone.
    fn may_join(&self, bytes: u64) -> bool {
        let mut rows = self.window.rows().peekable();
        let alone = rows.peek().is_none();
        let fits = self.window.bytes() + bytes <= self.settings.inflight_bytes_max;

        alone || (fits && !rows.any(|flight| self.blame(flight.seq).is_some()))
    }

    /// How often connections were lost with this message, if so often that it goes alone.
    fn blame(&self, seq: u64) -> Option<u32> {
        self.losses.get(&seq).copied().filter(|losses| *losses >= SUSPECT_LOSSES)
    }

    /// Cuts a connection on which nothing moves although something is under way.
    fn watch(&mut self, now: Duration, actions: &mut Vec<Action>) {
        let Phase::Online(online) = &mut self.phase else { return };
        if self.window.is_empty() {
            online.progress = now;
            return;
        }
        let wire_s = self.window.bytes() / self.settings.link_bytes_per_s_min.max(1);
        let patience = self.settings.answer_patience + Duration::from_secs(wire_s);
        if now >= online.progress + patience {
            let waited = patience.as_secs();
            let text = format!("the broker has answered nothing for {waited} s; trying again");
            let fault = Fault { kind: FaultKind::Stalled, text };
            actions.push(Action::Cut { why: Some(fault.clone()) });
            self.take_in(Event::Disconnected(fault), now, actions);
        }
    }
}

/// Bytes that a message takes as a packet, at most.
fn packet_bytes(row: &Message) -> u64 {
    (row.topic.len() + row.id.len() + row.payload.len()) as u64 + PACKET_OVERHEAD_BYTES
}
