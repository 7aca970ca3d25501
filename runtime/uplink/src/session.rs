//! The session with a broker: a pure state machine without a clock, a socket or a disk.
//!
//! ```text
//!  waiting ──time──▶ connecting ──Connected──▶ online ──Stop──▶ … ──Closed──▶ over
//!     ▲                  │                        │
//!     └──────────────────┴──────Disconnected──────┘
//! ```
//!
//! **Invariants:**
//! - A message leaves the outbox when the broker's PUBACK for it has come, and not before.
//! - Whatever has no PUBACK when a connection begins is sent again on it, whether the broker
//!   remembers the session or not. (MQTT lets a client repeat the old packet ids where the session
//!   is remembered. A broker keeps nothing of a QoS 1 message that it has not acknowledged, so a
//!   new id costs nothing, and there is one way instead of two.)
//! - A lost connection never sets a message apart, only the broker's word does. A message with
//!   which the connection was lost [`SUSPECT_LOSSES`] times goes alone and after all others, so
//!   that they are not dragged along, and its stream waits longer each time.
//! - Telemetry and the state do not wait behind results.
//!
//! Time is what the shell says, as a [`Duration`] since its start.

mod backoff;
mod ending;
mod judging;
mod queue;
mod sending;
mod settings;
mod settling;
mod window;
mod words;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use backoff::Backoff;
use ending::{Goodbye, Stop};
use queue::Queue;
pub use settings::Settings;
use settling::Settling;
use window::{Token, Window};
pub use words::{Action, Answer, Event, Fault, FaultKind, Settlement, Verdict, Welcome};

/// A message with which the connection was lost so often goes alone.
const SUSPECT_LOSSES: u32 = 3;
/// Messages whose losses are remembered.
const LOSSES_MAX: usize = 256;
/// Answers to commands that wait to be sent; beyond it the oldest asker gets none.
const ANSWERS_MAX: usize = 64;

/// A session.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    phase: Phase,
    connections: u64,
    window: Window,
    queue: Queue,
    settling: Settling,
    answers: VecDeque<Answer>,
    losses: BTreeMap<u64, u32>,
    reconnect: Backoff,
    busy: Backoff,
    busy_until: Duration,
    stop: Option<Stop>,
    counts: Counts,
}

/// Where a session is.
#[derive(Clone, Debug, PartialEq)]
enum Phase {
    Waiting { until: Duration },
    Connecting,
    Online(Online),
    Closing,
    Over,
}

/// A connection that stands.
#[derive(Clone, Debug, PartialEq)]
struct Online {
    since: Duration,
    packet_bytes_max: u64,
    /// The latest sign that what was handed over moves.
    progress: Duration,
    health_at: Duration,
    state_is_old: bool,
}

/// What a session has counted since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections that stood.
    pub connections: u64,
    /// Messages of the outbox that were handed over, repetitions included.
    pub published: u64,
    /// Messages of the outbox that the broker has acknowledged.
    pub acknowledged: u64,
    /// Times that the broker did not take a message.
    pub refused: u64,
    /// Messages that were set apart.
    pub poisoned: u64,
    /// Answers to commands that were dropped because too many waited.
    pub answers_dropped: u64,
}

impl Session {
    /// A session that connects at once.
    pub fn new(settings: Settings) -> Self {
        let waits = |first, longest, salt| Backoff::new(first, longest, settings.seed ^ salt);
        Self {
            reconnect: waits(settings.reconnect_wait, settings.reconnect_wait_max, 0),
            busy: waits(settings.refusal_wait, settings.refusal_wait_max, 0x9E37),
            phase: Phase::Waiting { until: Duration::ZERO },
            connections: 0,
            window: Window::default(),
            queue: Queue::default(),
            settling: Settling::default(),
            answers: VecDeque::new(),
            losses: BTreeMap::new(),
            busy_until: Duration::ZERO,
            stop: None,
            counts: Counts::default(),
            settings,
        }
    }

    /// What has been counted.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether a connection stands.
    pub fn is_online(&self) -> bool {
        matches!(self.phase, Phase::Online(_))
    }

    /// Streams that wait because a message of theirs was refused or lost its connection.
    pub fn streams_held(&self) -> usize {
        self.queue.held()
    }

