//! The man page, written by hand: it names every command and option that the program has, and none
//! that it has not.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, bail};

use super::{Row, Unpacked};
use crate::command::program;

const PAGE: &str = "usr/share/man/man1/margay.1.gz";

/// Every command that has options.
const COMMANDS: [&[&str]; 4] = [&[], &["analyze"], &["serve"], &["simulate", "scanner"]];

/// The page has no fault of form, and its options are the program's.
pub(super) fn check(unpacked: &Unpacked) -> Row {
    Row { what: "man page".to_owned(), outcome: compare(unpacked) }
}

fn compare(unpacked: &Unpacked) -> Result<String> {
    let page = unpacked.root.join(PAGE);
    let arguments = ["--warnings", "--local-file", &page.to_string_lossy()];
    // Neither folded nor underlined: an option must be found as it is typed.
    let man = program(Path::new("man"), &arguments);
    let text = man.env("LC_ALL", "C.UTF-8").env("MANWIDTH", "1000").env("MAN_KEEP_FORMATTING", "");
    let text = text.said()?;
    if let Some(warning) = text.lines().find(|line| line.contains("warning:")) {
        bail!("{warning}");
    }
    let mut real = BTreeSet::new();
    for command in COMMANDS {
        let arguments: Vec<&str> = command.iter().copied().chain(["--help"]).collect();
        real.extend(options(&program(&unpacked.program(), &arguments).output()?));
    }
    let written = options(&text);
    let differing: Vec<&String> = real.symmetric_difference(&written).collect();
    if !differing.is_empty() {
        bail!("in one of program and page, and not in the other: {differing:?}");
    }
    Ok(format!("{} options, the program's", written.len()))
}

/// The long options that a text names.
fn options(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .filter_map(|word| word.strip_prefix("--"))
        .filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
        .map(|name| format!("--{name}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_where_they_are_typed() {
        let found = options("  -h, --help  Print\n[--mpp <UM>] `--glass-grey`; a--b -- -x");

        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["--glass-grey", "--help", "--mpp"]);
    }
}
