//! Foreign bytes as the manifest of a watched folder: it names nothing outside its folder.
//!
//! `cargo fuzz run manifest` from the crate's folder.

#![no_main]

#[path = "../listing.rs"]
mod listing;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    listing::listing(bytes);
});
