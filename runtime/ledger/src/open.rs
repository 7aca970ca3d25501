//! Opening: look, then use, migrate, make or set aside.
//!
//! A ledger is made under another name and renamed when it is whole and synced, so a file under
//! the ledger's name that is empty or half made is damage and not a beginning. A process that has
//! the ledger open holds a shared lock on `<file>.lock`; making, migrating and setting aside need
//! the lock alone.

mod aside;
mod lock;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::OpenError;
use crate::schema;
use crate::sql;

pub(crate) use lock::InUse;

/// How long a statement waits for another process: far above one transaction's sync, far below
/// the deadlines of those who wait for the ledger.
pub(crate) const BUSY: Duration = Duration::from_secs(10);
/// Pages in the write-ahead log before they are taken into the file: 16 MiB, some hundred tiles.
const CHECKPOINT_PAGES: u32 = 4096;
/// The write-ahead log is cut back to this after it was larger.
const LOG_BYTES_KEPT: u64 = 64 << 20;

/// What was found at the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// Nothing; a new ledger was made.
    Fresh,
    /// A sound ledger.
    Existing,
    /// A damaged file; it was set aside and a new ledger was made.
    SetAside {
        /// Where the damaged file is now.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// What a look at the path says.
enum Look {
    Sound(Connection),
    Older { connection: Connection, version: u32 },
    Absent,
    Damaged(String),
}

pub(crate) fn open(path: &Path, now_ms: u64) -> Result<(Connection, InUse, Opened), OpenError> {
    let mut lock = lock::Lock::new(path)?;
    let mut opened = Opened::Existing;
    loop {
        let needs = match look(path)? {
            Look::Sound(connection) => {
                let connection = settle(connection).map_err(storage(path, "set up the file"))?;
                return Ok((connection, lock.share()?, opened));
            }
            Look::Older { version, .. } => {
                format!("it is of schema {version} and must be migrated")
            }
            Look::Absent => "it must be made".to_owned(),
            Look::Damaged(reason) => format!("it is damaged ({reason}) and must be set aside"),
        };
        if !lock.alone(needs)? {
            continue;
        }
        match look(path)? {
            Look::Sound(_) => {}
            Look::Older { mut connection, version } => schema::migrate(&mut connection, version)
                .map_err(storage(path, "migrate the file"))?,
            Look::Absent => {
                opened = Opened::Fresh;
                make(path)?;
            }
            Look::Damaged(reason) => {
                let file = aside::set_aside(path, now_ms)?;
                tracing::error!(file = %file.display(), reason, "Damaged ledger set aside.");
                opened = Opened::SetAside { file, reason };
                make(path)?;
            }
        }
    }
}

/// Says what lies at `path`, without changing it.
fn look(path: &Path) -> Result<Look, OpenError> {
    if !exists(path)? {
        let orphan = exists(&aside::beside(path, "-wal"))?;
        return Ok(if orphan { Look::Damaged(NO_MAIN_FILE.into()) } else { Look::Absent });
    }
    match examine(path) {
        Ok(Found { tables: 0, .. }) => Ok(Look::Damaged("the file is empty".into())),
        Ok(Found { application, .. }) if application != schema::APPLICATION_ID => {
            Err(OpenError::NotALedger { path: path.into() })
        }
        Ok(Found { version, .. }) if version > schema::VERSION => {
            Err(OpenError::Newer { path: path.into(), found: version, known: schema::VERSION })
        }
        Ok(Found { fault: Some(reason), .. }) => Ok(Look::Damaged(reason)),
        Ok(Found { connection, version: schema::VERSION, .. }) => Ok(Look::Sound(connection)),
        Ok(Found { connection, version, .. }) => Ok(Look::Older { connection, version }),
        Err(error) if is_damage(&error) => Ok(Look::Damaged(error.to_string())),
        Err(error) => Err(storage(path, "read the file")(error)),
    }
}

const NO_MAIN_FILE: &str = "the file is gone and its write-ahead log is there";

struct Found {
    connection: Connection,
    application: i32,
    version: u32,
    tables: u32,
    fault: Option<String>,
}

fn examine(path: &Path) -> rusqlite::Result<Found> {
    let connection = connect(path)?;
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    let application = pragma("application_id")?;
    let version: i32 = pragma("user_version")?;
    let tables =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok(Found {
        application,
        version: u32::try_from(version).unwrap_or(u32::MAX),
        tables,
        fault: (verdict != "ok").then_some(verdict),
        connection,
    })
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    Ok(connection)
}

/// Sets what belongs to a connection and not to the file.
fn settle(connection: Connection) -> rusqlite::Result<Connection> {
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", sql::signed(LOG_BYTES_KEPT))?;
    Ok(connection)
}

/// Makes an empty ledger: whole and synced before it has its name.
fn make(path: &Path) -> Result<(), OpenError> {
    let making = aside::beside(path, ".new");
    for leftover in ["", "-wal", "-shm", "-journal"] {
        aside::remove(&aside::beside(&making, leftover))?;
    }
    fill(&making).map_err(storage(&making, "make the file"))?;
    aside::sync(&making)?;
    aside::rename(&making, path)
}

fn fill(path: &Path) -> rusqlite::Result<()> {
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "auto_vacuum", "incremental")?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    schema::migrate(&mut connection, 0)?;
    connection.close().map_err(|(_, error)| error)
}

fn exists(path: &Path) -> Result<bool, OpenError> {
    path.try_exists().map_err(|source| OpenError::Io {
        path: path.into(),
        doing: "look for the file",
        source,
    })
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

fn storage(path: &Path, doing: &'static str) -> impl FnOnce(rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Storage { path, doing, source }
}
