//! Slides: begun, ended, finished or refused, and analysed again.

use std::fmt;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, ToSql};

use crate::audit::{self, Audit};
use crate::error::{Fault, ReadError, WriteError};
use crate::handle::Ledger;
use crate::job::{self, NewJob};
use crate::limits::{Bound, Limits};
use crate::outbox::{self, NewMessage};
use crate::sql;

/// Slides in one answer: more are asked for with the last id.
const PAGE_ROWS: usize = 256;

/// The ledger's number of a slide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlideId(pub u64);

impl fmt::Display for SlideId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a slide stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SlideState {
    /// Tiles arrive.
    Open,
    /// No more tiles are to come.
    Ended,
    /// Its result has been given.
    Finished,
    /// It will have no result.
    Refused,
}

/// A slide to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSlide {
    /// What its sender calls it; the same key is the same slide.
    pub key: String,
    /// What its sender says of it.
    pub meta: Vec<u8>,
}

/// Whether a slide was begun by this call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// It was.
    New(SlideId),
    /// The same slide was there before.
    Existing(SlideId),
}

impl Begun {
    /// The slide, new or not.
    pub fn id(self) -> SlideId {
        match self {
            Self::New(id) | Self::Existing(id) => id,
        }
    }
}

/// Whether a slide was ended by this call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was.
    Now,
    /// It had ended before, with the same words.
    Before,
}

/// Whether a slide is analysed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reanalysis {
    /// It is; its earlier jobs and their results are gone.
    Begun,
    /// Its tiles have been pruned.
    TilesGone,
}

/// A slide as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlideRow {
    /// Its number.
    pub id: SlideId,
    /// What its sender calls it.
    pub key: String,
    /// What its sender said at its beginning.
    pub meta: Vec<u8>,
    /// What its sender said at its end.
    pub meta_end: Option<Vec<u8>>,
    /// Where it stands.
    pub state: SlideState,
    /// The model version that it is analysed by throughout.
    pub model: Option<String>,
    /// Tiles stored so far.
    pub tiles: u64,
    /// When it was begun.
    pub begun_ms: u64,
    /// When it ended.
    pub ended_ms: Option<u64>,
    /// When it was finished or refused.
    pub finished_ms: Option<u64>,
    /// When the pruning of its tiles, jobs and results began.
    pub pruned_ms: Option<u64>,
}

impl Ledger {
    /// Begins a slide, once for each key; `audit` is written when it is new.
    pub fn begin_slide(
        &self,
        slide: NewSlide,
        audit: Audit,
        now_ms: u64,
    ) -> Result<Begun, WriteError> {
        let limits = self.shared_limits();
        limits.name("slide key", &slide.key)?;
        limits.payload("slide meta", &slide.meta)?;
        audit.check(&limits)?;
        self.write("begin a slide", slide.meta.len(), move |connection| {
            begin(connection, &slide, &audit, &limits, now_ms)
        })
    }

    /// The slide of this number.
    pub fn slide(&self, slide: SlideId) -> Result<Option<SlideRow>, ReadError> {
        self.read("read a slide", |connection| row(connection, slide))
    }

    /// The slide of this key.
    pub fn slide_by_key(&self, key: &str) -> Result<Option<SlideRow>, ReadError> {
        let sql = format!("SELECT {COLUMNS} FROM slides WHERE key = ?");
        self.read("read a slide", |connection| sql::first(connection, &sql, [key], read))
    }

