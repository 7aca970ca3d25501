//! The numbers that a session lives by.

use std::time::Duration;

/// Bounds and times of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// QoS 1 messages without an answer, at most; the broker may grant fewer. Small, because a
    /// client stalls when a broker answers out of order.
    pub inflight_max: u16,
    /// Bytes of messages without an answer, at most, or else one message: bounds what telemetry
    /// waits for on the wire.
    pub inflight_bytes_max: u64,
    /// Largest packet that is sent, bytes.
    pub packet_bytes_max: u64,
    /// A message that is refused so often is set apart.
    pub refusals_max: u32,
    /// Wait before a refused message is tried again; doubles each time.
    pub refusal_wait: Duration,
    /// Longest such wait.
    pub refusal_wait_max: Duration,
    /// Largest first wait before a connection is tried again; doubles each time.
    pub reconnect_wait: Duration,
    /// Longest such wait.
    pub reconnect_wait_max: Duration,
    /// A connection that has stood so long is a good one: the waits begin anew.
    pub steady: Duration,
    /// Time between two reports of health.
    pub health_every: Duration,
    /// A broker that answers nothing for so long, beyond what its bytes need, is dead.
    pub answer_patience: Duration,
    /// Slowest link that is waited for, bytes per second.
    pub link_bytes_per_s_min: u64,
    /// Seed of the jitter.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            inflight_max: 16,
            inflight_bytes_max: 4 << 20,
            packet_bytes_max: 16 << 20,
            // 1 + 2 + 4 + … + 64 s: an operator who mends a broker's rights has two minutes.
            refusals_max: 8,
            refusal_wait: Duration::from_secs(1),
            refusal_wait_max: Duration::from_mins(5),
            reconnect_wait: Duration::from_millis(500),
            reconnect_wait_max: Duration::from_mins(1),
            steady: Duration::from_secs(30),
            health_every: Duration::from_secs(30),
            answer_patience: Duration::from_mins(1),
            link_bytes_per_s_min: 16 << 10,
            seed: 0,
        }
    }
}