    /// Takes in what has happened by `now`, and says what is to be done.
    pub fn apply(&mut self, event: Event, now: Duration) -> Vec<Action> {
        let mut actions = Vec::new();
        // Decisions are gathered until nothing else waits: one write for many. It comes before
        // what is read again, so that a count of tries is on the disk when its message is read.
        if event == Event::Tick
            && let Some(settlement) = self.settling.write(now)
        {
            actions.push(Action::Settle(settlement));
        }
        self.take_in(event, now, &mut actions);
        self.send(now, &mut actions);
        self.end(now, &mut actions);

        actions
    }

    fn take_in(&mut self, event: Event, now: Duration, actions: &mut Vec<Action>) {
        match event {
            Event::Tick => self.queue.release(now),
            Event::Connected(welcome) => self.connected(welcome, now, actions),
            Event::Disconnected(_) => self.disconnected(now),
            Event::Assigned(pkid) => self.assigned(pkid, now, actions),
            Event::Acknowledged { pkid, verdict } => {
                self.acknowledged(pkid, verdict, now, actions);
            }
            Event::Rows { after, rows } => {
                let flying = self.window.rows().map(|flight| flight.seq);
                let known = flying.chain(self.settling.decided()).collect();
                self.queue.take(after, rows, &known);
            }
            Event::FetchFailed => self.queue.fetch_failed(now),
            Event::Settled(written) => self.settling.written(&written, now),
            Event::OutboxGrew => self.queue.grew(),
            Event::StateChanged | Event::Overtaken => self.state_is_old(),
            Event::Answered(answer) => self.answer(answer),
            Event::Stop { by } if self.stop.is_none() => {
                self.stop = Some(Stop { by, goodbye: Goodbye::ToSay });
            }
            Event::Stop { .. } => {}
            Event::Closed => self.phase = Phase::Over,
        }
    }

    /// The broker welcomes us. The birth goes first, then the subscription, so that what is
    /// retained of our state when the subscription begins is this birth.
    fn connected(&mut self, welcome: Welcome, now: Duration, actions: &mut Vec<Action>) {
        let limit = self.settings.inflight_max.min(welcome.receive_max);
        let ours = self.settings.packet_bytes_max;
        self.window = Window::new(limit);
        self.phase = Phase::Online(Online {
            since: now,
            packet_bytes_max: welcome.packet_bytes_max.map_or(ours, |theirs| theirs.min(ours)),
            progress: now,
            health_at: now,
            state_is_old: false,
        });
        self.counts.connections += 1;
        self.window.hand_over(Token::State { goodbye: false });
        actions.extend([Action::PublishState { goodbye: false }, Action::Subscribe]);
    }

    /// The connection is gone: what was under way will be sent again.
    fn disconnected(&mut self, now: Duration) {
        if matches!(self.phase, Phase::Closing | Phase::Over) {
            self.phase = Phase::Over;
            return;
        }
        if let Phase::Online(online) = &self.phase
            && now >= online.since + self.settings.steady
        {
            self.reconnect.reset();
        }
        self.note_losses(now);
        for token in self.window.drain().into_iter().rev() {
            if let Token::Answer(answer) = token {
                self.answers.push_front(answer);
            }
        }
        self.queue.rewind();
        self.phase = Phase::Waiting { until: now + self.reconnect.next() };
    }

    /// Remembers with which messages the connection was lost. One that was alone is to blame.
    fn note_losses(&mut self, now: Duration) {
        let lost: Vec<_> = self.window.rows().cloned().collect();
        if self.losses.len() + lost.len() > LOSSES_MAX {
            self.losses.clear();
        }
        for flight in &lost {
            let before = self.losses.get(&flight.seq).copied().unwrap_or(0);
            self.losses.insert(flight.seq, before.saturating_add(1));
            if lost.len() == 1 && before >= SUSPECT_LOSSES {
                let wait = self.refusal_wait(before + 1 - SUSPECT_LOSSES);
                self.queue.hold(&flight.stream, now + wait);
            }
        }
    }

    fn state_is_old(&mut self) {
        if let Phase::Online(online) = &mut self.phase {
            online.state_is_old = true;
        }
    }

    fn answer(&mut self, answer: Answer) {
        self.answers.push_back(answer);
        if self.answers.len() > ANSWERS_MAX {
            self.answers.pop_front();
            self.counts.answers_dropped += 1;
        }
    }
}

#[cfg(test)]
mod tests;
