//! The only place of this crate that reads the clocks.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Time since a start, and the time of day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock(Instant);

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the shell is where the clock is read")]
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub(super) fn now(&self) -> Duration {
        self.0.elapsed()
    }

    /// Unix time, ms; 0 where the clock stands before 1970.
    #[expect(clippy::disallowed_methods, reason = "the shell is where the clock is read")]
    pub(super) fn unix_ms() -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();

        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}
