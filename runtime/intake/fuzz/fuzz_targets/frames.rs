//! Foreign bytes at the tile socket, cut into pieces: what a box would do with them.
//!
//! `cargo fuzz run frames` from the crate's folder. The corpus is replayed by
//! `tests/fuzz_corpus.rs`; an input that fails here is added to it.

#![no_main]

#[path = "../exchange.rs"]
mod exchange;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    exchange::exchange(bytes);
});
