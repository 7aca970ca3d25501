//! What a session makes of the broker's answers.

use std::time::Duration;

use super::backoff::doubled;
use super::ending::Goodbye;
use super::window::{Flight, Token};
use super::words::{Action, Verdict};
use super::{Phase, Session};

impl Session {
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
    pub(super) fn refuse(
        &mut self,
        seq: u64,
        stream: &str,
        tries: u32,
        reason: &str,
        now: Duration,
    ) {
        self.counts.refused += 1;
        let tries = tries.saturating_add(1);
        if tries >= self.settings.refusals_max {
            self.counts.poisoned += 1;
            self.settling.poisoned(seq, stream, format!("{reason} ({tries} times)"));
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
}
