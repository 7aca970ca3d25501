//! All that CI runs.

use anyhow::Result;

use crate::command::cargo;
use crate::{check, oracle};

/// Checks, tests, and compares with independent programs.
pub(crate) fn run(no_check: bool) -> Result<()> {
    if !no_check {
        check::run()?;
    }
    cargo(&["test", "--release", "--workspace", "--locked"]).succeed()?;
    oracle::run()
}
