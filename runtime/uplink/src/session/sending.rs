//! What a session does whenever anything has happened: it sends what may be sent.

use std::collections::BTreeSet;
use std::time::Duration;

use ledger::Message;

use super::backoff::doubled;
use super::window::{Flight, Token};
use super::words::{Action, Event, Fault, FaultKind, Verdict};
use super::{Goodbye, Phase, SUSPECT_LOSSES, Session};

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
            let busy: BTreeSet<&str> =
                self.window.rows().map(|flight| flight.stream.as_str()).collect();
            let row = self.queue.next(&busy)?;
            let (seq, bytes) = (row.seq, packet_bytes(row));
            if bytes > packet_bytes_max {
                let row = self.queue.remove(seq)?;
                self.refuse(row.seq, &row.stream, row.tries, TOO_LARGE, now);
                continue;
            }
            return if self.may_join(seq, bytes) { self.queue.remove(seq) } else { None };
        }
        None
    }

    /// Whether a message may go beside those under way: within the bytes, and a suspect alone.
    fn may_join(&self, seq: u64, bytes: u64) -> bool {
        let suspect = |seq| self.losses.get(seq).is_some_and(|losses| *losses >= SUSPECT_LOSSES);
        let alone = self.window.rows().next().is_none();
        let fits = self.window.bytes() + bytes <= self.settings.inflight_bytes_max;

        alone || (fits && !suspect(&seq) && !self.window.rows().any(|flight| suspect(&flight.seq)))
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

    /// A message that was handed over has got its packet id.
    pub(super) fn assigned(&mut self, pkid: u16, now: Duration, actions: &mut Vec<Action>) {
        let Phase::Online(online) = &mut self.phase else { return };
        online.progress = now;
        if !self.window.assign(pkid) {
            actions.push(Action::Complain(format!("packet id {pkid} belongs to no message")));
        }
    }

    /// The broker has answered a message. An answer to none of ours says nothing.
    pub(super) fn acknowledged(
        &mut self,
        pkid: u16,
        verdict: Verdict,
        now: Duration,
        actions: &mut Vec<Action>,
    ) {
        let Phase::Online(online) = &mut self.phase else { return };
        online.progress = now;
        match self.window.answered(pkid) {
            Some(Token::Row(flight)) => self.judged(&flight, verdict, now),
            Some(Token::State { goodbye }) => self.state_judged(goodbye, verdict, actions),
            Some(Token::Answer(_)) | None => {}
        }
    }

    fn judged(&mut self, flight: &Flight, verdict: Verdict, now: Duration) {
        self.losses.remove(&flight.seq);
        match verdict {
            Verdict::Accepted => {
                self.counts.acknowledged += 1;
                self.settling.sent(flight.seq);
                self.reconnect.reset();
                self.busy.reset();
            }
            // The broker has no room: that is no fault of this message, so all wait.
            Verdict::Busy(_) => {
                self.counts.refused += 1;
                self.busy_until = now + self.busy.next();
                self.queue.rewind();
            }
            Verdict::Refused(reason) => {
                self.refuse(flight.seq, &flight.stream, flight.tries, reason, now);
            }
        }
    }

    /// A message was refused for what it is: it is tried again a few times, later, since an
    /// operator may mend the broker's rights meanwhile; then it is set apart.
    fn refuse(&mut self, seq: u64, stream: &str, tries: u32, reason: &str, now: Duration) {
        self.counts.refused += 1;
        let tries = tries.saturating_add(1);
        if tries >= self.settings.refusals_max {
            self.counts.poisoned += 1;
            self.settling.poisoned(seq, format!("{reason} ({tries} times)"));
        } else {
            self.settling.tried(seq);
            let wait = self.refusal_wait(tries);
            self.queue.hold(stream, now + wait);
        }
    }

    /// Wait after the `times`-th refusal.
    pub(super) fn refusal_wait(&self, times: u32) -> Duration {
        let settings = &self.settings;

        doubled(settings.refusal_wait, times.saturating_sub(1), settings.refusal_wait_max)
    }

    fn state_judged(&mut self, goodbye: bool, verdict: Verdict, actions: &mut Vec<Action>) {
        if let Verdict::Refused(reason) | Verdict::Busy(reason) = verdict {
            actions.push(Action::Complain(format!("the broker does not take the state: {reason}")));
        }
        if goodbye && let Some(stop) = &mut self.stop {
            stop.goodbye = Goodbye::Heard { accepted: verdict == Verdict::Accepted };
        }
    }

    /// Brings the session to its end once that is wished for.
    pub(super) fn end(&mut self, now: Duration, actions: &mut Vec<Action>) {
        let Some(stop) = self.stop else { return };
        let heard = matches!(stop.goodbye, Goodbye::Heard { .. });
        let late = now >= stop.by;
        match self.phase {
            Phase::Online(_) if heard && self.settling.is_empty() && !late => {
                self.phase = Phase::Closing;
                actions.push(Action::Close);
            }
            Phase::Online(_) | Phase::Closing if !late => {}
            Phase::Online(_) | Phase::Closing | Phase::Connecting | Phase::Waiting { .. } => {
                self.phase = Phase::Over;
                actions.extend(self.settling.write(now).map(Action::Settle));
                actions.extend([Action::Cut { why: None }, Action::Finished { clean: false }]);
                self.stop = None;
            }
            Phase::Over => {
                let clean = stop.goodbye == Goodbye::Heard { accepted: true };
                actions.push(Action::Finished { clean });
                self.stop = None;
            }
        }
    }
}

/// Bytes that a message takes as a packet, at most.
fn packet_bytes(row: &Message) -> u64 {
    (row.topic.len() + row.id.len() + row.payload.len()) as u64 + PACKET_OVERHEAD_BYTES
}
