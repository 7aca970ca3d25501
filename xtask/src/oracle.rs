//! Comparisons with independent programs: each is a Python script beside the tests, run in an
//! environment of its own; it prints what it compared and fails on a difference.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::command::{cargo, program};
use crate::house::{self, Python};

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
    let built = house::target().join("release");
    let (margay, maps) = (built.join("margay"), built.join("examples/maps"));
    for (script, what) in SCRIPTS {
        eprintln!("Comparing {what}.");
        python.run(&[script]).env("MARGAY", &margay).env("MARGAY_MAPS", &maps).succeed()?;
    }
    asyncapi()
}

/// The document of the MQTT topics, by the parser of those who wrote the standard.
#[expect(clippy::print_stderr, reason = "a program for the terminal")]
fn asyncapi() -> Result<()> {
    eprintln!("Comparing docs/asyncapi.json with the AsyncAPI standard.");
    house::system(&[("node", "nodejs"), ("npm", "npm")])?;
    let folder = house::target().join("tools/asyncapi");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    for file in ["package.json", "validate.js"] {
        let source = house::root().join("tests/oracle/asyncapi").join(file);
        fs::copy(&source, folder.join(file))
            .with_context(|| format!("{} cannot be copied", source.display()))?;
    }
    let place = folder.to_string_lossy().into_owned();
    program(
        Path::new("npm"),
        &["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", &place],
    )
    .succeed()?;
    let script = folder.join("validate.js").to_string_lossy().into_owned();
    program(Path::new("node"), &[&script, "docs/asyncapi.json"]).succeed()
}
