//! An independent subscriber: `mosquitto_sub`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use super::{Broker, wait_until};

/// A message as the subscriber has seen it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Arrival {
    pub(crate) topic: String,
    pub(crate) retained: bool,
    pub(crate) payload: String,
}

impl Arrival {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.payload).unwrap()
    }
}

/// A subscriber to everything below `margay/` and `console/`.
pub(crate) struct Watcher {
    child: Child,
    seen: Arc<Mutex<Vec<Arrival>>>,
}

impl Watcher {
    /// Subscribes, and waits until the subscription holds.
    pub(crate) fn start(broker: &Broker) -> Self {
        Self::start_at(broker.port, broker)
    }

    /// Subscribes at a gate to the broker.
    pub(crate) fn start_at(port: u16, broker: &Broker) -> Self {
        let port = port.to_string();
        broker.publish(&["-r", "-t", "probe", "-m", "here"]);
        let mut child = Command::new("mosquitto_sub")
            .args(["-h", "127.0.0.1", "-p", &port, "-V", "5", "-q", "1", "-F", "%t\t%r\t%p"])
            .args(["-t", "margay/#", "-t", "console/#", "-t", "probe"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (lines, sink) = (BufReader::new(child.stdout.take().unwrap()), Arc::clone(&seen));
        std::thread::spawn(move || {
            for line in lines.split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line);
                let mut parts = line.splitn(3, '\t').map(str::to_owned);
                let [topic, retained, payload] = [(); 3].map(|()| parts.next().unwrap_or_default());
                sink.lock().unwrap().push(Arrival { topic, retained: retained == "1", payload });
            }
        });
        let watcher = Self { child, seen };
        wait_until("the watcher has subscribed", || {
            watcher.all().iter().any(|arrival| arrival.topic == "probe")
        });
        watcher.seen.lock().unwrap().retain(|arrival| arrival.topic != "probe");
        watcher
    }

    /// All that has arrived.
    pub(crate) fn all(&self) -> Vec<Arrival> {
        self.seen.lock().unwrap().clone()
    }

    /// What has arrived on topics that end so.
    pub(crate) fn on(&self, end: &str) -> Vec<Arrival> {
        self.all().into_iter().filter(|arrival| arrival.topic.ends_with(end)).collect()
    }

    /// The payloads of results, by topic, in the order of arrival.
    pub(crate) fn results(&self) -> BTreeMap<String, Vec<String>> {
        let mut results: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for arrival in self.all() {
            if arrival.topic.contains("/results/") {
                results.entry(arrival.topic).or_default().push(arrival.payload);
            }
        }
        results
    }

    /// How many results have arrived, repetitions included.
    pub(crate) fn count(&self) -> usize {
        self.results().values().map(Vec::len).sum()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
