//! QoS 1 messages that the broker has not answered, and which packet id is whose.
//!
//! The client library gives no handle for a message: it takes them in order and says later which
//! packet id each has got. So the oldest message without an id gets the next id that is said.
//!
//! **Invariant:** a token is in the window from the moment it is handed over until its answer or
//! the end of the connection.

use std::collections::{BTreeMap, VecDeque};

use super::words::Answer;

/// Whose message it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A message of the outbox.
    Row(Flight),
    /// The state.
    State {
        /// The last one.
        goodbye: bool,
    },
    /// The answer to a command, kept in case that it must be sent again.
    Answer(Answer),
}

/// A message of the outbox under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flight {
    pub(super) seq: u64,
    pub(super) stream: String,
    pub(super) tries: u32,
    pub(super) bytes: u64,
}

/// What is under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    handed: VecDeque<Token>,
    flying: BTreeMap<u16, Token>,
    limit: usize,
}

impl Window {
    /// An empty window for at most `limit` messages.
    pub(super) fn new(limit: u16) -> Self {
        Self { limit: usize::from(limit.max(1)), ..Self::default() }
    }

    pub(super) fn hand_over(&mut self, token: Token) {
        self.handed.push_back(token);
    }

    /// Notes the packet id of the oldest message without one; says whether there was any.
    pub(super) fn assign(&mut self, pkid: u16) -> bool {
        let Some(token) = self.handed.pop_front() else { return false };
        self.flying.insert(pkid, token);
        true
    }

    /// Takes out the message with this packet id.
    pub(super) fn answered(&mut self, pkid: u16) -> Option<Token> {
        self.flying.remove(&pkid)
    }

    /// Takes out everything, in the order of handing over as far as it is known.
    pub(super) fn drain(&mut self) -> Vec<Token> {
        let flying = std::mem::take(&mut self.flying).into_values();

        flying.chain(std::mem::take(&mut self.handed)).collect()
    }

    /// Whether one more message may go.
    pub(super) fn has_room(&self) -> bool {
        self.tokens().count() < self.limit
    }

    /// Whether one more message of the outbox may go. One place is left for the state, for answers
    /// and for the client's own queue, so that telemetry does not wait behind results.
    pub(super) fn has_room_for_row(&self) -> bool {
        self.has_room() && self.rows().count() < (self.limit - 1).max(1)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.handed.is_empty() && self.flying.is_empty()
    }

    pub(super) fn has_state(&self) -> bool {
        self.tokens().any(|token| matches!(token, Token::State { .. }))
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Flight> {
        self.tokens().filter_map(|token| match token {
            Token::Row(flight) => Some(flight),
            Token::State { .. } | Token::Answer(_) => None,
        })
    }

    /// Bytes of the messages of the outbox that are under way.
    pub(super) fn bytes(&self) -> u64 {
        self.rows().map(|flight| flight.bytes).sum()
    }

    fn tokens(&self) -> impl Iterator<Item = &Token> {
        self.flying.values().chain(&self.handed)
    }
}
