//! The versions of the file, and the way from each to the next.
//!
//! `PRAGMA user_version` is the number of steps that a file has been through. A step, once
//! released, is never changed; a change of the schema is a new step.

use rusqlite::Connection;

/// Marks a SQLite file as a ledger ("MRGY").
pub(crate) const APPLICATION_ID: i32 = 0x4D52_4759;

/// The steps, oldest first.
const STEPS: [&str; 2] = [include_str!("schema/0001.sql"), include_str!("schema/0002.sql")];

/// The version that this program writes.
pub(crate) const VERSION: u32 = STEPS.len() as u32;

/// Takes a file from `version` to [`VERSION`], wholly or not at all.
pub(crate) fn migrate(connection: &mut Connection, version: u32) -> rusqlite::Result<()> {
    let change = connection.transaction()?;
    for step in STEPS.iter().skip(version as usize) {
        change.execute_batch(step)?;
    }
    change.pragma_update(None, "application_id", APPLICATION_ID)?;
    change.pragma_update(None, "user_version", VERSION)?;
    change.commit()
}
