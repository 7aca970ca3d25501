//! The agent's half: the uplink to the broker, and what is asked of the box.
//!
//! It sees no image and loads no model: what the pipeline is, it reads in the ledger.

mod orders;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use contract::ModelUse;
use contract::message::{Disk, Lifecycle, Topics};
use uplink::command::ReplyPrefix;
use uplink::{Appliance, Condition, Identity, Login, Protocol, Secret, Tls, Uplink, Vitals};

use super::config::{Config, Mqtt};
use super::pipeline_role::{MODELS, PAUSED};
use super::worker::WINDOW;
use super::{House, Part};
use crate::log;

/// Time over which tiles per second are counted.
const RATE_OVER: Duration = Duration::from_mins(1);

/// Part of the stop's deadline that the goodbye to the broker may take.
const GOODBYE_SHARE: u32 = 2;

/// Time between two looks at the stop.
const LOOK: Duration = Duration::from_secs(1);

/// Starts the agent's threads; none where no broker is configured.
pub(super) fn start(house: &House) -> Result<Option<Part>> {
    let Some(mqtt) = &house.config.mqtt else { return Ok(None) };
    let settings = settings(&house.config, mqtt)?;
    let appliance = Face { house: house.clone(), rate: Rate::default() };
    let handle = Uplink::spawn(settings, house.ledger.clone(), Box::new(appliance))?;

    let mut part = Part { name: "agent", threads: Vec::new() };
    let stop = house.stop.clone();
    let goodbye = house.config.deadlines.stop / GOODBYE_SHARE;
    part.spawn("agent", move || {
        while !stop.is_asked_within(LOOK) {
            if handle.is_over() {
                tracing::error!("The uplink has ended by itself; the process is given up.");
                std::process::exit(contract::exit::INTERNAL.into());
            }
        }
        let ended = handle.stop(goodbye);
        if !ended.clean {
            tracing::warn!("The broker has not heard the goodbye; {} messages wait.", ended.left);
        }
    })?;
    Ok(Some(part))
}

/// The uplink's settings by the configuration; all faults at once.
pub(crate) fn settings(config: &Config, mqtt: &Mqtt) -> Result<uplink::Config> {
    let topics = Topics::new(&config.site, &config.device)?;
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let in_credentials = |name: &str| -> PathBuf {
        match &credentials {
            Some(folder) if !name.starts_with('/') => folder.join(name),
            _ => name.into(),
        }
    };
    let identity = |tls: &super::config::Tls| {
        let (certificate, key) = (tls.certificate.as_deref()?, tls.key.as_deref()?);
        Some(Identity { certificate: in_credentials(certificate), key: secret(key) })
    };
    let tls = mqtt
        .tls
        .as_ref()
        .map(|tls| Tls { authorities: in_credentials(&tls.ca), client: identity(tls) });
    let login = mqtt.user.as_ref().zip(mqtt.password.as_deref());
    let prefixes = mqtt.reply_prefixes.iter().map(|prefix| ReplyPrefix::new(prefix));
    let settings = uplink::Config {
        protocol: if mqtt.version == "5" { Protocol::V5 } else { Protocol::V311 },
        tls,
        login: login
            .map(|(user, password)| Login { user: user.clone(), password: secret(password) }),
        credentials: credentials.clone(),
        reply_prefixes: prefixes.collect::<Result<_, _>>().context("[mqtt] reply_prefixes")?,
        ..uplink::Config::plain(&mqtt.host, mqtt.port, topics)
    };
    settings.check()?;
    Ok(settings)
}

/// A path is a file, a word is a credential of the service.
fn secret(name: &str) -> Secret {
    if name.starts_with('/') { Secret::File(name.into()) } else { Secret::Credential(name.into()) }
}

/// The box as the broker sees it.
struct Face {
    house: House,
    rate: Rate,
}

/// Windows that were done, and when.
#[derive(Default)]
struct Rate {
    at: Duration,
    done: u64,
    per_s: f64,
}

impl Rate {
    /// Tiles per second after `done` windows in all at `now`.
    fn of(&mut self, now: Duration, done: u64) -> f64 {
        let over = now.saturating_sub(self.at);
        if over >= RATE_OVER || self.at.is_zero() {
            // A slide that was pruned takes its windows with it.
            self.per_s = done.saturating_sub(self.done) as f64 / over.as_secs_f64().max(1.0);
            (self.at, self.done) = (now, done);
        }
        self.per_s
    }
}

impl Face {
    fn models(&self) -> Vec<ModelUse> {
        let stored = self.house.ledger.get(MODELS).ok().flatten();
        stored.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// Whether a process holds the pipeline's lock.
    fn has_pipeline(&self) -> bool {
        let Ok(file) = File::open(self.house.config.state.join("pipeline.lock")) else {
            return false;
        };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

impl Appliance for Face {
    fn condition(&mut self) -> Condition {
        let paused = self.house.ledger.get(PAUSED).ok().flatten();
        let mut faults = Vec::new();
        if let Some(reason) = &paused {
            faults.push(format!("paused: {}", String::from_utf8_lossy(reason)));
        }
        let has_pipeline = self.has_pipeline();
        if !has_pipeline {
            faults.push("no pipeline is running; tiles wait on the disk".into());
        }
        Condition {
            lifecycle: match (has_pipeline, paused) {
                (false, _) => Lifecycle::Init,
                (true, None) => Lifecycle::Ready,
                (true, Some(_)) => Lifecycle::Sleeping,
            },
            version: env!("CARGO_PKG_VERSION").into(),
            models: self.models(),
            faults,
        }
    }

    fn vitals(&mut self) -> Vitals {
        let now = self.house.clock.up();
        let counts = self.house.ledger.job_counts(None).unwrap_or_default();
        let done = counts.get(WINDOW).map_or(0, |count| count.done);
        let disk = rustix::fs::statvfs(&self.house.config.state).ok();
        Vitals {
            uptime_s: now.as_secs(),
            tiles_per_s: self.rate.of(now, done),
            disk: disk.map(|disk| Disk {
                free_bytes: disk.f_bavail * disk.f_frsize,
                total_bytes: disk.f_blocks * disk.f_frsize,
            }),
            memory: uplink::memory(Path::new("/")),
            temperatures: uplink::temperatures(Path::new("/")),
            models: self.models(),
            last_error: log::last_error(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_counted_over_a_minute_and_never_below_nothing() {
        let mut rate = Rate::default();
        let at = Duration::from_secs;
        rate.of(at(1), 0);

        assert!((rate.of(at(61), 120) - 2.0).abs() < 1e-9);
        assert!((rate.of(at(62), 500) - 2.0).abs() < 1e-9, "a second is no minute");
        assert!(rate.of(at(130), 3).abs() < 1e-9, "windows were pruned");
    }
}
