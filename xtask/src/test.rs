//! All that CI runs.

use anyhow::Result;

use crate::command::cargo;
use crate::{check, deploy, house, oracle};

/// What the tests start or call, and the Debian packages that bring it.
const PROGRAMS: [(&str, &str); 4] = [
    ("mosquitto", "mosquitto"),
    ("mosquitto_sub", "mosquitto-clients"),
    ("cc", "gcc"),
    ("python3", "python3"),
];

/// Checks, tests, compares with independent programs, and packages.
pub(crate) fn run(no_check: bool) -> Result<()> {
    if !no_check {
        check::run()?;
    }
    house::system(&PROGRAMS)?;
    cargo(&["test", "--release", "--workspace", "--locked"]).succeed()?;
    oracle::run()?;
    deploy::run()
}
