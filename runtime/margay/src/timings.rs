//! Seconds and memory of a run: `--timings FILE`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

/// What a run took.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Timings {
    /// Start of the program to its end.
    pub(crate) wall_s: f64,
    /// Greatest resident memory of the process; 0 where the system does not say.
    pub(crate) peak_memory_bytes: u64,
    /// Worker threads.
    pub(crate) threads: usize,
    /// Each image that was done.
    pub(crate) images: Vec<ImageTimings>,
}

/// What an image took.
#[derive(Debug, Serialize)]
pub(crate) struct ImageTimings {
    /// Its file name.
    pub(crate) name: String,
    /// Its whole area.
    pub(crate) area_mm2: f64,
    /// From opening it to the last file.
    pub(crate) wall_s: f64,
    /// Seconds of work in each stage, over all threads.
    pub(crate) stages: BTreeMap<&'static str, f64>,
}

impl Timings {
    /// Writes the figures as JSON.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        report::atomic::write(path, text.as_bytes())
            .with_context(|| format!("the timings cannot be written to {}", path.display()))
    }
}

/// The process' greatest resident memory, from `/proc/self/status` (proc(5), `VmHWM`).
pub(crate) fn peak_memory_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.map_or(0, |kb| kb * 1024)
}
