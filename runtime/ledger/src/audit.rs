//! The audit: who did what, when; append-only and hash-chained.
//!
//! ```text
//! hash(0) = 32 zero bytes
//! hash(n) = SHA-256( hash(n-1) ‖ n ‖ at_ms ‖ len(who) ‖ who ‖ len(what) ‖ what ‖ len(detail) ‖ detail )
//! ```
//! Numbers are u64, little-endian. The head (the last n and hash) lies in a row of its own, so that
//! rows missing at the end are found.
//!
//! Triggers refuse changes by accident. Who may write the file can rewrite the whole chain: to
//! prove that it was not, keep a copy of the head elsewhere ([`AuditTail`] is in each health
//! message's reach).

use rusqlite::{Connection, Row};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::error::{ReadError, WriteError};
use crate::handle::Ledger;
use crate::limits::Limits;
use crate::sql;

/// Rows in one answer, whatever was asked for.
const PAGE_ROWS: usize = 1024;

/// What is to be audited.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audit {
    /// Who did it.
    pub who: String,
    /// What was done, in one word.
    pub what: String,
    /// To what, from what, why.
    pub detail: Vec<u8>,
}

/// A row of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number, from 1, without a gap.
    pub n: u64,
    /// When it was written.
    pub at_ms: u64,
    /// What it says.
    pub audit: Audit,
    /// The hash of the chain up to it.
    pub hash: [u8; 32],
}

/// The end of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditTail {
    /// Rows in it.
    pub rows: u64,
    /// The hash of the last.
    pub hash: [u8; 32],
}

/// What is wrong with the chain: the first bad row.
#[derive(Debug, Error)]
pub enum AuditFault {
    /// It could not be read.
    #[error("the audit cannot be read")]
    Read(#[source] ReadError),
    /// A row is not where it must be.
    #[error("audit row {expected} is missing: row {found} stands in its place")]
    Missing {
        /// The number that must follow.
        expected: u64,
        /// The number that does.
        found: u64,
    },
    /// A row is not what was written.
    #[error("audit row {n} is not what was written: it, or one before it, was changed")]
    Changed {
        /// Its number.
        n: u64,
    },
    /// The chain ends early or late.
    #[error("the audit has {found} rows and its head says {expected}")]
    Length {
        /// Rows that the head tells of.
        expected: u64,
        /// Rows that there are.
        found: u64,
    },
    /// The chain is whole and its head is of another.
    #[error("the audit's head does not belong to its last row, {n}")]
    Head {
        /// The last row.
        n: u64,
    },
}

impl Audit {
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), WriteError> {
        limits.name("audit: who", &self.who)?;
        limits.name("audit: what", &self.what)?;
        limits.payload("audit detail", &self.detail)
    }
}

impl Ledger {
    /// Writes a row that belongs to nothing else.
    pub fn note(&self, audit: Audit, now_ms: u64) -> Result<(), WriteError> {
        audit.check(self.limits())?;
        self.write("write the audit", audit.detail.len(), move |connection| {
            Ok(append(connection, &audit, now_ms)?)
        })
    }

    /// Rows after `after`, at most `most` (and 1024).
    pub fn audit(&self, after: u64, most: usize) -> Result<Vec<AuditRow>, ReadError> {
        let list = format!("SELECT {COLUMNS} FROM audit WHERE n > ? ORDER BY n LIMIT ?");
        let page = (sql::signed(after), most.min(PAGE_ROWS) as i64);
        self.read("read the audit", |connection| sql::all(connection, &list, page, read))
    }

    /// Reads the whole chain and says where it first is not what was written.
    pub fn verify_audit(&self) -> Result<AuditTail, AuditFault> {
        self.read("verify the audit", |connection| Ok((walk(connection)?, head(connection)?)))
            .map_err(AuditFault::Read)
            .and_then(|(walked, head)| compare(walked?, head))
    }
}

/// Appends a row to the chain.
pub(crate) fn append(connection: &Connection, audit: &Audit, now_ms: u64) -> rusqlite::Result<()> {
    let head = head(connection)?;
    let (n, at_ms) = (head.rows + 1, sql::signed(now_ms));
    let hash = link(&head.hash, n, sql::unsigned(at_ms), audit);
    let Audit { who, what, detail } = audit;
    let insert = format!("INSERT INTO audit ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)");
    sql::run(connection, &insert, (sql::signed(n), at_ms, who, what, detail, &hash[..]))?;
    let head = "UPDATE audit_head SET n = ?, hash = ?";
    sql::run(connection, head, (sql::signed(n), &hash[..]))?;
    Ok(())
}

/// The end of the chain, as its head says.
pub(crate) fn head(connection: &Connection) -> rusqlite::Result<AuditTail> {
    connection.query_row("SELECT n, hash FROM audit_head", [], |row| {
        Ok(AuditTail { rows: sql::unsigned(row.get(0)?), hash: row.get(1)? })
    })
}

/// Follows the chain from its beginning, one row in memory at a time.
fn walk(connection: &Connection) -> rusqlite::Result<Result<AuditTail, AuditFault>> {
    let mut rows = connection.prepare(&format!("SELECT {COLUMNS} FROM audit ORDER BY n"))?;
    let mut tail = AuditTail { rows: 0, hash: [0; 32] };
    for row in rows.query_map([], read)? {
        let row = row?;
        let n = tail.rows + 1;
        if row.n != n {
            return Ok(Err(AuditFault::Missing { expected: n, found: row.n }));
        }
        if row.hash != link(&tail.hash, n, row.at_ms, &row.audit) {
            return Ok(Err(AuditFault::Changed { n }));
        }
        tail = AuditTail { rows: n, hash: row.hash };
    }
    Ok(Ok(tail))
}

fn compare(walked: AuditTail, head: AuditTail) -> Result<AuditTail, AuditFault> {
    if walked.rows != head.rows {
        return Err(AuditFault::Length { expected: head.rows, found: walked.rows });
    }
    if walked.hash != head.hash {
        return Err(AuditFault::Head { n: walked.rows });
    }
    Ok(walked)
}

fn link(before: &[u8; 32], n: u64, at_ms: u64, audit: &Audit) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(n.to_le_bytes());
    hash.update(at_ms.to_le_bytes());
    for part in [audit.who.as_bytes(), audit.what.as_bytes(), &audit.detail] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

const COLUMNS: &str = "n, at_ms, who, what, detail, hash";

fn read(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    Ok(AuditRow {
        n: sql::unsigned(row.get(0)?),
        at_ms: sql::unsigned(row.get(1)?),
        audit: Audit { who: row.get(2)?, what: row.get(3)?, detail: row.get(4)? },
        hash: row.get(5)?,
    })
}
