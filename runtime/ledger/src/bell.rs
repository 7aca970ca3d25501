//! Says to waiting threads of this process that the ledger has changed.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A count of rings, and those who wait for the next.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rings: Mutex<u64>,
    rung: Condvar,
}

impl Bell {
    pub(crate) fn ring(&self) {
        let mut rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        *rings = rings.wrapping_add(1);
        drop(rings);
        self.rung.notify_all();
    }

    pub(crate) fn rings(&self) -> u64 {
        *self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the count is no longer `seen`, at most `longest`.
    pub(crate) fn wait(&self, seen: u64, longest: Duration) {
        let rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.rung.wait_timeout_while(rings, longest, |rings| *rings == seen));
    }
}
