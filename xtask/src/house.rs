//! Where things lie, and the tools that the doors install for themselves.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::command::program;

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the root")
}

/// The folder that cargo builds into.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The entries of a folder.
pub(crate) fn read_folder(folder: &Path) -> Result<fs::ReadDir> {
    fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))
}

/// A Python environment with the packages of `requirements`, a file of the repository; installed
/// once and again when that file changes.
#[derive(Debug)]
pub(crate) struct Python {
    folder: PathBuf,
}

impl Python {
    /// Installs the environment `name`, if it is not there yet.
    pub(crate) fn with(name: &str, requirements: &str) -> Result<Self> {
        let list = root().join(requirements);
        let wanted = fs::read_to_string(&list)
            .with_context(|| format!("{} cannot be read", list.display()))?;
        let folder = target().join("tools").join(name);
        let stamp = folder.join("installed.txt");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            return Ok(Self { folder });
        }

        fs::create_dir_all(&folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        let place = folder.to_string_lossy().into_owned();
        program(Path::new("python3"), &["-m", "venv", "--clear", &place])
            .succeed()
            .context("python3 with its venv module is needed: apt-get install python3-venv")?;
        let python = Self { folder };
        python
            .run(&[
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "-r",
                requirements,
            ])
            .succeed()?;
        let mut file = fs::File::create(&stamp)
            .with_context(|| format!("{} cannot be written", stamp.display()))?;
        std::io::Write::write_all(&mut file, wanted.as_bytes())?;
        Ok(python)
    }

    /// The interpreter with `arguments`.
    pub(crate) fn run(&self, arguments: &[&str]) -> crate::command::Program {
        program(&self.bin("python"), arguments)
    }

    /// A program that a package brought.
    pub(crate) fn bin(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }
}

/// Installs a Debian package for each of `programs` (its name, the package) that is not here.
pub(crate) fn system(programs: &[(&str, &str)]) -> Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_here = |name: &str| {
        let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
        folders.map(|folder| folder.join(name)).any(|file| file.exists())
    };
    let missing: Vec<&str> =
        programs.iter().filter(|(name, _)| !is_here(name)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let remedy = || format!("needed here: apt-get install {}", missing.join(" "));
    program(Path::new("apt-get"), &["update", "-qq"]).succeed().with_context(remedy)?;
    let mut install = vec!["install", "-y", "-qq", "--no-install-recommends"];
    install.extend(&missing);
    program(Path::new("apt-get"), &install)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .succeed()
        .with_context(remedy)
}
