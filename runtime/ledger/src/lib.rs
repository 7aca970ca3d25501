//! The durable state of the box: slides, tiles, jobs, results, outbox, audit.

#![forbid(unsafe_code)]
