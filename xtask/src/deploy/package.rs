//! The Debian package: built by cargo-deb from the release binary, unpacked, and given to lintian.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::tools::Tools;
use super::{Row, Unpacked, notices};
use crate::command::program;
use crate::house::target;

/// Builds it; gives its file.
pub(super) fn build(tools: &Tools) -> Result<PathBuf> {
    // Where `[package.metadata.deb]` looks for it.
    let notices = target().join("release/THIRD-PARTY");
    notices::write(&notices)?;
    let folder = target().join("debian");
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    let place = folder.to_string_lossy();
    let arguments =
        ["-p", "margay", "--no-build", "--strip", "--offline", "--locked", "--output", &place];
    program(&tools.cargo_deb, &arguments).succeed()?;
    let packages = super::files_in(&folder)?;
    match packages.as_slice() {
        [package] => Ok(package.clone()),
        others => bail!("{} packages lie in {}, not one", others.len(), folder.display()),
    }
}

/// Unpacks it into a folder of its own, as the root of a system.
pub(super) fn unpack(package: &Path) -> Result<Unpacked> {
    let root = target().join("deploy-root");
    if root.exists() {
        fs::remove_dir_all(&root)
            .with_context(|| format!("{} cannot be removed", root.display()))?;
    }
    let arguments = ["--extract", &package.to_string_lossy(), &root.to_string_lossy()];
    program(Path::new("dpkg-deb"), &arguments).succeed()?;
    Ok(Unpacked { root })
}

/// What lintian has against it; what it is told to overlook stands, with the reason, in
/// `deploy/debian/lintian-overrides`.
pub(super) fn lint(package: &Path) -> Row {
    let arguments =
        ["--fail-on", "error,warning", "--allow-root", "--pedantic", &package.to_string_lossy()];
    let outcome = program(Path::new("lintian"), &arguments).said().and_then(|said| {
        if !said.trim().is_empty() {
            bail!("{}", said.trim());
        }
        let size = package.metadata()?.len();
        Ok(format!("clean, {:.1} MB", size as f64 / 1e6))
    });
    Row { what: "lintian".to_owned(), outcome }
}
