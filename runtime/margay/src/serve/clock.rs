//! The one place that reads the clocks.

#![expect(clippy::disallowed_methods, reason = "the program's shell reads the clock for everybody")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Both clocks of the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    /// Time since now.
    pub(crate) fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Time since the start; never goes back.
    pub(crate) fn up(self) -> Duration {
        self.start.elapsed()
    }

    #[expect(clippy::unused_self, reason = "who has no clock reads no time")]
    /// Unix time, ms; 0 on a machine whose clock is before 1970.
    pub(crate) fn now_ms(self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}
