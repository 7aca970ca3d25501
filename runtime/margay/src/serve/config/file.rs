//! The configuration as it is written: units in the names, unknown settings refused.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use contract::Mpp;
use intake::folder::{After, Rule};
use serde::Deserialize;

use super::{Config, Deadlines, Folder, Limits, Results, Socket};
use crate::files::{Choice, Further, Usual};

/// Format of the configuration files that this version reads.
const FORMAT: u32 = 1;

const GIB: u64 = 1 << 30;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    format: u32,
    device: DeviceSection,
    state: StateSection,
    results: ResultsSection,
    #[serde(default)]
    models: ModelsSection,
    #[serde(default)]
    compute: ComputeSection,
    #[serde(default)]
    folders: Vec<FolderSection>,
    socket: Option<SocketSection>,
    mqtt: Option<Mqtt>,
    #[serde(default)]
    limits: LimitsSection,
    #[serde(default)]
    deadlines: DeadlinesSection,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceSection {
    site: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StateSection {
    folder: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResultsSection {
    folder: PathBuf,
    #[serde(default)]
    format: Vec<String>,
    #[serde(default)]
    skip: Vec<String>,
    preliminary_s: Option<u64>,
    journal: Option<PathBuf>,
    #[serde(default)]
    slide_names: bool,
}

/// None named means the built-in ones.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelsSection {
    #[serde(default)]
    folders: Vec<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ComputeSection {
    threads: Option<usize>,
    seed: u64,
}

impl Default for ComputeSection {
    fn default() -> Self {
        Self { threads: None, seed: 1 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FolderSection {
    path: PathBuf,
    mpp_um: Option<f64>,
    #[serde(default = "poll_s")]
    poll_s: f64,
    complete: Rule,
    #[serde(default = "keep")]
    after: After,
}

fn poll_s() -> f64 {
    2.0
}

/// The scanner's files are the scanner's.
fn keep() -> After {
    After::Keep
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SocketSection {
    unix: Option<PathBuf>,
    tcp: Option<SocketAddr>,
    #[serde(default = "credits")]
    credits: u32,
}

/// 16 tiles of 0.3 MB are 5 MB under way.
fn credits() -> u32 {
    16
}

/// The broker.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mqtt {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// `5` or `3.1.1`.
    pub(crate) version: String,
    pub(crate) user: Option<String>,
    /// Name of the credential that holds the password, or a file's absolute path.
    pub(crate) password: Option<String>,
    pub(crate) tls: Option<Tls>,
    /// Topics under which a command may ask for its reply, beside the box's own.
    #[serde(default)]
    pub(crate) reply_prefixes: Vec<String>,
}

/// Files, or names of credentials.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    pub(crate) ca: String,
    pub(crate) certificate: Option<String>,
    pub(crate) key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitsSection {
    tiles_gib: u64,
    outbox_gib: u64,
    outbox_rows: u64,
    telemetry_rows: u64,
}

impl Default for LimitsSection {
    /// Tiles: 60 slides of 3,400 tiles of 0.3 MB are 60 GB. Results: a year of 300 slides a day.
    fn default() -> Self {
        Self { tiles_gib: 64, outbox_gib: 8, outbox_rows: 100_000, telemetry_rows: 1_000 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_field_names, reason = "the unit stands in the name of each setting")]
struct DeadlinesSection {
    worker_s: u64,
    stop_s: u64,
    silent_slide_s: u64,
}

impl Default for DeadlinesSection {
    /// A window takes seconds, even on one slow core; a scanner that says nothing for half an hour
    /// is gone.
    fn default() -> Self {
        Self { worker_s: 180, stop_s: 60, silent_slide_s: 1800 }
    }
}

/// Faults as they are found.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn unless(&mut self, holds: bool, fault: impl FnOnce() -> String) {
        if !holds {
            self.0.push(fault());
        }
    }

    fn absolute(&mut self, field: &str, path: &Path) {
        self.unless(path.is_absolute(), || {
            format!(
                "{field}: {} is not absolute; a service has no folder of its own to start from",
                path.display()
            )
        });
    }

    fn seconds(&mut self, field: &str, value: u64, most: u64) -> Duration {
        self.unless((1..=most).contains(&value), || format!("{field} is {value}, not 1 to {most}"));
        Duration::from_secs(value)
    }
}

impl File {
    /// The settings as the box runs on them, or everything that is wrong with them.
    pub(super) fn check(self) -> Result<Config, Vec<String>> {
        let mut faults = Faults::default();
        faults.unless(self.format == FORMAT, || {
            format!("format is {}, and this version reads {FORMAT}", self.format)
        });
        for (field, name) in
            [("[device] site", &self.device.site), ("[device] name", &self.device.name)]
        {
            faults.unless(is_topic_word(name), || {
                format!("{field}: {name:?} is not 1 to 64 letters, digits, '-', '_' or '.': it stands in MQTT topics")
            });
        }
        faults.absolute("[state] folder", &self.state.folder);
        for folder in &self.models.folders {
            faults.absolute("[models] folders", folder);
        }
        faults.unless(self.compute.threads != Some(0), || "[compute] threads is 0".into());
        faults.unless(!self.folders.is_empty() || self.socket.is_some(), || {
            "no way in: name a [[folders]] or a [socket]".into()
        });
        if let Some(mqtt) = &self.mqtt {
            check_mqtt(mqtt, &mut faults);
        }
        let config = Config {
            site: self.device.site,
            device: self.device.name,
            state: self.state.folder,
            results: self.results.check(&mut faults),
            models: self.models.folders,
            threads: self.compute.threads,
            seed: self.compute.seed,
            folders: (1..)
                .zip(self.folders)
                .map(|(number, folder)| folder.check(number, &mut faults))
                .collect(),
            socket: self.socket.map(|socket| socket.check(&mut faults)),
            mqtt: self.mqtt,
            limits: self.limits.check(&mut faults),
            deadlines: self.deadlines.check(&mut faults),
        };
        if faults.0.is_empty() { Ok(config) } else { Err(faults.0) }
    }
}

impl ResultsSection {
    fn check(self, faults: &mut Faults) -> Results {
        faults.absolute("[results] folder", &self.folder);
        if let Some(journal) = &self.journal {
            faults.absolute("[results] journal", journal);
        }
        let preliminary =
            self.preliminary_s.map(|s| faults.seconds("[results] preliminary_s", s, 86_400));
        Results {
            folder: self.folder,
            choice: Choice {
                format: listed::<Further>("[results] format", &self.format, faults),
                skip: listed::<Usual>("[results] skip", &self.skip, faults),
            },
            preliminary_every: preliminary,
            journal: self.journal,
            slide_names: self.slide_names,
        }
    }
}

/// The words of the command line serve in the file too.
fn listed<T: clap::ValueEnum>(field: &str, words: &[String], faults: &mut Faults) -> Vec<T> {
    let known = || {
        let names = T::value_variants().iter().filter_map(clap::ValueEnum::to_possible_value);
        names.map(|value| value.get_name().to_owned()).collect::<Vec<_>>().join(", ")
    };
    let mut found = Vec::new();
    for word in words {
        match T::from_str(word, false) {
            Ok(value) => found.push(value),
            Err(_) => faults.0.push(format!("{field}: {word:?} is none of {}", known())),
        }
    }
    found
}

impl FolderSection {
    fn check(self, number: usize, faults: &mut Faults) -> Folder {
        let field = |name: &str| format!("[[folders]] {number}: {name}");
        faults.absolute(&field("path"), &self.path);
        let mpp = self.mpp_um.map(Mpp::new).and_then(|mpp| {
            mpp.map_err(|error| faults.0.push(format!("{}: {error}", field("mpp_um")))).ok()
        });
        let poll_is_sane = (0.05..=3600.0).contains(&self.poll_s);
        faults.unless(poll_is_sane, || {
            format!("{} is {}, not 0.05 to 3600", field("poll_s"), self.poll_s)
        });
        for fault in self.complete.faults() {
            faults.0.push(format!("{}: {fault}", field("complete")));
        }
        for fault in self.after.faults(&self.path) {
            faults.0.push(format!("{}: {fault}", field("after")));
        }
        if let After::Move { to } = &self.after {
            faults.absolute(&field("after"), to);
        }
        Folder {
            path: self.path,
            mpp,
            poll: Duration::from_secs_f64(if poll_is_sane { self.poll_s } else { 2.0 }),
            complete: self.complete,
            after: self.after,
        }
    }
}

impl SocketSection {
    fn check(self, faults: &mut Faults) -> Socket {
        faults.unless(self.unix.is_some() || self.tcp.is_some(), || {
            "[socket] names neither unix nor tcp".into()
        });
        if let Some(path) = &self.unix {
            faults.absolute("[socket] unix", path);
        }
        if let Some(tcp) = self.tcp {
            faults.unless(tcp.ip().is_loopback(), || {
                format!("[socket] tcp: {tcp} is not on the loopback; the tile protocol has no keys")
            });
        }
        faults.unless((1..=256).contains(&self.credits), || {
            format!("[socket] credits is {}, not 1 to 256", self.credits)
        });
        Socket { unix: self.unix, tcp: self.tcp, credits: self.credits }
    }
}

fn check_mqtt(mqtt: &Mqtt, faults: &mut Faults) {
    faults.unless(!mqtt.host.is_empty(), || "[mqtt] host is empty".into());
    faults.unless(mqtt.port != 0, || "[mqtt] port is 0".into());
    faults.unless(["5", "3.1.1"].contains(&mqtt.version.as_str()), || {
        format!("[mqtt] version: {:?} is neither \"5\" nor \"3.1.1\"", mqtt.version)
    });
    faults.unless(mqtt.password.is_none() || mqtt.user.is_some(), || {
        "[mqtt] password is stated without user".into()
    });
    if let Some(tls) = &mqtt.tls {
        faults.unless(tls.certificate.is_some() == tls.key.is_some(), || {
            "[mqtt.tls] certificate and key come together".into()
        });
    }
}

impl LimitsSection {
    fn check(&self, faults: &mut Faults) -> Limits {
        for (field, value) in [
            ("tiles_gib", self.tiles_gib),
            ("outbox_gib", self.outbox_gib),
            ("outbox_rows", self.outbox_rows),
            ("telemetry_rows", self.telemetry_rows),
        ] {
            faults.unless((1..=1_000_000_000).contains(&value), || {
                format!("[limits] {field} is {value}, not 1 to 1,000,000,000")
            });
        }
        Limits {
            tiles_bytes: self.tiles_gib.saturating_mul(GIB),
            outbox_bytes: self.outbox_gib.saturating_mul(GIB),
            outbox_rows: self.outbox_rows,
            telemetry_rows: self.telemetry_rows,
        }
    }
}

impl DeadlinesSection {
    fn check(&self, faults: &mut Faults) -> Deadlines {
        Deadlines {
            worker: faults.seconds("[deadlines] worker_s", self.worker_s, 86_400),
            stop: faults.seconds("[deadlines] stop_s", self.stop_s, 600),
            silent_slide: faults.seconds(
                "[deadlines] silent_slide_s",
                self.silent_slide_s,
                604_800,
            ),
        }
    }
}

/// Whether a word can stand between the slashes of a topic.
fn is_topic_word(word: &str) -> bool {
    (1..=64).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}
