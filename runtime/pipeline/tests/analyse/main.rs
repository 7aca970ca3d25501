//! Promises of `analyse` to those who call it, kept on real tissue with hand-weighted networks.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

mod failures;
mod invariance;
mod memory;
mod piecewise;
mod setting;
mod small_images;
mod tissue;
