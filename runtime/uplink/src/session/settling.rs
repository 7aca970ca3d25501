//! What the broker has decided and the ledger does not know yet.
//!
//! **Invariant:** a decision stays here until the ledger has it on the disk; until then its message
//! is not sent again by this process. If the process dies first, it is sent again: the id is the
//! same. Behind a message that is to be set apart, its stream waits for the disk: after a restart
//! the broker might take it, and it would come after those that it stood before.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::words::Settlement;

/// Decisions that wait for the disk; beyond it nothing more is sent.
const UNWRITTEN_MAX: usize = 1024;
/// Time before a write that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Decisions that are not on the disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Settling {
    sent: BTreeSet<u64>,
    poisoned: BTreeMap<u64, Apart>,
    tried: Vec<u64>,
    under_way: Option<Settlement>,
    retry_at: Duration,
}

/// A message that is to be set apart.
#[derive(Clone, Debug)]
struct Apart {
    stream: String,
    reason: String,
}

impl Settling {
    pub(super) fn sent(&mut self, seq: u64) {
        self.sent.insert(seq);
    }

    pub(super) fn poisoned(&mut self, seq: u64, stream: &str, reason: String) {
        self.poisoned.insert(seq, Apart { stream: stream.to_owned(), reason });
    }

    pub(super) fn tried(&mut self, seq: u64) {
        self.tried.push(seq);
    }

    /// What is to be written now.
    pub(super) fn write(&mut self, now: Duration) -> Option<Settlement> {
        if self.under_way.is_some() || now < self.retry_at {
            return None;
        }
        let settlement = Settlement {
            sent: self.sent.iter().copied().collect(),
            poisoned: self
                .poisoned
                .iter()
                .map(|(seq, apart)| (*seq, apart.reason.clone()))
                .collect(),
            tried: std::mem::take(&mut self.tried),
        };
        if settlement.is_empty() {
            return None;
        }
        self.under_way = Some(settlement.clone());
        Some(settlement)
    }

    /// Takes the answer: what is on the disk. A count of tries that was not written is let go: it
    /// only delays.
    pub(super) fn written(&mut self, written: &Settlement, now: Duration) {
        let Some(asked) = self.under_way.take() else { return };
        if asked != *written {
            self.retry_at = now + RETRY;
        }
        for seq in &written.sent {
            self.sent.remove(seq);
        }
        for (seq, _) in &written.poisoned {
            self.poisoned.remove(seq);
        }
    }

    /// Messages that are decided.
    pub(super) fn decided(&self) -> impl Iterator<Item = u64> {
        self.sent.iter().chain(self.poisoned.keys()).copied()
    }

    /// Streams that wait for the disk.
    pub(super) fn streams(&self) -> impl Iterator<Item = &str> {
        self.poisoned.values().map(|apart| apart.stream.as_str())
    }

    /// Whether so much waits that nothing more may be sent.
    pub(super) fn is_full(&self) -> bool {
        self.sent.len() + self.poisoned.len() >= UNWRITTEN_MAX
    }

    /// Whether all is on the disk.
    pub(super) fn is_empty(&self) -> bool {
        self.sent.is_empty() && self.poisoned.is_empty() && self.tried.is_empty()
    }
}
