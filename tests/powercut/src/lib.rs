//! A file system for tests that loses what was not synced.

#![forbid(unsafe_code)]
