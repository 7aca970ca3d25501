//! The outbox: what is to be sent, in one sequence.
//!
//! ```text
//! queued ──sent──▶ a tombstone of its id          (while a journal is kept: once journaled, too)
//!    └──poisoned──▶ kept apart with its reason ──revive──▶ queued, at the end
//! ```
//!
//! **Invariant:** an id is queued at most once in the ledger's life, except for telemetry whose
//! tombstone is older than the newest [`TELEMETRY_TOMBSTONES`].

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, ToSql};

use crate::census;
use crate::error::{Fault, ReadError, WriteError};
use crate::handle::Ledger;
use crate::journal;
use crate::limits::{Bound, Limits};
use crate::sql;

/// Messages in one answer, whatever was asked for.
pub(crate) const PAGE_ROWS: usize = 1024;
/// Tombstones of telemetry that are kept: a day of one each ten seconds.
const TELEMETRY_TOMBSTONES: i64 = 10_000;
/// What a row takes beside what its sender wrote, about.
const ROW_BYTES: usize = 64;

/// What a message is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It is never lost: where there is no room, what would make it is refused.
    Result,
    /// The newest matter: where there is no room, the oldest are dropped and counted.
    Telemetry,
}

/// A message to queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// What it is worth.
    pub class: Class,
    /// The same id is the same message.
    pub id: String,
    /// Where it goes.
    pub topic: String,
    /// What it says.
    pub payload: Vec<u8>,
    /// Messages of one stream are sent in their order.
    pub stream: String,
}

/// A queued message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its place in the one sequence.
    pub seq: u64,
    /// Its id.
    pub id: String,
    /// Where it goes.
    pub topic: String,
    /// What it says.
    pub payload: Vec<u8>,
    /// What it is worth.
    pub class: Class,
    /// Its stream.
    pub stream: String,
    /// When it was queued.
    pub queued_ms: u64,
    /// How often it was tried, as [`Ledger::tried`] was told.
    pub tries: u32,
}

/// A message that the broker refuses for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poisoned {
    /// The message.
    pub message: Message,
    /// Why it is refused.
    pub reason: String,
}

impl Ledger {
    /// Queues messages; gives how many are new.
    pub fn enqueue(&self, messages: Vec<NewMessage>, now_ms: u64) -> Result<usize, WriteError> {
        let limits = self.shared_limits();
        let bytes = check(&messages, &limits)?;
        self.write("queue messages", bytes, move |connection| {
            queue(connection, &messages, &limits, now_ms)
        })
    }

    /// Queued messages after `after_seq`, in order: at most `most` (and 1024), and no more than
    /// `most_bytes` of payload, but at least one.
    pub fn outbox(
        &self,
        after_seq: u64,
        most: usize,
        most_bytes: usize,
    ) -> Result<Vec<Message>, ReadError> {
        let list = format!(
            "SELECT {COLUMNS} FROM outbox WHERE state = 0 AND seq > ? ORDER BY seq LIMIT ?"
        );
        self.read("read the outbox", |connection| {
            page(connection, &list, after_seq, most, most_bytes)
        })
    }

    /// Says that these messages were tried once more.
    pub fn tried(&self, seqs: &[u64]) -> Result<(), WriteError> {
        let seqs = seqs.to_vec();
        self.write("count tries", 0, move |connection| {
            for seq in &seqs {
                let tried = "UPDATE outbox SET tries = tries + 1 WHERE seq = ?";
                sql::run(connection, tried, [sql::signed(*seq)])?;
            }
            Ok(())
        })
    }

    /// Says that the broker has acknowledged these messages: they leave the outbox, and their ids
    /// stay. Gives how many were still queued.
    pub fn sent(&self, seqs: &[u64], now_ms: u64) -> Result<usize, WriteError> {
        let seqs = seqs.to_vec();
        self.write("take sent messages out", 0, move |connection| {
            let journaled = journal::position(connection)?;
            let mut left = 0;
            for seq in &seqs {
                left += leave(connection, sql::signed(*seq), journaled, now_ms)?;
            }
            trim_tombstones(connection)?;
            Ok(left)
        })
    }

