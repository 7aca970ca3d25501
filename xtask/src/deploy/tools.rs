//! Programs of others that packaging needs, installed where they are missing.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::command::{cargo, program};
use crate::house::target;

/// A program, and the Debian package that brings it.
const DEBIAN: [(&str, &str); 5] = [
    ("dpkg-deb", "dpkg"),
    ("dpkg-shlibdeps", "dpkg-dev"),
    ("lintian", "lintian"),
    ("man", "man-db"),
    ("systemd-analyze", "systemd"),
];

/// The last one that was tried; it is compiled once.
const CARGO_DEB: &str = "3.8.0";

/// Where the tools are that do not lie on the path.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) cargo_deb: PathBuf,
}

/// Installs what is missing.
pub(super) fn install() -> Result<Tools> {
    let missing: Vec<&str> = DEBIAN
        .into_iter()
        .filter(|(tool, _)| !is_on_path(tool))
        .map(|(_, package)| package)
        .collect();
    if !missing.is_empty() {
        apt_get(&missing)?;
    }
    let folder = target().join("tools").join(format!("cargo-deb-{CARGO_DEB}"));
    let cargo_deb = folder.join("bin/cargo-deb");
    if !cargo_deb.exists() {
        let place = folder.to_string_lossy();
        cargo(&["install", "cargo-deb", "--version", CARGO_DEB, "--locked", "--root", &place])
            .succeed()
            .context("cargo-deb cannot be installed")?;
    }
    Ok(Tools { cargo_deb })
}

fn apt_get(packages: &[&str]) -> Result<()> {
    let install = |more: &[&str]| {
        let arguments = ["install", "--yes", "--quiet", "--no-install-recommends"];
        let arguments: Vec<&str> = arguments.iter().chain(more).copied().collect();
        program(Path::new("apt-get"), &arguments).env("DEBIAN_FRONTEND", "noninteractive").succeed()
    };
    // A bare machine has no list of packages yet.
    install(packages)
        .or_else(|_| {
            program(Path::new("apt-get"), &["update", "--quiet"]).succeed()?;
            install(packages)
        })
        .with_context(|| format!("needed: apt-get install {}", packages.join(" ")))
}

fn is_on_path(tool: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(tool).exists()))
}
