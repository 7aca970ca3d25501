//! Requests from one role to the other, each answered exactly once.

use rusqlite::{Connection, Row};

use crate::census;
use crate::error::{ReadError, WriteError};
use crate::handle::Ledger;
use crate::outbox::{self, NewMessage};
use crate::sql;

/// Requests in one answer.
const PAGE_ROWS: usize = 256;
/// Answered requests that are kept, so that one that comes again is known.
const ANSWERED_KEPT: i64 = 1000;

/// A request to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRequest {
    /// The same id is the same request.
    pub id: String,
    /// What is asked for, in one word.
    pub verb: String,
    /// What belongs to it.
    pub payload: Vec<u8>,
}

/// A request that waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its place in the order of asking.
    pub seq: u64,
    /// Its id.
    pub id: String,
    /// What is asked for.
    pub verb: String,
    /// What belongs to it.
    pub payload: Vec<u8>,
    /// When it was made.
    pub asked_ms: u64,
}

/// Whether an answer was the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// It was, and holds.
    Now,
    /// The request had one; nothing has changed.
    Before,
}

impl Ledger {
    /// Makes a request; gives whether it is new.
    pub fn request(&self, request: NewRequest, now_ms: u64) -> Result<bool, WriteError> {
        let limits = self.shared_limits();
        limits.name("request id", &request.id)?;
        limits.name("verb", &request.verb)?;
        limits.payload("request", &request.payload)?;
        self.write("make a request", request.payload.len(), move |connection| {
            let known = "SELECT 1 FROM requests WHERE id = ?";
            if sql::first(connection, known, [&request.id], |_| Ok(()))?.is_some() {
                return Ok(false);
            }
            let bytes = request.payload.len() as u64;
            census::count(connection, "requests")?.refuse("requests", bytes, limits.requests)?;
            let insert = "INSERT INTO requests (id, verb, payload, asked_ms) VALUES (?, ?, ?, ?)";
            let NewRequest { id, verb, payload } = &request;
            sql::run(connection, insert, (id, verb, payload, sql::signed(now_ms)))?;
            Ok(true)
        })
    }

    /// Requests without an answer, oldest first, at most 256 after `after_seq`.
    pub fn requests(&self, after_seq: u64) -> Result<Vec<Request>, ReadError> {
        let list = format!(
            "SELECT seq, id, verb, payload, asked_ms FROM requests \
             WHERE answered_ms IS NULL AND seq > ? ORDER BY seq LIMIT {PAGE_ROWS}"
        );
        self.read("list requests", |connection| {
            sql::all(connection, &list, [sql::signed(after_seq)], read)
        })
    }

    /// Answers a request, and queues what is to be sent with the answer.
    pub fn answer(
        &self,
        id: &str,
        answer: Vec<u8>,
        messages: Vec<NewMessage>,
        now_ms: u64,
    ) -> Result<Answered, WriteError> {
        let limits = self.shared_limits();
        limits.payload("answer", &answer)?;
        let bytes = answer.len() + outbox::check(&messages, &limits)?;
        let id = id.to_owned();
        self.write("answer a request", bytes, move |connection| {
            let set = "UPDATE requests SET answer = ?, answered_ms = ? \
                       WHERE id = ? AND answered_ms IS NULL";
            if sql::run(connection, set, (&answer, sql::signed(now_ms), &id))? == 0 {
                let known = "SELECT 1 FROM requests WHERE id = ?";
                let known = sql::first(connection, known, [&id], |_| Ok(()))?;
                known.ok_or_else(|| WriteError::unknown("request", &id))?;
                return Ok(Answered::Before);
            }
            outbox::queue(connection, &messages, &limits, now_ms)?;
            trim(connection)?;
            Ok(Answered::Now)
        })
    }

    /// The answer to a request, where it has one and is among the newest thousand.
    pub fn answer_to(&self, id: &str) -> Result<Option<Vec<u8>>, ReadError> {
        let find = "SELECT answer FROM requests WHERE id = ? AND answered_ms IS NOT NULL";
        self.read("read an answer", |connection| {
            sql::first(connection, find, [id], |row| row.get(0))
        })
    }
}

fn trim(connection: &Connection) -> rusqlite::Result<usize> {
    let trim = "DELETE FROM requests WHERE answered_ms IS NOT NULL AND seq <= (SELECT seq \
                FROM requests WHERE answered_ms IS NOT NULL ORDER BY seq DESC LIMIT 1 OFFSET ?)";
    sql::run(connection, trim, [ANSWERED_KEPT])
}

fn read(row: &Row<'_>) -> rusqlite::Result<Request> {
    Ok(Request {
        seq: sql::unsigned(row.get(0)?),
        id: row.get(1)?,
        verb: row.get(2)?,
        payload: row.get(3)?,
        asked_ms: sql::unsigned(row.get(4)?),
    })
}