    /// Says that the broker refuses a message for good: it is kept apart, and the queue goes on.
    /// Gives whether it was still queued.
    pub fn poisoned(&self, seq: u64, reason: &str, now_ms: u64) -> Result<bool, WriteError> {
        let limits = self.shared_limits();
        limits.name("reason", reason)?;
        let reason = reason.to_owned();
        self.write("set a message apart", 0, move |connection| {
            let bytes = "SELECT bytes FROM outbox WHERE seq = ? AND state = 0";
            let bytes: Option<i64> =
                sql::first(connection, bytes, [sql::signed(seq)], |row| row.get(0))?;
            let Some(bytes) = bytes else { return Ok(false) };
            let there = census::count(connection, "poisoned")?;
            there.refuse("poisoned messages", sql::unsigned(bytes), limits.poisoned)?;
            let apart = "UPDATE outbox SET state = 2, reason = ?, poisoned_ms = ? WHERE seq = ?";
            sql::run(connection, apart, (&reason, sql::signed(now_ms), sql::signed(seq)))?;
            Ok(true)
        })
    }

    /// Messages that were set apart, at most 1024 after `after_seq`.
    pub fn poison(&self, after_seq: u64) -> Result<Vec<Poisoned>, ReadError> {
        let list = format!(
            "SELECT {COLUMNS}, reason FROM outbox WHERE state = 2 AND seq > ? ORDER BY seq \
             LIMIT {PAGE_ROWS}"
        );
        self.read("read poisoned messages", |connection| {
            sql::all(connection, &list, [sql::signed(after_seq)], |row| {
                Ok(Poisoned { message: read(row)?, reason: row.get(8)? })
            })
        })
    }

    /// Queues a poisoned message again, at the end. Gives whether it was set apart.
    pub fn revive(&self, seq: u64, now_ms: u64) -> Result<bool, WriteError> {
        let limits = self.shared_limits();
        self.write("queue a message again", 0, move |connection| {
            let find = "SELECT class, id, topic, payload, stream FROM outbox \
                        WHERE seq = ? AND state = 2";
            let found = sql::first(connection, find, [sql::signed(seq)], read_new)?;
            let Some(message) = found else { return Ok(false) };
            sql::run(connection, "DELETE FROM outbox WHERE seq = ?", [sql::signed(seq)])?;
            queue(connection, &[message], &limits, now_ms)?;
            Ok(true)
        })
    }

    /// Gives a poisoned message up: its id stays, as if it had been sent. Gives whether it was set
    /// apart.
    pub fn give_up(&self, seq: u64, now_ms: u64) -> Result<bool, WriteError> {
        self.write("give a message up", 0, move |connection| {
            let apart = "SELECT 1 FROM outbox WHERE seq = ? AND state = 2";
            let apart = sql::first(connection, apart, [sql::signed(seq)], |_| Ok(()))?;
            if apart.is_some() {
                bury(connection, sql::signed(seq), now_ms)?;
            }
            Ok(apart.is_some())
        })
    }
}

/// Checks messages before they are queued; gives their bytes.
pub(crate) fn check(messages: &[NewMessage], limits: &Limits) -> Result<usize, WriteError> {
    for message in messages {
        limits.name("message id", &message.id)?;
        limits.name("topic", &message.topic)?;
        limits.name("stream", &message.stream)?;
        limits.payload("message", &message.payload)?;
    }
    Ok(messages.iter().map(weight).sum())
}

/// Queues what was never queued; gives how many those were.
pub(crate) fn queue(
    connection: &Connection,
    messages: &[NewMessage],
    limits: &Limits,
    now_ms: u64,
) -> Result<usize, Fault> {
    let mut new = 0;
    for message in messages {
        let known = "SELECT 1 FROM outbox WHERE id = ?1 UNION ALL SELECT 1 FROM sent WHERE id = ?1";
        if sql::first(connection, known, [&message.id], |_| Ok(()))?.is_some() {
            continue;
        }
        let bytes = weight(message) as u64;
        match message.class {
            Class::Result => census::count(connection, "outbox_result")?.refuse(
                "results in the outbox",
                bytes,
                limits.outbox_results,
            )?,
            Class::Telemetry => drop_oldest(connection, bytes, limits.outbox_telemetry)?,
        }
        insert(connection, message, now_ms)?;
        new += 1;
    }
    Ok(new)
}

fn insert(connection: &Connection, message: &NewMessage, now_ms: u64) -> rusqlite::Result<usize> {
    let insert = "INSERT INTO outbox (id, class, bytes, queued_ms, topic, stream, payload) \
                  VALUES (?, ?, ?, ?, ?, ?, ?)";
    let NewMessage { class, id, topic, payload, stream } = message;
    let (bytes, at_ms) = (weight(message) as i64, sql::signed(now_ms));
    sql::run(connection, insert, (id, class, bytes, at_ms, topic, stream, payload))
}

