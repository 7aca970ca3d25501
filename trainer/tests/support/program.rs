//! The program as a user runs it.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::ffi::OsStr;
use std::process::Command;

/// What the program said and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: u8,
    pub(crate) errors: String,
}

/// Runs `margay-trainer` with `arguments`.
pub(crate) fn trainer<const N: usize>(arguments: [&OsStr; N]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_margay-trainer"))
        .args(arguments)
        .env("RUST_LOG", "info")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    Ended {
        code: output.status.code().unwrap().try_into().unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    }
}
