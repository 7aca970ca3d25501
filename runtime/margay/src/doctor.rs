//! `margay doctor`: what this box has, what is wrong, what to do.
//!
//! It looks and changes nothing but one small file in the state folder, by which the disk is timed.

mod disk;
mod machine;

use std::net::{TcpStream, ToSocketAddrs};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use contract::exit;
use engine::Threads;
use intake::folder::{Bounds, list};

use crate::models;
use crate::serve::config::{Config, Mqtt};

/// How long the broker may take to answer.
const BROKER_WAIT: Duration = Duration::from_secs(3);

/// The doctor.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Configuration file of the appliance; without one, what concerns it is left out
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How a finding is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grade {
    Good,
    /// It works, and someone should know.
    Note,
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) grade: Grade,
    pub(crate) what: &'static str,
    /// What is the case, and what to do where that is not good.
    pub(crate) says: String,
}

/// Looks at everything and prints it; the exit code says whether something is bad.
#[expect(clippy::print_stdout, reason = "the result of a program for the terminal")]
pub(crate) fn run(arguments: &Arguments) -> u8 {
    let mut findings = machine::look();
    let config = arguments.config.as_deref().map(|path| (path, Config::read(path)));
    let mut code = exit::DONE;
    match &config {
        None => findings.push(models_of(&[])),
        Some((path, Ok(config))) => findings.extend(appliance(path, config)),
        Some((_, Err(error))) => {
            code = exit::CONFIGURATION;
            let says = format!("{:#}", Chain(error));
            findings.push(Finding { grade: Grade::Bad, what: "configuration", says });
        }
    }
    for Finding { grade, what, says } in &findings {
        let mark = match grade {
            Grade::Good => "ok  ",
            Grade::Note => "note",
            Grade::Bad => "BAD ",
        };
        println!("{mark}  {what:<14} {says}");
    }
    let is_bad = findings.iter().any(|finding| finding.grade == Grade::Bad);
    if is_bad && code == exit::DONE { exit::INTERNAL } else { code }
}

fn appliance(path: &Path, config: &Config) -> Vec<Finding> {
    let mut findings = vec![
        good("configuration", format!("{} is sound", path.display())),
        models_of(&config.models),
    ];
    findings.extend(disk::look(&config.state, config.limits.tiles_bytes));
    findings.extend(config.folders.iter().map(|folder| watched(&folder.path)));
    match &config.mqtt {
        Some(mqtt) => findings.push(broker(mqtt)),
        None => findings.push(good("broker", "none is configured: results are files".into())),
    }
    findings
}

fn models_of(folders: &[PathBuf]) -> Finding {
    let one = Threads { lanes: NonZeroUsize::MIN, per_lane: NonZeroUsize::MIN };
    match models::load(folders, one) {
        Ok(models) => {
            let name = |network: &engine::Network| {
                format!("{} {}", network.card().name, network.card().version)
            };
            let tissue = models.tissue().map_or("no tissue model".into(), name);
            good("models", format!("{}, {tissue}", name(models.nuclei())))
        }
        Err(error) => bad("models", format!("{error:#}")),
    }
}

fn watched(path: &Path) -> Finding {
    match list(path, Bounds::default()) {
        Ok(listing) => good("folder", format!("{}: {} files", path.display(), listing.files.len())),
        Err(error) => bad("folder", format!("{:#}", anyhow::Error::new(error))),
    }
}

fn broker(mqtt: &Mqtt) -> Finding {
    let address = format!("{}:{}", mqtt.host, mqtt.port);
    let addresses = match (mqtt.host.as_str(), mqtt.port).to_socket_addrs() {
        Ok(addresses) => addresses.collect::<Vec<_>>(),
        Err(error) => {
            return bad("broker", format!("{address} has no address ({error}); check [mqtt] host"));
        }
    };
    let answer = addresses.iter().map(|at| TcpStream::connect_timeout(at, BROKER_WAIT));
    match answer.reduce(Result::or) {
        Some(Ok(_)) => good("broker", format!("{address} answers")),
        Some(Err(error)) => Finding {
            grade: Grade::Note,
            what: "broker",
            says: format!(
                "{address} does not answer ({error}); results wait on the disk until it does"
            ),
        },
        None => bad("broker", format!("{address} has no address; check [mqtt] host")),
    }
}

pub(crate) fn good(what: &'static str, says: String) -> Finding {
    Finding { grade: Grade::Good, what, says }
}

pub(crate) fn note(what: &'static str, says: String) -> Finding {
    Finding { grade: Grade::Note, what, says }
}

pub(crate) fn bad(what: &'static str, says: String) -> Finding {
    Finding { grade: Grade::Bad, what, says }
}

/// An error with its causes.
struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(to, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
