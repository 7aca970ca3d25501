//! The journal: results in order, whether or not they have been sent.
//!
//! A laboratory without a broker, or with a file beside it, keeps a journal. While one is kept, a
//! sent result stays in the outbox's bound until [`Ledger::journaled`] has passed it.

use rusqlite::Connection;

use crate::error::{ReadError, WriteError};
use crate::handle::Ledger;
use crate::outbox::{self, Message};
use crate::sql;

impl Ledger {
    /// Begins or ends the keeping of a journal. It begins with the oldest result that has not been
    /// sent; when it ends, what was only kept for it goes.
    pub fn keep_journal(&self, kept: bool, now_ms: u64) -> Result<(), WriteError> {
        self.write("change the journal", 0, move |connection| {
            sql::run(connection, "UPDATE journal SET kept = ?", [kept])?;
            if !kept {
                bury_sent(connection, i64::MAX, now_ms)?;
            }
            Ok(())
        })
    }

    /// Results after `after_seq`, in order, sent, queued or poisoned: at most `most` (and 1024),
    /// and no more than `most_bytes` of payload, but at least one.
    pub fn journal(
        &self,
        after_seq: u64,
        most: usize,
        most_bytes: usize,
    ) -> Result<Vec<Message>, ReadError> {
        let list = format!(
            "SELECT {} FROM outbox WHERE class = 0 AND seq > ? ORDER BY seq LIMIT ?",
            outbox::COLUMNS
        );
        self.read("read the journal", |connection| {
            outbox::page(connection, &list, after_seq, most, most_bytes)
        })
    }

    /// Says that the journal holds all up to `seq`; those that were sent go.
    pub fn journaled(&self, seq: u64, now_ms: u64) -> Result<(), WriteError> {
        self.write("move the journal on", 0, move |connection| {
            let seq = sql::signed(seq);
            let to = "UPDATE journal SET journaled = max(journaled, ?)";
            sql::run(connection, to, [seq])?;
            bury_sent(connection, seq, now_ms)?;
            Ok(())
        })
    }

    /// The last `seq` that the journal holds, as [`Ledger::journaled`] was told.
    pub fn journal_position(&self) -> Result<u64, ReadError> {
        self.read("read the journal's place", |connection| {
            let read = "SELECT journaled FROM journal";
            connection.query_row(read, [], |row| Ok(sql::unsigned(row.get(0)?)))
        })
    }
}

/// How far the journal is, where one is kept.
pub(crate) fn position(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let kept = "SELECT journaled FROM journal WHERE kept = 1";
    sql::first(connection, kept, [], |row| row.get(0))
}

fn bury_sent(connection: &Connection, up_to: i64, now_ms: u64) -> rusqlite::Result<()> {
    let sent = "SELECT seq FROM outbox WHERE class = 0 AND state = 1 AND seq <= ?";
    let sent: Vec<i64> = sql::all(connection, sent, [up_to], |row| row.get(0))?;
    for seq in sent {
        outbox::bury(connection, seq, now_ms)?;
    }
    Ok(())
}
