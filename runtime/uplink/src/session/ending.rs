//! How a session ends: nothing new is begun, the state is published as `disconnected`, and when the
//! broker has acknowledged that, and the disk what was decided, the connection is closed.

use std::time::Duration;

use super::words::Action;
use super::{Phase, Session};

/// The end that is wished for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    pub(super) by: Duration,
    pub(super) goodbye: Goodbye,
}

/// How far the goodbye is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goodbye {
    ToSay,
    Said,
    Heard { accepted: bool },
}

impl Session {
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
