//! The part of the outbox that is in memory, and which of it may go next.
//!
//! The ledger is the truth; this is a view that moves over it. What is under way or refused for
//! now is not kept here: when a connection ends or a wait is over, the view goes back to the start
//! of the outbox and reads again.
//!
//! **Invariant:** at most one message of a stream is under way, and none overtakes an earlier one
//! of its stream. (Sending a stream's messages one behind the other on one connection would keep
//! the order only until the broker refuses one for now and takes the next. A slide has a few
//! messages, and slides go side by side, so waiting costs nothing that matters.)

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use ledger::Message;

use super::words::Action;

/// Messages in memory that have not been handed over, at most.
const READY_ROWS: usize = 32;
/// Bytes of their payloads, at most, or else one message.
const READY_BYTES: usize = 4 << 20;
/// Streams that wait after a refusal, at most. A broker that refuses more than these has a fault
/// that is not in the messages: then all wait.
const HELD_MAX: usize = 64;
/// Time before the outbox is read again after it could not be read.
const RETRY: Duration = Duration::from_secs(1);

/// What is read and not handed over.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    cursor: u64,
    fetching: bool,
    read_to_the_end: bool,
    ready: VecDeque<Message>,
    held: BTreeMap<String, Duration>,
    retry_at: Option<Duration>,
}

impl Queue {
    /// Reads from the start of the outbox again.
    pub(super) fn rewind(&mut self) {
        self.cursor = 0;
        self.read_to_the_end = false;
        self.ready.clear();
    }

    /// There may be more behind what was read.
    pub(super) fn grew(&mut self) {
        self.read_to_the_end = false;
    }

    /// What to read, if there is room and more to read.
    pub(super) fn fetch(&mut self) -> Option<Action> {
        if self.fetching || !self.has_room() {
            return None;
        }
        self.fetching = true;
        let (rows, bytes) = (READY_ROWS - self.ready.len(), READY_BYTES - self.bytes());
        Some(Action::Fetch { after: self.cursor, rows, bytes })
    }

    /// Takes what was read; `known` are messages that are under way or done with.
    pub(super) fn take(&mut self, after: u64, rows: Vec<Message>, known: &BTreeSet<u64>) {
        self.fetching = false;
        if after != self.cursor {
            return;
        }
        self.read_to_the_end = rows.is_empty();
        self.cursor = rows.last().map_or(self.cursor, |row| row.seq);
        let new = |row: &Message| !known.contains(&row.seq) && !self.held.contains_key(&row.stream);
        self.ready.extend(rows.into_iter().filter(new));
    }

    /// The outbox could not be read: it is read again when time has passed.
    pub(super) fn fetch_failed(&mut self, now: Duration) {
        self.fetching = false;
        self.read_to_the_end = true;
        self.retry_at = Some(now + RETRY);
    }

    /// The next message that may go: the oldest whose stream is not `blocked`. One with `blame`
    /// comes when there is no other and it would be `alone`, and the one with the most comes last.
    pub(super) fn next<'q>(
        &'q self,
        mut blocked: BTreeSet<&'q str>,
        alone: bool,
        blame: impl Fn(u64) -> Option<u32>,
    ) -> Option<&'q Message> {
        if self.held.len() >= HELD_MAX {
            return None;
        }
        let mut blamed: Option<(u32, &Message)> = None;
        for row in &self.ready {
            if !blocked.insert(&row.stream) {
                continue;
            }
            match blame(row.seq) {
                None => return Some(row),
                Some(much) if blamed.is_none_or(|(least, _)| much < least) => {
                    blamed = Some((much, row));
                }
                Some(_) => {}
            }
        }
        blamed.filter(|_| alone && !self.has_room()).map(|(_, row)| row)
    }

    /// Whether there is more to read and room for it.
    fn has_room(&self) -> bool {
        !self.read_to_the_end && self.ready.len() < READY_ROWS && self.bytes() < READY_BYTES
    }

    fn bytes(&self) -> usize {
        self.ready.iter().map(|row| row.payload.len()).sum()
    }

    /// Takes out the message that [`Queue::next`] has shown.
    pub(super) fn remove(&mut self, seq: u64) -> Option<Message> {
        let index = self.ready.iter().position(|row| row.seq == seq)?;
        self.ready.remove(index)
    }

    /// Lets a stream wait.
    pub(super) fn hold(&mut self, stream: &str, until: Duration) {
        self.ready.retain(|row| row.stream != stream);
        self.held.insert(stream.to_owned(), until);
    }

    /// Lets go on what has waited long enough.
    pub(super) fn release(&mut self, now: Duration) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
            self.read_to_the_end = false;
        }
        let before = self.held.len();
        self.held.retain(|_, until| *until > now);
        if self.held.len() < before {
            self.rewind();
        }
    }

    /// Streams that wait.
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }
}
