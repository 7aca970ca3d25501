//! Says, cheaply, that somebody has committed: this process or another.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use crate::bell::Bell;
use crate::error::ReadError;
use crate::handle::Ledger;

/// How often another process's commits are looked for; our own ring at once. One look reads four
/// bytes of shared memory.
const LOOK: Duration = Duration::from_millis(50);

/// Watches for commits. Each watcher has a connection and a memory of its own.
pub struct Changes {
    connection: Connection,
    bell: Arc<Bell>,
    version: i64,
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes").field("version", &self.version).finish_non_exhaustive()
    }
}

impl Ledger {
    /// Begins to watch for commits, from now on.
    pub fn changes(&self) -> Result<Changes, ReadError> {
        let storage = |source| ReadError::storage("watch for changes", source);
        let connection = self.readers().connect().map_err(storage)?;
        let version = data_version(&connection).map_err(storage)?;
        Ok(Changes { connection, bell: self.bell(), version })
    }
}

impl Changes {
    /// Says whether anybody has committed since the last look.
    pub fn any(&mut self) -> Result<bool, ReadError> {
        let version = data_version(&self.connection)
            .map_err(|source| ReadError::storage("watch for changes", source))?;
        let changed = version != self.version;
        self.version = version;
        Ok(changed)
    }

    /// Waits until somebody commits, at most about `longest`; says whether anybody did.
    pub fn wait(&mut self, longest: Duration) -> Result<bool, ReadError> {
        let mut left = longest;
        loop {
            let rings = self.bell.rings();
            if self.any()? {
                return Ok(true);
            }
            if left.is_zero() {
                return Ok(false);
            }
            let look = LOOK.min(left);
            self.bell.wait(rings, look);
            left -= look;
        }
    }
}

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "data_version", |row| row.get(0))
}
