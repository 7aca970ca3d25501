//! The tile socket: every tile has its defined answer, the document says what the code does, and the
//! examples in Python and in C work as they stand.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

mod answers;
mod document;
mod examples;

mod picture;
mod server;
mod store;
