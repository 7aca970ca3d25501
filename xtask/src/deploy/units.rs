//! The units: what systemd has against them, and how exposed their services are, as packaged and
//! with each example of a drop-in.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::{Row, Unpacked, files_in, in_root, name_of};
use crate::command::program;

/// The services, and the exposure that each may have at most, on systemd's scale from 0 to 10.
const EXPOSURE_MAX: [(&str, f64); 2] =
    [("margay-agent.service", 1.5), ("margay-pipeline.service", 4.0)];

const UNITS: &str = "usr/lib/systemd/system";
const EXAMPLES: &str = "usr/share/doc/margay/examples";

/// Every unit is verified; every service's exposure is measured, alone and with its drop-ins.
pub(super) fn check(unpacked: &Unpacked) -> Result<Vec<Row>> {
    let units = files_in(&unpacked.root.join(UNITS))?;
    lend_targets(unpacked)?;
    let mut rows = Vec::new();
    for unit in &units {
        let name = name_of(unit);
        let outcome = verify(unpacked, unit).map(|()| "no complaint".to_owned());
        rows.push(Row { what: format!("systemd-analyze verify, {name}"), outcome });
    }
    for (service, most) in EXPOSURE_MAX {
        let outcome = exposure_within(unpacked, service, most);
        rows.push(Row { what: format!("systemd-analyze security, {service}"), outcome });
        for drop_in in files_in(&unpacked.root.join(EXAMPLES).join(format!("{service}.d")))? {
            let what = format!("with {service}.d/{}", name_of(&drop_in));
            rows.push(Row { what, outcome: with_drop_in(unpacked, service, &drop_in, most) });
        }
    }
    Ok(rows)
}

/// Puts the machine's own targets beside ours: every unit stands on some of them.
fn lend_targets(unpacked: &Unpacked) -> Result<()> {
    let folder = unpacked.root.join("usr/local/lib/systemd/system");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    for unit in files_in(&Path::new("/").join(UNITS))? {
        if unit.extension().is_some_and(|kind| kind == "target" || kind == "slice") {
            let copy = folder.join(name_of(&unit));
            fs::copy(&unit, &copy)
                .with_context(|| format!("{} cannot be written", copy.display()))?;
        }
    }
    Ok(())
}

/// systemd 252 ends well after a setting that it does not know, so any word of it is a fault. The
/// man page has a check of its own, and is not installed here.
fn verify(unpacked: &Unpacked, unit: &Path) -> Result<()> {
    let arguments = ["verify", "--man=no", &in_root(unpacked), &unit.to_string_lossy()];
    let said = program(Path::new("systemd-analyze"), &arguments).said()?;
    if !said.trim().is_empty() {
        bail!("{}", said.trim());
    }
    Ok(())
}

fn with_drop_in(unpacked: &Unpacked, service: &str, drop_in: &Path, most: f64) -> Result<String> {
    let folder = unpacked.root.join("etc/systemd/system").join(format!("{service}.d"));
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let copy = folder.join(name_of(drop_in));
    fs::copy(drop_in, &copy).with_context(|| format!("{} cannot be written", copy.display()))?;
    let outcome = verify(unpacked, &unpacked.root.join(UNITS).join(service))
        .and_then(|()| exposure_within(unpacked, service, most));
    fs::remove_file(&copy).with_context(|| format!("{} cannot be removed", copy.display()))?;
    outcome
}

/// One line of systemd's assessment.
#[derive(Deserialize)]
struct Assessed {
    name: String,
    /// What it adds; a text, and nothing where the setting is as it should be.
    exposure: Option<String>,
}

fn exposure_within(unpacked: &Unpacked, service: &str, most: f64) -> Result<String> {
    let tool = Path::new("systemd-analyze");
    let root = in_root(unpacked);
    // Tenths of a point: it fails above them.
    let threshold = format!("--threshold={:.0}", most * 10.0);
    let arguments = ["security", "--offline=true", "--no-pager", &root, &threshold, service];
    let said = program(tool, &arguments).env("LC_ALL", "C").said()?;
    let exposure = overall(&said).context("systemd-analyze names no overall exposure")?;
    let arguments = ["security", "--offline=true", "--no-pager", "--json=short", &root, service];
    let assessed: Vec<Assessed> = serde_json::from_str(&program(tool, &arguments).output()?)?;
    let mut open: Vec<&str> = assessed
        .iter()
        .filter(|line| line.exposure.is_some())
        .map(|line| line.name.as_str())
        .collect();
    open.sort_unstable();
    Ok(format!("{exposure} of at most {most}; open: {}", open.join(", ")))
}

/// The number in systemd's last line.
fn overall(said: &str) -> Option<&str> {
    let line = said.lines().rev().find(|line| line.contains("Overall exposure level"))?;
    line.rsplit_once(": ")?.1.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exposure_is_read_off_the_last_line() {
        let said = "...\n\n-> Overall exposure level for margay-agent.service: 1.2 OK :-)\n";

        assert_eq!(overall(said), Some("1.2"));
        assert_eq!(overall("Failed to load"), None);
    }
}
