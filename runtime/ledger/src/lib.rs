//! The durable state of the box: slides, tiles, jobs, results, outbox, audit.
//!
//! One SQLite file holds all of it, so that "finished, queued to be sent, audited" is one
//! transaction. The ledger does not know what a tile shows or a result says: rows are typed,
//! payloads are bytes.
//!
//! **Contract.**
//! - What a call has returned is on the disk: write-ahead log, `synchronous=FULL`, answered after
//!   the commit. A call that failed changed nothing, or, where the disk failed, may be found done
//!   after a restart; each call can be made again.
//! - The same slide, tile, job, message or request twice is one.
//! - Order: messages have one sequence, jobs are leased oldest first, the audit is one chain.
//! - Everything that grows has a bound ([`Limits`]) and a defined answer at it.
//! - Two processes may hold the same file open and both write.
//! - Times are the caller's, in Unix milliseconds: the ledger knows no clock.
//!
//! A slide: `Open` (tiles arrive) → `Ended` (no more tiles) → `Finished`, or `Refused`.
//! A job: waiting → leased → done or refused; a lease that ran out is leased again.
//! A message: queued → sent (a tombstone of its id stays), or poisoned and kept apart.

#![forbid(unsafe_code)]

mod audit;
mod bell;
mod census;
mod changes;
mod control;
mod error;
mod handle;
mod job;
mod journal;
mod lease;
mod limits;
mod open;
mod outbox;
mod prune;
mod readers;
mod request;
mod schema;
mod slide;
mod sql;
mod tile;
mod verdict;
mod writer;

pub use audit::{Audit, AuditFault, AuditRow, AuditTail};
pub use census::{Census, Count, JobCount};
pub use changes::Changes;
pub use error::{OpenError, ReadError, WriteError};
pub use handle::Ledger;
pub use job::{JobId, JobRow, JobState, NewJob};
pub use lease::Job;
pub use limits::{Bound, Limits};
pub use open::Opened;
pub use outbox::{Class, Message, NewMessage, Poisoned};
pub use prune::{Keep, Pruned};
pub use request::{Answered, NewRequest, Request};
pub use slide::{Begun, Ended, NewSlide, Reanalysis, SlideId, SlideRow, SlideState};
pub use tile::{NewTile, Stored, TileRow};
pub use verdict::{Finish, Finished};
