//! A box with a real ledger and an uplink.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::message::{Command, Lifecycle, Topics};
use ledger::{Class, Ledger, Limits, NewMessage};
use serde_json::{Value, json};
use tempfile::TempDir;
use uplink::command::{Obey, Order};
use uplink::session::Settings;
use uplink::{Appliance, Condition, Config, Handle, Uplink, Vitals};

use super::{Watcher, wait_until};

/// What the appliance of the test has done and says.
pub(crate) struct Shown {
    pub(crate) lifecycle: Lifecycle,
    pub(crate) orders: Vec<Order>,
}

/// The appliance of the test.
struct Plain(Arc<Mutex<Shown>>);

impl Obey for Plain {
    fn obey(&mut self, order: &Order) -> Result<Option<Value>, String> {
        let mut shown = self.0.lock().unwrap();
        shown.orders.push(order.clone());
        match &order.command {
            Command::Status => Ok(Some(json!({ "orders": shown.orders.len() }))),
            Command::Pause { .. } => {
                shown.lifecycle = Lifecycle::Sleeping;
                Ok(None)
            }
            Command::Resume => {
                shown.lifecycle = Lifecycle::Ready;
                Ok(None)
            }
            Command::Reanalyse { slide } => Err(format!("no slide {:?} here", slide.as_str())),
        }
    }
}

impl Appliance for Plain {
    fn condition(&mut self) -> Condition {
        Condition {
            lifecycle: self.0.lock().unwrap().lifecycle,
            version: "1.2.3".into(),
            models: vec![],
            faults: vec![],
        }
    }

    fn vitals(&mut self) -> Vitals {
        Vitals {
            uptime_s: 7,
            tiles_per_s: 1.5,
            disk: None,
            memory: None,
            temperatures: vec![],
            models: vec![],
            last_error: None,
        }
    }
}

/// A box.
pub(crate) struct Station {
    folder: TempDir,
    pub(crate) ledger: Ledger,
    pub(crate) shown: Arc<Mutex<Shown>>,
    pub(crate) uplink: Option<Handle>,
    queued: BTreeMap<String, Vec<String>>,
}

/// The topics of the tests' box.
pub(crate) fn topics() -> Topics {
    Topics::new("lab", "box").unwrap()
}

/// A configuration that waits for nothing.
pub(crate) fn config(port: u16) -> Config {
    let quick = Duration::from_millis(5);
    Config {
        will_delay: Duration::ZERO,
        session: Settings {
            reconnect_wait: quick,
            reconnect_wait_max: quick * 10,
            refusal_wait: quick,
            refusal_wait_max: quick * 10,
            refusals_max: 3,
            health_every: quick * 20,
            ..Settings::default()
        },
        ..Config::plain("127.0.0.1", port, topics())
    }
}

impl Station {
    /// A box with a new ledger and no uplink yet.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = open(folder.path());
        let shown = Shown { lifecycle: Lifecycle::Ready, orders: vec![] };
        let shown = Arc::new(Mutex::new(shown));

        Self { folder, ledger, shown, uplink: None, queued: BTreeMap::new() }
    }

    /// A box whose uplink speaks to `port`.
    pub(crate) fn at(port: u16) -> Self {
        let mut station = Self::new();
        station.connect(config(port));
        station
    }

    /// Starts the uplink.
    pub(crate) fn connect(&mut self, config: Config) {
        let appliance = Box::new(Plain(Arc::clone(&self.shown)));
        self.uplink = Some(Uplink::spawn(config, self.ledger.clone(), appliance).unwrap());
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn uplink(&self) -> &Handle {
        self.uplink.as_ref().unwrap()
    }

    /// Queues the next results, round about over `slides` slides.
    pub(crate) fn queue(&mut self, results: usize, slides: usize) {
        let before: usize = self.queued.values().map(Vec::len).sum();
        let next = before..before + results;
        self.queue_all(next.map(|n| (format!("slide-{}", n % slides), format!("result {n}"))));
    }

    /// Queues one result with this payload.
    pub(crate) fn queue_one(&mut self, slide: &str, payload: String) {
        self.queue_all([(slide.to_owned(), payload)]);
    }

    fn queue_all(&mut self, results: impl IntoIterator<Item = (String, String)>) {
        let mut messages = Vec::new();
        for (stream, payload) in results {
            let topic = topics().results(&stream).unwrap();
            let id = format!("id of {}", &payload[..payload.len().min(40)]);
            self.queued.entry(topic.clone()).or_default().push(payload.clone());
            let (class, payload) = (Class::Result, payload.into_bytes());
            messages.push(NewMessage { class, id, topic, payload, stream });
        }
        self.ledger.enqueue(messages, 0).unwrap();
        if let Some(uplink) = &self.uplink {
            uplink.nudge();
        }
    }

    /// How many results wait in the outbox.
    pub(crate) fn waiting(&self) -> usize {
        self.ledger.census().unwrap().outbox_results.rows as usize
    }

    /// Waits until the outbox is empty.
    pub(crate) fn drained(&self) {
        wait_until("the outbox is empty", || self.waiting() == 0);
    }

    /// Checks that `watchers`, one after the other, have seen each result, those of a slide for the
    /// first time in their order.
    pub(crate) fn arrived_at(&self, watchers: &[&Watcher]) {
        let all = || {
            let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (topic, payloads) in watchers.iter().flat_map(|watcher| watcher.results()) {
                let first = all.entry(topic).or_default();
                for payload in payloads {
                    if !first.contains(&payload) {
                        first.push(payload);
                    }
                }
            }
            all
        };
        let count = |all: &BTreeMap<String, Vec<String>>| all.values().map(Vec::len).sum::<usize>();
        wait_until("each result has arrived", || count(&all()) == count(&self.queued));
        assert_eq!(all(), self.queued, "in the order of their slide");
        assert_eq!(self.uplink().status().counts.poisoned, 0);
    }
}

/// Opens the ledger of a box.
pub(crate) fn open(folder: &Path) -> Ledger {
    Ledger::open(&folder.join("work.db"), Limits::default(), 0).unwrap().0
}
