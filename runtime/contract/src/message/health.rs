//! How a box is: telemetry, sent at QoS 0 and never kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Format;
use crate::ModelUse;

/// The health of a box. What it cannot read is absent, never zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// 1.
    pub format: Format,
    /// Time since the program started, s.
    pub uptime_s: u64,
    /// Tiles processed per second, over the last minute.
    pub tiles_per_s: f64,
    /// Jobs by kind and state; a kind without jobs is left out.
    pub queues: Vec<Queue>,
    /// What waits to be sent.
    pub outbox: Backlog,
    /// The disk of the durable state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<Disk>,
    /// The machine's memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// Sensors that could be read.
    pub temperatures: Vec<Temperature>,
    /// The models that it serves.
    pub models: Vec<ModelUse>,
    /// The latest fault since the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<Fault>,
}

/// Jobs of one kind in one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Queue {
    /// Kind of job, for example `window`.
    pub kind: String,
    /// State, for example `waiting`.
    pub state: String,
    /// Number of jobs.
    pub jobs: u64,
}

/// What waits to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Backlog {
    /// Messages.
    pub rows: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Age of the oldest, s; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_s: Option<u64>,
    /// Messages that the broker has refused for good; they are kept.
    pub poisoned: u64,
}

/// A disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disk {
    /// Bytes that the program may still write.
    pub free_bytes: u64,
    /// All its bytes.
    pub total_bytes: u64,
}

/// Memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Memory {
    /// Bytes that a program could still have without swapping.
    pub available_bytes: u64,
    /// All its bytes.
    pub total_bytes: u64,
}

/// A sensor's reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Temperature {
    /// Name of the sensor, as the kernel gives it.
    pub sensor: String,
    /// Reading, °C.
    pub celsius: f64,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// What, for an operator: no slide's label, no patient's text.
    pub what: String,
    /// When: RFC 3339, UTC.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
}
