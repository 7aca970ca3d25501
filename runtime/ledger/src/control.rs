//! Small settings that one role writes and another reads: `paused`, `desired-model`.

use crate::audit::{self, Audit};
use crate::error::{ReadError, WriteError};
use crate::handle::Ledger;
use crate::limits::Bound;
use crate::sql;

/// Settings there may be: they are named in code, a handful of them.
const SETTINGS: Bound = Bound { rows: 1000, bytes: 0 };

impl Ledger {
    /// Sets a value, or removes it. Nothing is written, and nothing audited, where it is so already.
    pub fn set(
        &self,
        key: &str,
        value: Option<Vec<u8>>,
        audit: Audit,
        now_ms: u64,
    ) -> Result<bool, WriteError> {
        let limits = self.shared_limits();
        limits.name("setting", key)?;
        limits.payload("setting", value.as_deref().unwrap_or_default())?;
        audit.check(&limits)?;
        let (key, bytes) = (key.to_owned(), value.as_ref().map_or(0, Vec::len));
        self.write("change a setting", bytes, move |connection| {
            let before = sql::first(connection, READ, [&key], |row| row.get(0))?;
            if before == value {
                return Ok(false);
            }
            match &value {
                None => sql::run(connection, "DELETE FROM control WHERE key = ?", [&key])?,
                Some(value) => {
                    let rows = "SELECT count(*) FROM control";
                    let rows =
                        connection.query_row(rows, [], |row| row.get(0)).map(sql::unsigned)?;
                    if before.is_none() && rows >= SETTINGS.rows {
                        let (what, limit) = ("settings", SETTINGS);
                        return Err(WriteError::Full { what, rows, bytes: 0, limit }.into());
                    }
                    let set =
                        "INSERT OR REPLACE INTO control (key, value, set_ms) VALUES (?, ?, ?)";
                    sql::run(connection, set, (&key, value, sql::signed(now_ms)))?
                }
            };
            audit::append(connection, &audit, now_ms)?;
            Ok(true)
        })
    }

    /// The value of a setting.
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>, ReadError> {
        self.read("read a setting", |connection| {
            sql::first(connection, READ, [key], |row| row.get(0))
        })
    }
}

const READ: &str = "SELECT value FROM control WHERE key = ?";
