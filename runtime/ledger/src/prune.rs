//! Pruning: the tiles, jobs and results of finished slides go, oldest first. The slide's own row
//! stays, and with it the answer to "was this slide ever here".

use rusqlite::Connection;

use crate::census;
use crate::error::WriteError;
use crate::handle::Ledger;
use crate::slide::SlideId;
use crate::sql;

/// Pages given back to the file system in one transaction: 16 MiB.
const VACUUM_PAGES: u64 = 4096;

/// What is kept of finished slides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Slides that were finished at or after this moment.
    pub finished_since_ms: u64,
    /// Bytes of tiles and results, of all slides.
    pub bytes: u64,
}

/// What has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Slides.
    pub slides: u64,
    /// Bytes of tiles and results.
    pub bytes: u64,
}

impl Ledger {
    /// Prunes what is not to be kept, a slide in a transaction, and gives the room back to the file
    /// system.
    pub fn prune(&self, keep: Keep, now_ms: u64) -> Result<Pruned, WriteError> {
        let mut pruned = Pruned::default();
        while let Some(bytes) = self.write("prune a slide", 0, move |connection| {
            Ok(if is_due(connection, keep)? { oldest(connection, now_ms)? } else { None })
        })? {
            pruned.slides += 1;
            pruned.bytes += bytes;
        }
        while self.write("give room back", 0, |connection| Ok(vacuum(connection)?))? {}
        Ok(pruned)
    }
}

fn is_due(connection: &Connection, keep: Keep) -> rusqlite::Result<bool> {
    let (tiles, results) =
        (census::count(connection, "tiles")?, census::count(connection, "results")?);
    if tiles.bytes.saturating_add(results.bytes) > keep.bytes {
        return Ok(true);
    }
    let finished = sql::first(connection, OLDEST, [], |row| row.get(1).map(sql::unsigned))?;
    Ok(finished.is_some_and(|finished_ms| finished_ms < keep.finished_since_ms))
}

/// Prunes the slide that was finished or refused first; gives its bytes, `None` where there is none.
pub(crate) fn oldest(connection: &Connection, now_ms: u64) -> rusqlite::Result<Option<u64>> {
    let Some(slide) = sql::first(connection, OLDEST, [], |row| row.get::<_, SlideId>(0))? else {
        return Ok(None);
    };
    let bytes = || -> rusqlite::Result<u64> {
        let (tiles, results) =
            (census::count(connection, "tiles")?, census::count(connection, "results")?);
        Ok(tiles.bytes + results.bytes)
    };
    let before = bytes()?;
    sql::run(connection, "DELETE FROM tiles WHERE slide = ?", [slide])?;
    sql::run(connection, "DELETE FROM jobs WHERE slide = ?", [slide])?;
    let mark = "UPDATE slides SET pruned_ms = ? WHERE id = ?";
    sql::run(connection, mark, (sql::signed(now_ms), slide))?;
    Ok(Some(before.saturating_sub(bytes()?)))
}

const OLDEST: &str = "SELECT id, finished_ms FROM slides WHERE state >= 2 AND pruned_ms IS NULL \
                      ORDER BY finished_ms, id LIMIT 1";

/// Gives some free pages back; says whether there are more.
fn vacuum(connection: &Connection) -> rusqlite::Result<bool> {
    let free = || -> rusqlite::Result<u64> {
        connection.pragma_query_value(None, "freelist_count", |row| row.get(0).map(sql::unsigned))
    };
    let before = free()?;
    let mut step = connection.prepare(&format!("PRAGMA incremental_vacuum({VACUUM_PAGES})"))?;
    let mut rows = step.query([])?;
    while rows.next()?.is_some() {}
    let after = free()?;
    Ok(after > 0 && after < before)
}
