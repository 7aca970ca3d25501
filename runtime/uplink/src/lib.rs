//! MQTT: results leave by the outbox of the ledger, commands come in.
//!
//! [`Uplink::spawn`] starts it; everything that decides is in [`session`] and [`command`], pure and
//! without a clock; `shell` does what they say. Only this crate names the MQTT client.
//!
//! **Contract:** a message leaves the ledger's outbox when the broker's PUBACK for it has come, and
//! not before, so each arrives at least once; those of one stream arrive for the first time in
//! their order; a repetition carries the same id.

#![forbid(unsafe_code)]

pub mod command;
mod config;
mod link;
mod machine;
mod secret;
pub mod session;
mod shell;
mod tls;

pub use config::{Config, ConfigError, Identity, Login, Protocol, Tls};
pub use machine::{memory, temperatures};
pub use secret::{Secret, SecretError};
pub use shell::{
    Appliance, Condition, Connection, Handle, SpawnError, Status, Stopped, Uplink, Vitals,
};