    /// Slides in this state, oldest first, at most 256 after the number `after`.
    pub fn slides(
        &self,
        state: SlideState,
        after: Option<SlideId>,
    ) -> Result<Vec<SlideRow>, ReadError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM slides WHERE state = ? AND id > ? ORDER BY id LIMIT {PAGE_ROWS}"
        );
        let after = after.map_or(0, |id| sql::signed(id.0));
        self.read("list slides", |connection| sql::all(connection, &sql, (state, after), read))
    }

    /// Says which model version the slide is analysed by, and gives the one that holds: the first.
    pub fn pin_model(&self, slide: SlideId, model: &str) -> Result<String, WriteError> {
        self.limits().name("model", model)?;
        let model = model.to_owned();
        self.write("pin a model", 0, move |connection| {
            let pin = "UPDATE slides SET model = coalesce(model, ?) WHERE id = ? RETURNING model";
            let held = sql::first(connection, pin, (&model, slide), |row| row.get(0))?;
            Ok(held.ok_or_else(|| unknown(slide))?)
        })
    }

    /// Says that no more tiles are to come, and adds the jobs that follow from it.
    pub fn end_slide(
        &self,
        slide: SlideId,
        jobs: Vec<NewJob>,
        meta_end: Vec<u8>,
        audit: Audit,
        now_ms: u64,
    ) -> Result<Ended, WriteError> {
        let limits = self.shared_limits();
        limits.payload("slide meta", &meta_end)?;
        audit.check(&limits)?;
        let bytes = job::check(&jobs, &limits)? + meta_end.len();
        self.write("end a slide", bytes, move |connection| {
            let found = row(connection, slide)?.ok_or_else(|| unknown(slide))?;
            if found.state != SlideState::Open {
                return ended_before(&found, &meta_end);
            }
            let end = "UPDATE slides SET state = ?, meta_end = ?, ended_ms = ? WHERE id = ?";
            let ended = (SlideState::Ended, &meta_end, sql::signed(now_ms), slide);
            sql::run(connection, end, ended)?;
            job::add(connection, slide, &jobs, now_ms)?;
            audit::append(connection, &audit, now_ms)?;
            Ok(Ended::Now)
        })
    }

    /// Says that the slide will have no result; its open jobs are refused with it. Gives whether
    /// that is new: a slide that was finished or refused before stays as it is.
    pub fn refuse_slide(
        &self,
        slide: SlideId,
        reason: &str,
        messages: Vec<NewMessage>,
        audit: Audit,
        now_ms: u64,
    ) -> Result<bool, WriteError> {
        let limits = self.shared_limits();
        limits.name("reason", reason)?;
        audit.check(&limits)?;
        let bytes = outbox::check(&messages, &limits)?;
        let reason = reason.to_owned();
        self.write("refuse a slide", bytes, move |connection| {
            let found = row(connection, slide)?.ok_or_else(|| unknown(slide))?;
            if found.state >= SlideState::Finished {
                return Ok(false);
            }
            refuse(connection, slide, &reason, now_ms)?;
            outbox::queue(connection, &messages, &limits, now_ms)?;
            audit::append(connection, &audit, now_ms)?;
            Ok(true)
        })
    }

    /// Begins the analysis of a finished or refused slide anew: its jobs and results go, `jobs`
    /// come, the model is no longer pinned.
    pub fn reanalyse(
        &self,
        slide: SlideId,
        jobs: Vec<NewJob>,
        audit: Audit,
        now_ms: u64,
    ) -> Result<Reanalysis, WriteError> {
        let limits = self.shared_limits();
        audit.check(&limits)?;
        let bytes = job::check(&jobs, &limits)?;
        self.write("analyse a slide again", bytes, move |connection| {
            let found = row(connection, slide)?.ok_or_else(|| unknown(slide))?;
            if found.state < SlideState::Finished {
                return Err(wrong(&found, "be analysed again").into());
            }
            if found.pruned_ms.is_some() {
                return Ok(Reanalysis::TilesGone);
            }
            room(connection, &limits)?;
            sql::run(connection, "DELETE FROM jobs WHERE slide = ?", [slide])?;
            let reopen = "UPDATE slides SET state = ?, model = NULL, finished_ms = NULL, \
                          ended_ms = coalesce(ended_ms, ?) WHERE id = ?";
            sql::run(connection, reopen, (SlideState::Ended, sql::signed(now_ms), slide))?;
            job::add(connection, slide, &jobs, now_ms)?;
            audit::append(connection, &audit, now_ms)?;
            Ok(Reanalysis::Begun)
        })
    }

    /// Drops all that has come of a slide that is not finished: its jobs and results go, `jobs`
    /// come, the model is no longer pinned. Its tiles stay.
    pub fn start_over(
        &self,
        slide: SlideId,
        jobs: Vec<NewJob>,
        audit: Audit,
        now_ms: u64,
    ) -> Result<(), WriteError> {
        let limits = self.shared_limits();
        audit.check(&limits)?;
        let bytes = job::check(&jobs, &limits)?;
        self.write("start a slide over", bytes, move |connection| {
            let found = row(connection, slide)?.ok_or_else(|| unknown(slide))?;
            if found.state >= SlideState::Finished {
                return Err(wrong(&found, "start over").into());
            }
            sql::run(connection, "DELETE FROM jobs WHERE slide = ?", [slide])?;
            sql::run(connection, "UPDATE slides SET model = NULL WHERE id = ?", [slide])?;
            job::add(connection, slide, &jobs, now_ms)?;
            audit::append(connection, &audit, now_ms)?;
            Ok(())
        })
    }
}

fn begin(
    connection: &Connection,
    slide: &NewSlide,
    audit: &Audit,
    limits: &Limits,
    now_ms: u64,
) -> Result<Begun, Fault> {
    let find = "SELECT id, meta FROM slides WHERE key = ?";
    let found = sql::first(connection, find, [&slide.key], |row| {
        Ok((row.get::<_, SlideId>(0)?, row.get::<_, Vec<u8>>(1)?))
    })?;
    match found {
        Some((id, meta)) if meta == slide.meta => return Ok(Begun::Existing(id)),
        Some(_) => return Err(contradicts(&slide.key).into()),
        None => room(connection, limits)?,
    }
    let insert = "INSERT INTO slides (key, meta, state, begun_ms) VALUES (?, ?, ?, ?) RETURNING id";
    let row = (&slide.key, &slide.meta, SlideState::Open, sql::signed(now_ms));
    let id = connection.query_row(insert, row, |row| row.get(0))?;
    audit::append(connection, audit, now_ms)?;
    Ok(Begun::New(id))
}

