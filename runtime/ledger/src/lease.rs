//! Leases: who does a job, until when.
//!
//! A lease is durable before the job is handed out, so the number of tries counts the tries that
//! ended in a power cut too. One that ran out is leased again, to whoever asks.

use rusqlite::{Connection, Row};

use crate::error::{Fault, WriteError};
use crate::handle::Ledger;
use crate::job::{JobId, JobState, PAGE_ROWS};
use crate::slide::SlideId;
use crate::sql;

/// A job that the caller has leased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// Its slide.
    pub slide: SlideId,
    /// What is to be done.
    pub kind: String,
    /// Which one of its kind.
    pub key: u64,
    /// What the one who does it must know.
    pub payload: Vec<u8>,
    /// How often it was leased, this time counted.
    pub tries: u32,
}

/// Who leases, until when.
struct Lease {
    owner: String,
    now_ms: i64,
    until_ms: i64,
}

impl Ledger {
    /// Leases up to `most` jobs (and 1024) of one kind, oldest first.
    pub fn lease(
        &self,
        kind: &str,
        most: usize,
        owner: &str,
        now_ms: u64,
        lease_ms: u64,
    ) -> Result<Vec<Job>, WriteError> {
        let lease = self.new_lease(owner, now_ms, lease_ms)?;
        let (kind, most) = (kind.to_owned(), most.min(PAGE_ROWS) as i64);
        self.write("lease jobs", 0, move |connection| {
            let due = "SELECT id FROM jobs WHERE kind = ? AND state < 2 AND due_ms <= ? \
                       ORDER BY id LIMIT ?";
            let due: Vec<JobId> =
                sql::all(connection, due, (&kind, lease.now_ms, most), |row| row.get(0))?;
            due.into_iter().map(|job| take(connection, job, &lease)).collect()
        })
    }

    /// Leases one job, where it is due.
    pub fn lease_job(
        &self,
        slide: SlideId,
        kind: &str,
        key: u64,
        owner: &str,
        now_ms: u64,
        lease_ms: u64,
    ) -> Result<Option<Job>, WriteError> {
        let lease = self.new_lease(owner, now_ms, lease_ms)?;
        let kind = kind.to_owned();
        self.write("lease a job", 0, move |connection| {
            let due = "SELECT id FROM jobs WHERE slide = ? AND kind = ? AND key = ? \
                       AND state < 2 AND due_ms <= ?";
            let wanted = (slide, &kind, sql::key_in(key), lease.now_ms);
            let due: Option<JobId> = sql::first(connection, due, wanted, |row| row.get(0))?;
            due.map(|job| take(connection, job, &lease)).transpose()
        })
    }

    /// Holds a lease for longer; says no where it is no longer the caller's.
    pub fn renew(
        &self,
        job: JobId,
        owner: &str,
        now_ms: u64,
        lease_ms: u64,
    ) -> Result<bool, WriteError> {
        let lease = self.new_lease(owner, now_ms, lease_ms)?;
        self.write("renew a lease", 0, move |connection| {
            let renew = "UPDATE jobs SET due_ms = ? WHERE id = ? AND state = ? AND owner = ?";
            let held = (lease.until_ms, job, JobState::Leased, &lease.owner);
            Ok(sql::run(connection, renew, held)? > 0)
        })
    }

    /// Gives a job back to be done from `retry_at_ms` on; says no where it is no longer the
    /// caller's.
    pub fn give_back(
        &self,
        job: JobId,
        owner: &str,
        reason: &str,
        retry_at_ms: u64,
    ) -> Result<bool, WriteError> {
        self.limits().name("reason", reason)?;
        let (owner, reason) = (owner.to_owned(), reason.to_owned());
        self.write("give a job back", 0, move |connection| {
            let back = "UPDATE jobs SET state = ?, due_ms = ?, reason = ? \
                        WHERE id = ? AND state = ? AND owner = ?";
            let due_ms = sql::signed(retry_at_ms);
            let held = (JobState::Waiting, due_ms, &reason, job, JobState::Leased, &owner);
            Ok(sql::run(connection, back, held)? > 0)
        })
    }

    /// Makes all that `owner` holds due at once: what a process that starts says of the one of its
    /// name before it. Gives how many they were.
    pub fn reclaim(&self, owner: &str, now_ms: u64) -> Result<usize, WriteError> {
        let owner = owner.to_owned();
        self.write("reclaim jobs", 0, move |connection| {
            let back = "UPDATE jobs SET state = 0, due_ms = ?, reason = 'its holder was gone' \
                        WHERE state < 2 AND state = 1 AND owner = ?";
            Ok(sql::run(connection, back, (sql::signed(now_ms), &owner))?)
        })
    }

    fn new_lease(&self, owner: &str, now_ms: u64, lease_ms: u64) -> Result<Lease, WriteError> {
        self.limits().name("owner", owner)?;
        let until_ms = sql::signed(now_ms.saturating_add(lease_ms));
        Ok(Lease { owner: owner.to_owned(), now_ms: sql::signed(now_ms), until_ms })
    }
}

fn take(connection: &Connection, job: JobId, lease: &Lease) -> Result<Job, Fault> {
    let take = "UPDATE jobs SET state = ?, tries = tries + 1, due_ms = ?, owner = ? WHERE id = ? \
                RETURNING id, slide, kind, key, payload, tries";
    let leased = (JobState::Leased, lease.until_ms, &lease.owner, job);
    Ok(connection.query_row(take, leased, read)?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Job> {
    Ok(Job {
        id: row.get(0)?,
        slide: row.get(1)?,
        kind: row.get(2)?,
        key: sql::key_out(row.get(3)?),
        payload: row.get(4)?,
        tries: row.get(5)?,
    })
}
