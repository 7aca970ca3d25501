//! `margay serve`: the appliance.
//!
//! ```text
//! scanner ─▶ socket ┐                  ┌▶ workers ┐
//! share ───▶ folder ┴▶ ledger ─▶ desk ─┤          ├▶ ledger ─▶ uplink ─▶ broker
//!                                      └▶ scorer ─┴▶ files └─▶ journal
//! ```
//!
//! Threads joined by bounded channels and the ledger; each has a heartbeat. What must survive is in
//! the ledger, so that a process that is killed at any moment begins again where it was.
//! **Roles:** `pipeline` takes images in and looks at them, and knows no network; `agent` speaks to
//! the broker, and knows no image. Both in one process where none is named.

mod agent_role;
mod beats;
pub(crate) mod clock;
pub(crate) mod config;
mod desk;
mod event;
mod folder;
mod journal;
mod patience;
mod pipeline_role;
mod register;
mod scorer;
mod slides;
mod socket;
mod stop;
mod systemd;
mod worker;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::{Args, ValueEnum};
use contract::exit;
use ledger::{Bound, Ledger, Limits, Opened};

use crate::analyze::Failure;
use beats::Beats;
use clock::Clock;
use config::Config;
use stop::Stop;

/// Where the configuration is looked for where none is named.
const CONFIG: &str = "/etc/margay/margay.toml";

/// Time between two lines that say who is late to stop.
const STOP_LOOK: Duration = Duration::from_secs(5);

/// The appliance.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = CONFIG)]
    config: PathBuf,
    /// One half of the appliance; both where none is named
    #[arg(long, value_enum)]
    role: Option<Role>,
    /// Say what is wrong with the configuration, and start nothing
    #[arg(long)]
    check: bool,
}

/// A half of the appliance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Images in, results into the ledger; no network
    Pipeline,
    /// Results to the broker, commands in; no image
    Agent,
}

/// What every part of the appliance shares.
#[derive(Clone)]
struct House {
    config: Arc<Config>,
    ledger: Ledger,
    clock: Clock,
    beats: Beats,
    stop: Stop,
}

/// A part that runs: its threads end after the stop was asked.
struct Part {
    name: &'static str,
    threads: Vec<JoinHandle<()>>,
}

/// Runs the appliance until it is told to stop.
#[expect(clippy::print_stdout, reason = "the answer of --check")]
pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let config = Config::read(&arguments.config)
        .map_err(|error| Failure { error: error.into(), code: exit::CONFIGURATION })?;
    if let Some(mqtt) = &config.mqtt {
        agent_role::settings(&config, mqtt).map_err(Failure::with(exit::CONFIGURATION))?;
    }
    let models = match arguments.role {
        Some(Role::Agent) => None,
        Some(Role::Pipeline) | None => {
            Some(pipeline_role::load(&config).map_err(Failure::with(exit::CONFIGURATION))?)
        }
    };
    if arguments.check {
        println!("{} is sound", arguments.config.display());
        return Ok(exit::DONE);
    }
    serve(config, models, arguments.role).map_err(Failure::with(exit::INTERNAL))
}

fn serve(config: Config, models: Option<pipeline_role::Loaded>, role: Option<Role>) -> Result<u8> {
    let clock = Clock::start();
    let _locks = lock(&config.state, role)?;
    let house = House {
        ledger: open(&config, clock)?,
        beats: Beats::new(clock),
        stop: Stop::default(),
        config: Arc::new(config),
        clock,
    };
    house.stop.on_signals()?;
    let mut parts = Vec::new();
    if let Some(models) = models {
        parts.push(pipeline_role::start(&house, models)?);
    }
    if role != Some(Role::Pipeline) {
        parts.extend(agent_role::start(&house)?);
    }
    let watchdog = house.beats.clone().watch(&house.stop);
    systemd::ready();
    tracing::info!("The appliance is up.");

    house.stop.wait();
    systemd::stopping();
    let is_clean = drain(&house, parts);
    house.stop.complete();
    watchdog.join().map_err(|_| anyhow!("the watchdog panicked"))?;
    tracing::info!("The appliance has stopped.");
    Ok(if is_clean { exit::DONE } else { exit::INTERNAL })
}

/// One process a role: two would look at the same windows.
fn lock(state: &Path, role: Option<Role>) -> Result<Vec<File>> {
    std::fs::create_dir_all(state)
        .with_context(|| format!("the folder {} cannot be made", state.display()))?;
    let names = match role {
        Some(Role::Pipeline) => vec!["pipeline.lock"],
        Some(Role::Agent) => vec!["agent.lock"],
        None => vec!["pipeline.lock", "agent.lock"],
    };
    names
        .into_iter()
        .map(|name| {
            let path = state.join(name);
            let file = File::create(&path)
                .with_context(|| format!("{} cannot be made", path.display()))?;
            match file.try_lock() {
                Ok(()) => Ok(file),
                Err(TryLockError::WouldBlock) => {
                    Err(anyhow!("another margay serves from {}; stop it first", state.display()))
                }
                Err(TryLockError::Error(error)) => {
                    Err(error).with_context(|| format!("{} cannot be locked", path.display()))
                }
            }
        })
        .collect()
}

fn open(config: &Config, clock: Clock) -> Result<Ledger> {
    let path = config.state.join("work.db");
    let wanted = &config.limits;
    let usual = Limits::default();
    let limits = Limits {
        tiles: Bound {
            rows: usual.tiles.rows.max(wanted.tiles_bytes >> 16),
            bytes: wanted.tiles_bytes,
        },
        outbox_results: Bound { rows: wanted.outbox_rows, bytes: wanted.outbox_bytes },
        outbox_telemetry: Bound { rows: wanted.telemetry_rows, ..usual.outbox_telemetry },
        ..usual
    };
    let (ledger, opened) = Ledger::open(&path, limits, clock.now_ms())?;
    if let Opened::SetAside { file, reason } = opened {
        tracing::error!(
            "The ledger was damaged ({reason}); it lies in {} and a new one is begun.",
            file.display()
        );
    }
    Ok(ledger)
}

/// Waits for all threads, and says every few seconds who is late; after the deadline they are left.
fn drain(house: &House, parts: Vec<Part>) -> bool {
    let asked = house.clock.up();
    let mut said = asked;
    let mut threads: Vec<(&str, JoinHandle<()>)> = parts
        .into_iter()
        .flat_map(|part| part.threads.into_iter().map(move |thread| (part.name, thread)))
        .collect();
    let mut is_clean = true;
    loop {
        let (gone, left): (Vec<_>, Vec<_>) =
            threads.into_iter().partition(|(_, thread)| thread.is_finished());
        for (part, thread) in gone {
            if thread.join().is_err() {
                tracing::error!("A thread of the {part} panicked.");
                is_clean = false;
            }
        }
        if left.is_empty() {
            return is_clean;
        }
        threads = left;
        let now = house.clock.up();
        if now.saturating_sub(asked) > house.config.deadlines.stop {
            let late = house.beats.busy().join("; ");
            tracing::error!("The deadline for the stop is over; left as they are: {late}");
            return false;
        }
        if now.saturating_sub(said) > STOP_LOOK {
            said = now;
            tracing::info!("Waiting for: {}", house.beats.busy().join("; "));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
