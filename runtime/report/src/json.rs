//! `report.json` and its like: indented, whole or not at all.

use std::path::Path;

use serde::Serialize;
use thiserror::Error;

use crate::atomic::{self, WriteError};

/// Why a report was not written.
#[derive(Debug, Error)]
pub enum JsonError {
    /// The file cannot be written.
    #[error("the report cannot be written")]
    File(#[source] WriteError),
    /// The report holds what JSON cannot say.
    #[error("the report cannot be written as JSON")]
    Encode(#[source] serde_json::Error),
}

/// Writes `report` to `path`.
pub fn write(path: &Path, report: &impl Serialize) -> Result<(), JsonError> {
    let mut text = serde_json::to_string_pretty(report).map_err(JsonError::Encode)?;
    text.push('\n');
    atomic::write(path, text.as_bytes()).map_err(JsonError::File)
}
