//! Pruning: the tiles, jobs and results of finished slides go, oldest first. The slide's own row
//! stays, and with it the answer to "was this slide ever here".
//!
//! A slide goes in steps, each of which is short, since nobody else writes meanwhile. From the
//! first one on it counts as pruned.

use rusqlite::Connection;

use crate::census;
use crate::error::WriteError;
use crate::handle::Ledger;
use crate::slide::SlideId;
use crate::sql;

/// Tiles in one step: some 50 MB of JPEG, a fraction of a second.
const STEP_TILES: usize = 256;
/// Jobs in one step, with their results.
const STEP_JOBS: usize = 512;
/// Pages given back to the file system in one step: 16 MiB.
const STEP_PAGES: u64 = 4096;

/// What is kept of finished slides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Slides that were finished or refused at or after this moment.
    pub finished_since_ms: u64,
    /// Bytes of tiles and results, of all slides.
    pub bytes: u64,
}

/// What has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Slides of which nothing but their row is left.
    pub slides: u64,
    /// Bytes of tiles and results.
    pub bytes: u64,
}

/// One step of pruning.
pub(crate) struct Step {
    bytes: u64,
    slide_is_gone: bool,
}

impl Ledger {
    /// Prunes what is not to be kept, and gives the room back to the file system.
    pub fn prune(&self, keep: Keep, now_ms: u64) -> Result<Pruned, WriteError> {
        let mut pruned = Pruned::default();
        while let Some(step) = self.write("prune a slide", 0, move |connection| {
            Ok(if is_due(connection, keep)? { step(connection, now_ms)? } else { None })
        })? {
            pruned.slides += u64::from(step.slide_is_gone);
            pruned.bytes += step.bytes;
        }
        while self.write("give room back", 0, |connection| Ok(vacuum(connection)?))? {}
        Ok(pruned)
    }
}

fn is_due(connection: &Connection, keep: Keep) -> rusqlite::Result<bool> {
    if weight(connection)? > keep.bytes {
        return Ok(true);
    }
    let finished = sql::first(connection, OLDEST, [], |row| row.get(1).map(sql::unsigned))?;
    Ok(finished.is_some_and(|finished_ms| finished_ms < keep.finished_since_ms))
}

/// Prunes some of the slide that was finished or refused first; `None` where there is none.
pub(crate) fn step(connection: &Connection, now_ms: u64) -> rusqlite::Result<Option<Step>> {
    let Some(slide) = sql::first(connection, OLDEST, [], |row| row.get::<_, SlideId>(0))? else {
        return Ok(None);
    };
    let before = weight(connection)?;
    let tiles = "DELETE FROM tiles WHERE id IN (SELECT id FROM tiles WHERE slide = ? LIMIT ?)";
    let jobs = "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE slide = ? LIMIT ?)";
    let slide_is_gone = sql::run(connection, tiles, (slide, STEP_TILES as i64))? < STEP_TILES
        && sql::run(connection, jobs, (slide, STEP_JOBS as i64))? < STEP_JOBS;
    let mark = "UPDATE slides SET gone = ?, pruned_ms = coalesce(pruned_ms, ?) WHERE id = ?";
    sql::run(connection, mark, (slide_is_gone, sql::signed(now_ms), slide))?;
    Ok(Some(Step { bytes: before.saturating_sub(weight(connection)?), slide_is_gone }))
}

const OLDEST: &str = "SELECT id, finished_ms FROM slides WHERE state >= 2 AND gone = 0 \
                      ORDER BY finished_ms, id LIMIT 1";

/// Bytes of all tiles and results.
fn weight(connection: &Connection) -> rusqlite::Result<u64> {
    let (tiles, results) =
        (census::count(connection, "tiles")?, census::count(connection, "results")?);
    Ok(tiles.bytes.saturating_add(results.bytes))
}

/// Gives some free pages back; says whether there are more.
fn vacuum(connection: &Connection) -> rusqlite::Result<bool> {
    let free = || -> rusqlite::Result<u64> {
        connection.pragma_query_value(None, "freelist_count", |row| row.get(0).map(sql::unsigned))
    };
    let before = free()?;
    // The statement gives a page back each time it is asked for a row.
    let mut give = connection.prepare(&format!("PRAGMA incremental_vacuum({STEP_PAGES})"))?;
    let mut rows = give.query([])?;
    while rows.next()?.is_some() {}
    let after = free()?;
    Ok(after > 0 && after < before)
}
