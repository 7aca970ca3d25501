//! What the tests stand on.

pub(crate) mod broker;
pub(crate) mod gate;
pub(crate) mod scripted;
pub(crate) mod station;
pub(crate) mod watcher;

use std::time::Duration;

pub(crate) use broker::Broker;
pub(crate) use gate::Gate;
pub(crate) use station::Station;
pub(crate) use watcher::{Arrival, Watcher};

/// Looks until `holds`; stops the test after a time that no healthy run needs.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..6000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("a minute has passed and it does not hold that {what}");
}

/// A generator for what the tests choose at random: SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}
