//! The uplink against a real mosquitto on loopback, watched by an independent client
//! (`mosquitto_sub`), through a TCP gate of the test that can be shut, cut and throttled.

#![expect(clippy::unwrap_used, reason = "a test may stop")]
#![expect(clippy::print_stderr, reason = "the broker's log belongs to a failure")]

mod commands;
mod delivery;
mod lifecycle;
mod outage;
mod peers;
mod refusal;
mod seal;
mod support;
