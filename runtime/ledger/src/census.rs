//! How much there is of everything that is bounded.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::audit::{self, AuditTail};
use crate::error::{ReadError, WriteError};
use crate::handle::Ledger;
use crate::job::JobState;
use crate::limits::Bound;
use crate::slide::SlideId;
use crate::sql;

/// Rows and bytes of one bounded table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Rows.
    pub rows: u64,
    /// Bytes of payload in them.
    pub bytes: u64,
    /// Rows that were dropped at the bound since the ledger was made.
    pub dropped: u64,
}

/// Jobs of one kind in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobCount {
    /// Nobody does them.
    pub waiting: u64,
    /// Somebody does them, or has died doing them.
    pub leased: u64,
    /// They have their results.
    pub done: u64,
    /// They will have none.
    pub refused: u64,
}

/// What the ledger holds, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Census {
    /// Slides that are neither finished nor refused.
    pub slides_open: u64,
    /// Tiles.
    pub tiles: Count,
    /// Results of jobs.
    pub results: Count,
    /// Results in the outbox: queued, or kept for the journal.
    pub outbox_results: Count,
    /// Telemetry in the outbox.
    pub outbox_telemetry: Count,
    /// Messages that the broker refuses.
    pub poisoned: Count,
    /// Requests without an answer.
    pub requests: Count,
    /// When the oldest queued message was queued.
    pub outbox_oldest_ms: Option<u64>,
    /// Jobs of each kind in each state.
    pub jobs: BTreeMap<String, JobCount>,
    /// The end of the audit, as its head says.
    pub audit: AuditTail,
    /// Bytes of the file, without its write-ahead log.
    pub file_bytes: u64,
    /// Bytes in it that are free.
    pub free_bytes: u64,
}

impl Ledger {
    /// Counts what there is, in one snapshot. The jobs are counted row by row; all else is known.
    pub fn census(&self) -> Result<Census, ReadError> {
        self.read("take the census", take)
    }
}

impl Count {
    /// Refuses one more row of `bytes` where the bound would be passed.
    pub(crate) fn refuse(
        self,
        what: &'static str,
        bytes: u64,
        limit: Bound,
    ) -> Result<(), WriteError> {
        let fits = self.rows < limit.rows && self.bytes.saturating_add(bytes) <= limit.bytes;
        if fits {
            return Ok(());
        }
        Err(WriteError::Full { what, rows: self.rows, bytes: self.bytes, limit })
    }
}

fn take(connection: &Connection) -> rusqlite::Result<Census> {
    let oldest = "SELECT queued_ms FROM outbox WHERE state = 0 ORDER BY seq LIMIT 1";
    let oldest: Option<i64> = sql::first(connection, oldest, [], |row| row.get(0))?;
    let pages = |name| {
        let pages: i64 = connection.pragma_query_value(None, name, |row| row.get(0))?;
        Ok::<_, rusqlite::Error>(sql::unsigned(pages))
    };
    let page_bytes = pages("page_size")?;
    Ok(Census {
        slides_open: count(connection, "slides_open")?.rows,
        tiles: count(connection, "tiles")?,
        results: count(connection, "results")?,
        outbox_results: count(connection, "outbox_result")?,
        outbox_telemetry: count(connection, "outbox_telemetry")?,
        poisoned: count(connection, "poisoned")?,
        requests: count(connection, "requests")?,
        outbox_oldest_ms: oldest.map(sql::unsigned),
        jobs: jobs(connection, None)?,
        audit: audit::head(connection)?,
        file_bytes: pages("page_count")? * page_bytes,
        free_bytes: pages("freelist_count")? * page_bytes,
    })
}

/// The count that the triggers keep.
pub(crate) fn count(connection: &Connection, name: &str) -> rusqlite::Result<Count> {
    let read = "SELECT rows, bytes, dropped FROM counters WHERE name = ?";
    connection.prepare(read)?.query_row([name], |row| {
        Ok(Count {
            rows: sql::unsigned(row.get(0)?),
            bytes: sql::unsigned(row.get(1)?),
            dropped: sql::unsigned(row.get(2)?),
        })
    })
}

/// Jobs by kind and state.
pub(crate) fn jobs(
    connection: &Connection,
    slide: Option<SlideId>,
) -> rusqlite::Result<BTreeMap<String, JobCount>> {
    let of = if slide.is_some() { "WHERE slide = ?1" } else { "WHERE ?1 IS NULL" };
    let list = format!("SELECT kind, state, count(*) FROM jobs {of} GROUP BY kind, state");
    let rows = sql::all(connection, &list, [slide], |row| {
        Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2).map(sql::unsigned)?))
    })?;
    let mut counts: BTreeMap<String, JobCount> = BTreeMap::new();
    for (kind, state, rows) in rows {
        let count = counts.entry(kind).or_default();
        match state {
            JobState::Waiting => count.waiting = rows,
            JobState::Leased => count.leased = rows,
            JobState::Done => count.done = rows,
            JobState::Refused => count.refused = rows,
        }
    }
    Ok(counts)
}
