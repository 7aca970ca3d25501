//! MQTT: results leave by the outbox of the ledger, commands come in.

#![forbid(unsafe_code)]

pub mod session;
