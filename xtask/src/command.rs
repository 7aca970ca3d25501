//! Running other programs: the command is shown, a failure is an error that names it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::house;

/// A program to be run from the repository's root.
#[derive(Debug)]
pub(crate) struct Program {
    command: Command,
    shown: String,
}

/// `cargo` with `arguments`.
pub(crate) fn cargo(arguments: &[&str]) -> Program {
    program(Path::new(env!("CARGO")), arguments)
}

/// `program` with `arguments`.
pub(crate) fn program(program: &Path, arguments: &[&str]) -> Program {
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy();
    let mut command = Command::new(program);
    command.args(arguments).current_dir(house::root());
    Program { command, shown: format!("{name} {}", arguments.join(" ")) }
}

impl Program {
    /// Sets a variable of the program's environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it with our terminal; fails if it does.
    #[expect(clippy::print_stderr, reason = "a program for the terminal")]
    pub(crate) fn succeed(mut self) -> Result<()> {
        eprintln!("$ {}", self.shown);
        let status =
            self.command.status().with_context(|| format!("`{}` cannot be started", self.shown))?;
        if !status.success() {
            bail!("`{}` failed: {status}", self.shown);
        }
        Ok(())
    }

    /// Runs it and gives what it printed on its standard output.
    #[expect(clippy::print_stderr, reason = "a program for the terminal")]
    pub(crate) fn output(mut self) -> Result<String> {
        eprintln!("$ {}", self.shown);
        let output = self
            .command
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("`{}` cannot be started", self.shown))?;
        if !output.status.success() {
            bail!("`{}` failed: {}", self.shown, output.status);
        }
        String::from_utf8(output.stdout)
            .with_context(|| format!("`{}` printed something other than text", self.shown))
    }

    /// Runs it and gives all that it printed, on either output; fails if it does, with that text.
    #[expect(clippy::print_stderr, reason = "a program for the terminal")]
    pub(crate) fn said(mut self) -> Result<String> {
        eprintln!("$ {}", self.shown);
        let output =
            self.command.output().with_context(|| format!("`{}` cannot be started", self.shown))?;
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        if !output.status.success() {
            bail!("`{}` failed: {}\n{}", self.shown, output.status, text.trim_end());
        }
        Ok(text)
    }
}
