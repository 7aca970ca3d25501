//! The bounds of everything that grows, in rows and bytes.

use crate::error::WriteError;

/// Rows and bytes, as a bound or as what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bound {
    /// Rows.
    pub rows: u64,
    /// Bytes of payload in them.
    pub bytes: u64,
}

/// What the ledger takes before it refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Results that no broker has acknowledged, or that wait for the journal. Beyond it, [`finish`]
    /// refuses.
    ///
    /// [`finish`]: crate::Ledger::finish
    pub outbox_results: Bound,
    /// Telemetry and replies that have not left. Beyond it, the oldest are dropped and counted.
    pub outbox_telemetry: Bound,
    /// Messages that the broker refuses for good. Beyond it, [`poisoned`] refuses.
    ///
    /// [`poisoned`]: crate::Ledger::poisoned
    pub poisoned: Bound,
    /// Tiles of all slides. Beyond it, those of finished slides are pruned; if that does not help,
    /// [`store_tile`] refuses.
    ///
    /// [`store_tile`]: crate::Ledger::store_tile
    pub tiles: Bound,
    /// Results of jobs. Beyond it, those of finished slides are pruned; then [`finish`] refuses.
    ///
    /// [`finish`]: crate::Ledger::finish
    pub results: Bound,
    /// Slides that are neither finished nor refused.
    pub slides_open: u64,
    /// Requests that nobody has answered.
    pub requests: Bound,
    /// Bytes of one payload, meta, result or tile.
    pub row_bytes: u64,
    /// Bytes of one id, key, topic, owner or reason.
    pub id_bytes: u64,
}

impl Default for Limits {
    /// Seven days without a broker at 300 slides a day, and four slides of raw tiles at once.
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            outbox_results: Bound { rows: 10_000, bytes: 1024 * MIB },
            outbox_telemetry: Bound { rows: 10_000, bytes: 32 * MIB },
            poisoned: Bound { rows: 1_000, bytes: 256 * MIB },
            tiles: Bound { rows: 50_000, bytes: 40 * 1024 * MIB },
            results: Bound { rows: 100_000, bytes: 8 * 1024 * MIB },
            slides_open: 64,
            requests: Bound { rows: 1_000, bytes: 16 * MIB },
            row_bytes: 64 * MIB,
            id_bytes: 512,
        }
    }
}

impl Limits {
    /// Refuses a payload that is larger than one row may be.
    pub(crate) fn payload(&self, what: &'static str, bytes: &[u8]) -> Result<(), WriteError> {
        too_large(what, bytes.len() as u64, self.row_bytes)
    }

    /// Refuses a name that is empty or too long.
    pub(crate) fn name(&self, what: &'static str, name: &str) -> Result<(), WriteError> {
        if name.is_empty() {
            return Err(WriteError::Empty { what });
        }
        too_large(what, name.len() as u64, self.id_bytes)
    }
}

fn too_large(what: &'static str, bytes: u64, bytes_max: u64) -> Result<(), WriteError> {
    if bytes > bytes_max {
        return Err(WriteError::TooLarge { what, bytes, bytes_max });
    }
    Ok(())
}
