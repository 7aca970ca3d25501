//! The last word on a job: its result, or why it has none.
//!
//! The first verdict holds, from whomever it comes: work that was done after its lease ran out is
//! work that was done.

use rusqlite::Connection;

use crate::audit::{self, Audit};
use crate::census;
use crate::error::{Fault, WriteError};
use crate::handle::Ledger;
use crate::job::{self, JobId, JobState, NewJob};
use crate::limits::Limits;
use crate::outbox::{self, NewMessage};
use crate::prune;
use crate::slide::{self, SlideId, SlideState};
use crate::sql;

/// What a finished job leaves, all in one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Finished {
    /// Its result.
    pub result: Vec<u8>,
    /// What is to be sent.
    pub messages: Vec<NewMessage>,
    /// Jobs of the same slide that follow from it.
    pub jobs: Vec<NewJob>,
    /// Where its slide stands now, if that changes.
    pub slide_state: Option<SlideState>,
    /// What is to be audited.
    pub audit: Option<Audit>,
}

/// Whether a verdict was the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// It was, and holds.
    Done,
    /// The job had one; nothing has changed.
    Already,
}

impl Ledger {
    /// Gives a job its result, and does what follows from it.
    pub fn finish(
        &self,
        job: JobId,
        owner: &str,
        finished: Finished,
        now_ms: u64,
    ) -> Result<Finish, WriteError> {
        let limits = self.shared_limits();
        let bytes = check(&finished, &limits)?;
        let owner = owner.to_owned();
        self.write("finish a job", bytes, move |connection| {
            let Some(slide) = judge(connection, job, JobState::Done, &owner, None)? else {
                return Ok(Finish::Already);
            };
            store_result(connection, job, &finished.result, &limits, now_ms)?;
            outbox::queue(connection, &finished.messages, &limits, now_ms)?;
            job::add(connection, slide, &finished.jobs, now_ms)?;
            if let Some(state) = finished.slide_state {
                slide::conclude(connection, slide, state, now_ms)?;
            }
            if let Some(audit) = &finished.audit {
                audit::append(connection, audit, now_ms)?;
            }
            Ok(Finish::Done)
        })
    }

    /// Says that a job will have no result: it is quarantined with its reason and never leased
    /// again.
    pub fn refuse(
        &self,
        job: JobId,
        owner: &str,
        reason: &str,
        messages: Vec<NewMessage>,
        audit: Audit,
        now_ms: u64,
    ) -> Result<Finish, WriteError> {
        let limits = self.shared_limits();
        limits.name("reason", reason)?;
        audit.check(&limits)?;
        let bytes = outbox::check(&messages, &limits)?;
        let (owner, reason) = (owner.to_owned(), reason.to_owned());
        self.write("refuse a job", bytes, move |connection| {
            if judge(connection, job, JobState::Refused, &owner, Some(&reason))?.is_none() {
                return Ok(Finish::Already);
            }
            outbox::queue(connection, &messages, &limits, now_ms)?;
            audit::append(connection, &audit, now_ms)?;
            Ok(Finish::Done)
        })
    }
}

fn check(finished: &Finished, limits: &Limits) -> Result<usize, WriteError> {
    limits.payload("result", &finished.result)?;
    if let Some(audit) = &finished.audit {
        audit.check(limits)?;
    }
    let follows = job::check(&finished.jobs, limits)? + outbox::check(&finished.messages, limits)?;
    Ok(follows + finished.result.len())
}

/// Gives the job its verdict, and its slide to the caller; `None` where it had one before.
fn judge(
    connection: &Connection,
    job: JobId,
    state: JobState,
    owner: &str,
    reason: Option<&str>,
) -> Result<Option<SlideId>, Fault> {
    let judge = "UPDATE jobs SET state = ?, owner = ?, reason = ? WHERE id = ? AND state < 2 \
                 RETURNING slide";
    let slide = sql::first(connection, judge, (state, owner, reason, job), |row| row.get(0))?;
    if slide.is_none() {
        // One that was pruned since had its verdict: a finished slide has no open job.
        let known = "SELECT 1 FROM sqlite_sequence WHERE name = 'jobs' AND ? BETWEEN 1 AND seq";
        let known = sql::first(connection, known, [job], |_| Ok(()))?;
        known.ok_or_else(|| WriteError::unknown("job", &job))?;
    }
    Ok(slide)
}

fn store_result(
    connection: &Connection,
    job: JobId,
    result: &[u8],
    limits: &Limits,
    now_ms: u64,
) -> Result<(), Fault> {
    let len = result.len() as u64;
    loop {
        match census::count(connection, "results")?.refuse("results", len, limits.results) {
            Ok(()) => break,
            Err(full) if prune::step(connection, now_ms)?.is_none() => return Err(full.into()),
            Err(_) => {}
        }
    }
    let insert = "INSERT INTO results (job, len, bytes) VALUES (?, ?, ?)";
    sql::run(connection, insert, (job, sql::signed(len), result))?;
    Ok(())
}