/// Refuses one more open slide than there may be.
fn room(connection: &Connection, limits: &Limits) -> Result<(), Fault> {
    let rows = crate::census::count(connection, "slides_open")?.rows;
    if rows >= limits.slides_open {
        let limit = Bound { rows: limits.slides_open, bytes: 0 };
        return Err(WriteError::Full { what: "open slides", rows, bytes: 0, limit }.into());
    }
    Ok(())
}

fn ended_before(found: &SlideRow, meta_end: &[u8]) -> Result<Ended, Fault> {
    match &found.meta_end {
        Some(before) if before == meta_end => Ok(Ended::Before),
        Some(_) => Err(contradicts(&found.key).into()),
        None => Err(wrong(found, "be ended").into()),
    }
}

/// Moves a slide to its last state; the same state again is no move.
pub(crate) fn conclude(
    connection: &Connection,
    slide: SlideId,
    state: SlideState,
    now_ms: u64,
) -> Result<(), Fault> {
    let found = row(connection, slide)?.ok_or_else(|| unknown(slide))?;
    match (found.state, state) {
        (before, after) if before == after => Ok(()),
        (SlideState::Ended, SlideState::Finished) => {
            let open = "SELECT 1 FROM jobs WHERE slide = ? AND state < 2 LIMIT 1";
            if sql::first(connection, open, [slide], |_| Ok(()))?.is_some() {
                return Err(wrong(&found, "be finished while a job of it is open").into());
            }
            let finish = "UPDATE slides SET state = ?, finished_ms = ? WHERE id = ?";
            sql::run(connection, finish, (state, sql::signed(now_ms), slide))?;
            Ok(())
        }
        (SlideState::Open | SlideState::Ended, SlideState::Refused) => {
            refuse(connection, slide, "the slide is refused", now_ms)
        }
        (_, SlideState::Finished) => Err(wrong(&found, "be finished").into()),
        (_, SlideState::Refused) => Err(wrong(&found, "be refused").into()),
        (_, SlideState::Open | SlideState::Ended) => Err(wrong(&found, "be opened again").into()),
    }
}

fn refuse(connection: &Connection, slide: SlideId, reason: &str, now_ms: u64) -> Result<(), Fault> {
    let refuse = "UPDATE slides SET state = ?, finished_ms = ? WHERE id = ?";
    sql::run(connection, refuse, (SlideState::Refused, sql::signed(now_ms), slide))?;
    job::refuse_open(connection, slide, reason)?;
    Ok(())
}

pub(crate) fn row(connection: &Connection, slide: SlideId) -> rusqlite::Result<Option<SlideRow>> {
    let sql = format!("SELECT {COLUMNS} FROM slides WHERE id = ?");
    sql::first(connection, &sql, [slide], read)
}

pub(crate) fn unknown(slide: SlideId) -> WriteError {
    WriteError::unknown("slide", &slide)
}

fn contradicts(key: &str) -> WriteError {
    WriteError::Contradicts { what: "slide", key: key.to_owned() }
}

pub(crate) fn wrong(found: &SlideRow, doing: &'static str) -> WriteError {
    WriteError::State { slide: found.id, state: found.state, doing }
}

const COLUMNS: &str = "id, key, meta, meta_end, state, model, tiles, begun_ms, ended_ms, \
                       finished_ms, pruned_ms";

fn read(row: &Row<'_>) -> rusqlite::Result<SlideRow> {
    let ms =
        |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(sql::unsigned));
    Ok(SlideRow {
        id: row.get(0)?,
        key: row.get(1)?,
        meta: row.get(2)?,
        meta_end: row.get(3)?,
        state: row.get(4)?,
        model: row.get(5)?,
        tiles: sql::unsigned(row.get(6)?),
        begun_ms: sql::unsigned(row.get(7)?),
        ended_ms: ms(8)?,
        finished_ms: ms(9)?,
        pruned_ms: ms(10)?,
    })
}

impl ToSql for SlideId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(sql::signed(self.0).into())
    }
}

impl FromSql for SlideId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self(sql::unsigned(value.as_i64()?)))
    }
}

impl ToSql for SlideState {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok((*self as i64).into())
    }
}

impl FromSql for SlideState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_i64()? {
            0 => Ok(Self::Open),
            1 => Ok(Self::Ended),
            2 => Ok(Self::Finished),
            3 => Ok(Self::Refused),
            other => Err(FromSqlError::OutOfRange(other)),
        }
    }
}
