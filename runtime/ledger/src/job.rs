//! Jobs: what is to be done for a slide, once each.

use std::collections::BTreeMap;
use std::fmt;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, ToSql};

use crate::census::JobCount;
use crate::error::{Fault, ReadError, WriteError};
use crate::handle::Ledger;
use crate::limits::Limits;
use crate::slide::{self, SlideId, SlideState};
use crate::sql;

/// Jobs or results in one answer, whatever was asked for.
pub(crate) const PAGE_ROWS: usize = 1024;

/// The ledger's number of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A job to add. The same kind and key in the same slide is the same job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// What is to be done, in one word.
    pub kind: String,
    /// Which one of its kind.
    pub key: u64,
    /// What the one who does it must know.
    pub payload: Vec<u8>,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobState {
    /// Nobody does it.
    Waiting,
    /// Somebody does it, or has died doing it.
    Leased,
    /// It has its result.
    Done,
    /// It will have none.
    Refused,
}

/// A job as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    /// Its number.
    pub id: JobId,
    /// What is to be done.
    pub kind: String,
    /// Which one of its kind.
    pub key: u64,
    /// Where it stands.
    pub state: JobState,
    /// How often it was leased.
    pub tries: u32,
    /// Who holds it, or held it last.
    pub owner: Option<String>,
    /// Why it was given back or refused last.
    pub reason: Option<String>,
}

impl Ledger {
    /// Adds jobs to a slide that is open or ended; gives how many are new.
    pub fn add_jobs(
        &self,
        slide: SlideId,
        jobs: Vec<NewJob>,
        now_ms: u64,
    ) -> Result<usize, WriteError> {
        let bytes = check(&jobs, self.limits())?;
        self.write("add jobs", bytes, move |connection| {
            let found = slide::row(connection, slide)?.ok_or_else(|| slide::unknown(slide))?;
            if found.state > SlideState::Ended {
                return Err(slide::wrong(&found, "have more jobs").into());
            }
            Ok(add(connection, slide, &jobs, now_ms)?)
        })
    }

    /// One job.
    pub fn job(&self, slide: SlideId, kind: &str, key: u64) -> Result<Option<JobRow>, ReadError> {
        let find = format!("SELECT {COLUMNS} FROM jobs WHERE slide = ? AND kind = ? AND key = ?");
        self.read("read a job", |connection| {
            sql::first(connection, &find, (slide, kind, sql::key_in(key)), read)
        })
    }

    /// The slide's jobs that were refused, by kind and key, at most 1024.
    pub fn refused_jobs(&self, slide: SlideId) -> Result<Vec<JobRow>, ReadError> {
        let list = format!(
            "SELECT {COLUMNS} FROM jobs WHERE slide = ? AND state = ? ORDER BY kind, key \
             LIMIT {PAGE_ROWS}"
        );
        self.read("list refused jobs", |connection| {
            sql::all(connection, &list, (slide, JobState::Refused), read)
        })
    }

    /// Results of one kind in the order of their keys, from `from_key` on, at most `most` (and
    /// 1024): the caller never holds a slide's results.
    pub fn results(
        &self,
        slide: SlideId,
        kind: &str,
        from_key: u64,
        most: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, ReadError> {
        let list = "SELECT key, bytes FROM jobs JOIN results ON job = id \
                    WHERE slide = ? AND kind = ? AND key >= ? ORDER BY key LIMIT ?";
        let most = most.min(PAGE_ROWS) as i64;
        let page = (slide, kind, sql::key_in(from_key), most);
        self.read("read results", |connection| {
            sql::all(connection, list, page, |row| Ok((sql::key_out(row.get(0)?), row.get(1)?)))
        })
    }

    /// How many jobs of each kind are in each state, in one slide or in all.
    pub fn job_counts(
        &self,
        slide: Option<SlideId>,
    ) -> Result<BTreeMap<String, JobCount>, ReadError> {
        self.read("count jobs", |connection| crate::census::jobs(connection, slide))
    }
}

/// Checks jobs before they are queued; gives their bytes.
pub(crate) fn check(jobs: &[NewJob], limits: &Limits) -> Result<usize, WriteError> {
    for job in jobs {
        limits.name("job kind", &job.kind)?;
        limits.payload("job payload", &job.payload)?;
    }
    Ok(jobs.iter().map(|job| job.payload.len()).sum())
}

/// Adds what is not there yet; gives how many those were.
pub(crate) fn add(
    connection: &Connection,
    slide: SlideId,
    jobs: &[NewJob],
    now_ms: u64,
) -> rusqlite::Result<usize> {
    let insert = "INSERT INTO jobs (slide, kind, key, due_ms, payload) VALUES (?, ?, ?, ?, ?) \
                  ON CONFLICT (slide, kind, key) DO NOTHING";
    let mut insert = connection.prepare(insert)?;
    let mut new = 0;
    for NewJob { kind, key, payload } in jobs {
        let row = (slide, kind, sql::key_in(*key), sql::signed(now_ms), payload);
        new += insert.execute(row)?;
    }
    Ok(new)
}

/// Refuses all jobs of a slide that nobody has finished.
pub(crate) fn refuse_open(
    connection: &Connection,
    slide: SlideId,
    reason: &str,
) -> Result<usize, Fault> {
    let refuse = "UPDATE jobs SET state = 3, reason = ? WHERE slide = ? AND state < 2";
    Ok(sql::run(connection, refuse, (reason, slide))?)
}

const COLUMNS: &str = "id, kind, key, state, tries, owner, reason";

fn read(row: &Row<'_>) -> rusqlite::Result<JobRow> {
    Ok(JobRow {
        id: row.get(0)?,
        kind: row.get(1)?,
        key: sql::key_out(row.get(2)?),
        state: row.get(3)?,
        tries: row.get(4)?,
        owner: row.get(5)?,
        reason: row.get(6)?,
    })
}

impl ToSql for JobId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(sql::signed(self.0).into())
    }
}

impl FromSql for JobId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self(sql::unsigned(value.as_i64()?)))
    }
}

impl ToSql for JobState {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok((*self as i64).into())
    }
}

impl FromSql for JobState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_i64()? {
            0 => Ok(Self::Waiting),
            1 => Ok(Self::Leased),
            2 => Ok(Self::Done),
            3 => Ok(Self::Refused),
            other => Err(FromSqlError::OutOfRange(other)),
        }
    }
}
