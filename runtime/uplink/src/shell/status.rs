//! How the uplink is, for the page, the doctor and the journal.

use crate::session::{Counts, Fault};

/// How the uplink is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The connection.
    pub connection: Connection,
    /// Why there is none, or the latest reason why there was none; it goes with the next
    /// connection.
    pub fault: Option<Fault>,
    /// Why the ledger cannot be read or written, if it cannot.
    pub ledger_fault: Option<String>,
    /// Streams that wait because a message of theirs was refused or lost its connection.
    pub streams_held: usize,
    /// What was counted since the start.
    pub counts: Counts,
}

/// A connection, as far as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    /// There is none; it is tried again.
    #[default]
    Down,
    /// It stands.
    Up {
        /// Since then, Unix ms.
        since_ms: u64,
    },
    /// The uplink has ended.
    Over,
}