/// Makes room for telemetry of `bytes`; what goes is counted. A message larger than the whole bound
/// is refused.
fn drop_oldest(connection: &Connection, bytes: u64, bound: Bound) -> Result<(), Fault> {
    loop {
        let there = census::count(connection, "outbox_telemetry")?;
        let Err(full) = there.refuse("telemetry in the outbox", bytes, bound) else {
            return Ok(());
        };
        let oldest = "DELETE FROM outbox WHERE seq = (SELECT seq FROM outbox \
                      WHERE state = 0 AND class = 1 ORDER BY seq LIMIT 1)";
        if sql::run(connection, oldest, [])? == 0 {
            return Err(full.into());
        }
        let count = "UPDATE counters SET dropped = dropped + 1 WHERE name = 'outbox_telemetry'";
        sql::run(connection, count, [])?;
    }
}

/// Takes a queued message out, or keeps it for the journal.
fn leave(
    connection: &Connection,
    seq: i64,
    journaled: Option<i64>,
    now_ms: u64,
) -> rusqlite::Result<usize> {
    let class = "SELECT class FROM outbox WHERE seq = ? AND state = 0";
    let Some(class) = sql::first(connection, class, [seq], |row| row.get::<_, Class>(0))? else {
        return Ok(0);
    };
    if class == Class::Result && journaled.is_some_and(|journaled| seq > journaled) {
        let keep = "UPDATE outbox SET state = 1, sent_ms = ? WHERE seq = ?";
        sql::run(connection, keep, (sql::signed(now_ms), seq))
    } else {
        bury(connection, seq, now_ms)
    }
}

/// Removes a message and keeps its id.
pub(crate) fn bury(connection: &Connection, seq: i64, now_ms: u64) -> rusqlite::Result<usize> {
    let tombstone = "INSERT INTO sent SELECT seq, id, class, ? FROM outbox WHERE seq = ?";
    sql::run(connection, tombstone, (sql::signed(now_ms), seq))?;
    sql::run(connection, "DELETE FROM outbox WHERE seq = ?", [seq])
}

fn trim_tombstones(connection: &Connection) -> rusqlite::Result<usize> {
    let trim = "DELETE FROM sent WHERE class = 1 AND seq <= (SELECT seq FROM sent \
                WHERE class = 1 ORDER BY seq DESC LIMIT 1 OFFSET ?)";
    sql::run(connection, trim, [TELEMETRY_TOMBSTONES])
}

fn weight(message: &NewMessage) -> usize {
    let words = message.id.len() + message.topic.len() + message.stream.len();
    ROW_BYTES + words + message.payload.len()
}

/// One page of a list of messages, bounded in rows and bytes.
pub(crate) fn page(
    connection: &Connection,
    list: &str,
    after_seq: u64,
    most: usize,
    most_bytes: usize,
) -> rusqlite::Result<Vec<Message>> {
    let mut list = connection.prepare(list)?;
    let bounds = (sql::signed(after_seq), most.min(PAGE_ROWS) as i64);
    let mut messages: Vec<Message> = Vec::new();
    let mut bytes = 0_usize;
    for message in list.query_map(bounds, read)? {
        let message = message?;
        bytes = bytes.saturating_add(message.payload.len());
        if bytes > most_bytes && !messages.is_empty() {
            break;
        }
        messages.push(message);
    }
    Ok(messages)
}

pub(crate) const COLUMNS: &str = "seq, id, topic, payload, class, stream, queued_ms, tries";

fn read(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        seq: sql::unsigned(row.get(0)?),
        id: row.get(1)?,
        topic: row.get(2)?,
        payload: row.get(3)?,
        class: row.get(4)?,
        stream: row.get(5)?,
        queued_ms: sql::unsigned(row.get(6)?),
        tries: row.get(7)?,
    })
}

fn read_new(row: &Row<'_>) -> rusqlite::Result<NewMessage> {
    Ok(NewMessage {
        class: row.get(0)?,
        id: row.get(1)?,
        topic: row.get(2)?,
        payload: row.get(3)?,
        stream: row.get(4)?,
    })
}

impl ToSql for Class {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok((*self as i64).into())
    }
}

impl FromSql for Class {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_i64()? {
            0 => Ok(Self::Result),
            1 => Ok(Self::Telemetry),
            other => Err(FromSqlError::OutOfRange(other)),
        }
    }
}
