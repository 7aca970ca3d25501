//! The Debian package of the box, and whether what it installs holds: units, users, folders,
//! configurations, man page.
//!
//! The checks look at the package as it is, unpacked into a folder, and not at its sources: a file
//! that is not packaged fails too. **Invariant:** a fault never comes alone, all of them stand in
//! the table.

mod manual;
mod notices;
mod package;
mod tools;
mod units;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::command::{cargo, program};
use crate::house;

/// What was looked at, and what came of it.
#[derive(Debug)]
struct Row {
    what: String,
    outcome: Result<String>,
}

/// The package unpacked, as the root folder of a system.
#[derive(Debug)]
struct Unpacked {
    root: PathBuf,
}

impl Unpacked {
    fn program(&self) -> PathBuf {
        self.root.join("usr/bin/margay")
    }
}

/// Packages the release binary and checks what was made.
#[expect(clippy::print_stdout, reason = "a program for the terminal")]
pub(crate) fn run() -> Result<()> {
    let tools = tools::install()?;
    cargo(&["build", "--release", "--locked", "-p", "margay"]).succeed()?;
    let package = package::build(&tools)?;
    let unpacked = package::unpack(&package)?;
    let mut rows = vec![package::lint(&package)];
    rows.extend(units::check(&unpacked)?);
    rows.push(users(&unpacked));
    rows.push(folders(&unpacked));
    rows.extend(configurations(&unpacked)?);
    rows.push(manual::check(&unpacked));

    println!("\n{}", table(&rows));
    println!("The package: {}", package.display());
    let failed = rows.iter().filter(|row| row.outcome.is_err()).count();
    if failed > 0 {
        bail!("{failed} of {} checks of the package failed", rows.len());
    }
    Ok(())
}

/// The users that the services run as can be made.
fn users(unpacked: &Unpacked) -> Row {
    let outcome = (|| {
        program(Path::new("systemd-sysusers"), &[&in_root(unpacked), "margay.conf"]).said()?;
        let users = std::fs::read_to_string(unpacked.root.join("etc/passwd"))?;
        let Some(user) = users.lines().find(|line| line.starts_with("margay:")) else {
            bail!("no user margay came of it");
        };
        if !user.ends_with("/nologin") {
            bail!("margay can log in: {user}");
        }
        Ok("user and group margay, no login".to_owned())
    })();
    Row { what: "systemd-sysusers".to_owned(), outcome }
}

/// The folders that the services share can be made, each with its mode.
fn folders(unpacked: &Unpacked) -> Row {
    use std::os::unix::fs::PermissionsExt;

    /// Nobody but the group sees results, and the group may drop slides.
    const MODES: [(&str, u32); 4] = [
        ("run/margay", 0o750),
        ("var/lib/margay", 0o750),
        ("var/lib/margay/results", 0o750),
        ("var/lib/margay/in", 0o2770),
    ];
    let outcome = (|| {
        let tool = Path::new("systemd-tmpfiles");
        program(tool, &["--create", &in_root(unpacked), "margay.conf"]).said()?;
        for (folder, wanted) in MODES {
            let mode = unpacked.root.join(folder).metadata()?.permissions().mode() & 0o7777;
            if mode != wanted {
                bail!("/{folder} has mode {mode:o}, not {wanted:o}");
            }
        }
        Ok(format!("{} folders with their modes", MODES.len()))
    })();
    Row { what: "systemd-tmpfiles".to_owned(), outcome }
}

/// The packaged program takes the packaged configurations.
fn configurations(unpacked: &Unpacked) -> Result<Vec<Row>> {
    let mut files = files_in(&unpacked.root.join("usr/share/doc/margay/examples/config"))?;
    files.insert(0, unpacked.root.join("etc/margay/margay.toml"));
    let rows = files.iter().map(|file| {
        let arguments = ["serve", "--check", "--config", &file.to_string_lossy()];
        let outcome = program(&unpacked.program(), &arguments).said().map(|_| "sound".to_owned());
        Row { what: format!("margay serve --check, {}", name_of(file)), outcome }
    });
    Ok(rows.collect())
}

/// The option by which systemd's tools take the unpacked package for the system.
fn in_root(unpacked: &Unpacked) -> String {
    format!("--root={}", unpacked.root.display())
}

/// What lies in `folder`, by name.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in house::read_folder(folder)? {
        files.push(entry?.path());
    }
    files.sort();
    Ok(files)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A line for each check, and what is wrong below those that failed.
fn table(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.what.chars().count()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for Row { what, outcome } in rows {
        match outcome {
            Ok(found) => lines.push(format!("ok    {what:width$}  {found}")),
            Err(error) => {
                lines.push(format!("FAIL  {what:width$}"));
                lines.extend(format!("{error:#}").lines().map(|line| format!("      | {line}")));
            }
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn every_fault_stands_in_the_table() {
        let rows = [
            Row { what: "lintian".into(), outcome: Ok("clean".into()) },
            Row { what: "units".into(), outcome: Err(anyhow!("first\nsecond")) },
        ];

        let table = table(&rows);

        assert_eq!(table, "ok    lintian  clean\nFAIL  units  \n      | first\n      | second");
    }
}
