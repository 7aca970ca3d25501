//! Waits that grow, with full jitter, capped, without end.

use std::time::Duration;

/// The waits of one thing that is tried again and again.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    first: Duration,
    longest: Duration,
    attempt: u32,
    random: SplitMix64,
}

impl Backoff {
    pub(super) fn new(first: Duration, longest: Duration, seed: u64) -> Self {
        Self { first, longest, attempt: 0, random: SplitMix64(seed) }
    }

    /// The next wait: anything from nothing to the doubled bound, so that a fleet that lost its
    /// broker together does not come back together.
    pub(super) fn next(&mut self) -> Duration {
        let bound = doubled(self.first, self.attempt, self.longest);
        self.attempt = self.attempt.saturating_add(1);

        bound.mul_f64(self.random.fraction())
    }

    /// Begins anew.
    pub(super) fn reset(&mut self) {
        self.attempt = 0;
    }
}

/// `first`, doubled `times` times, at most `longest`.
pub(super) fn doubled(first: Duration, times: u32, longest: Duration) -> Duration {
    let factor = 1_u32.checked_shl(times).unwrap_or(u32::MAX);

    first.checked_mul(factor).map_or(longest, |wait| wait.min(longest))
}

/// The generator of Steele, Lea and Flood: 64 bits of state, good enough for jitter.
#[derive(Clone, Debug)]
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below 1.
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_wait_is_never_longer_than_its_bound_and_the_bound_stops_growing() {
        let mut backoff = Backoff::new(SECOND, SECOND * 60, 7);
        let bounds = [1, 2, 4, 8, 16, 32].map(|seconds| SECOND * seconds);

        for bound in bounds.into_iter().chain([SECOND * 60; 100]) {
            assert!(backoff.next() <= bound);
        }
    }

    #[test]
    fn the_jitter_is_full_and_repeats_with_its_seed() {
        let waits = |seed| {
            let mut backoff = Backoff::new(SECOND * 60, SECOND * 60, seed);
            (0..200).map(|_| backoff.next()).collect::<Vec<_>>()
        };

        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
        assert!(waits(1).iter().any(|wait| *wait < SECOND * 6));
        assert!(waits(1).iter().any(|wait| *wait > SECOND * 54));
    }

    #[test]
    fn doubling_without_end_stays_at_the_longest() {
        assert_eq!(doubled(SECOND, 0, SECOND * 60), SECOND);
        assert_eq!(doubled(SECOND, 31, SECOND * 60), SECOND * 60);
        assert_eq!(doubled(SECOND, u32::MAX, SECOND * 60), SECOND * 60);
    }
}
