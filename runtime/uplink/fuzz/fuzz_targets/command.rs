//! Sends foreign bytes as a command, twice, and reads the answers.
//!
//! The first line of an input is the command's topic below `cmd/`, the second the response topic
//! (empty for none), the rest the message; a first line that starts with `!` is a retained one.
//!
//! `cargo fuzz run command` from the crate's folder. The corpus is replayed by
//! `tests/fuzz_corpus.rs`; an input that fails here is added to it.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    uplink::command::trial::run(bytes);
});
