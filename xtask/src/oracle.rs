//! Comparisons with independent programs: each is a Python script beside the tests, run in an
//! environment of its own; it prints what it compared and fails on a difference.

use anyhow::Result;

use crate::command::cargo;
use crate::house::Python;

/// The scripts, and what each compares.
const SCRIPTS: [(&str, &str); 2] = [
    ("tests/oracle/onnx.py", "the shipped networks in onnxruntime"),
    (
        "tests/oracle/results.py",
        "the result files, read by tifffile and checked against the JSON Schema",
    ),
];

/// Runs every script.
#[expect(clippy::print_stderr, reason = "a program for the terminal")]
pub(crate) fn run() -> Result<()> {
    let python = Python::with("oracle", "xtask/requirements-oracle.txt")?;
    cargo(&["build", "--release", "--locked", "-p", "margay"]).succeed()?;
    cargo(&["build", "--release", "--locked", "-p", "engine", "--example", "maps"]).succeed()?;
    let built = crate::house::target().join("release");
    let (margay, maps) = (built.join("margay"), built.join("examples/maps"));
    for (script, what) in SCRIPTS {
        eprintln!("Comparing {what}.");
        python.run(&[script]).env("MARGAY", &margay).env("MARGAY_MAPS", &maps).succeed()?;
    }
    Ok(())
}
