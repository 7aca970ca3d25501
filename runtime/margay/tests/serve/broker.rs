//! A real mosquitto, and someone who listens.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::appliance::write;

/// What to do where there is no broker.
const REMEDY: &str =
    "mosquitto and its clients are needed: apt-get install mosquitto mosquitto-clients";

/// A broker that can be started and killed, on one port.
pub(crate) struct Broker {
    folder: tempfile::TempDir,
    pub(crate) port: u16,
    process: Option<Child>,
    listener: Option<Child>,
}

impl Broker {
    /// A port on which nobody listens yet.
    pub(crate) fn new() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let text = format!("listener {port} 127.0.0.1\nallow_anonymous true\n");
        write(&folder.path().join("mosquitto.conf"), text.as_bytes());
        Self { folder, port, process: None, listener: None }
    }

    /// Starts the broker and someone who hears everything.
    pub(crate) fn start(&mut self) {
        let program = ["/usr/sbin/mosquitto", "mosquitto"]
            .into_iter()
            .find(|program| PathBuf::from(program).exists())
            .unwrap_or("mosquitto");
        let process = Command::new(program)
            .arg("-c")
            .arg(self.folder.path().join("mosquitto.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect(REMEDY);
        let process = self.process.insert(process);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none(), "mosquitto ended: {ended:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
        let heard = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path().join("heard"))
            .unwrap();
        let listener = Command::new("mosquitto_sub")
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
                "-V",
                "5",
                "-t",
                "#",
                "-q",
                "1",
            ])
            .args(["-F", "%t %p"])
            .stdout(heard)
            .stderr(Stdio::null())
            .spawn()
            .expect(REMEDY);
        self.listener = Some(listener);
    }

    /// All whole messages that were heard, with their topics.
    pub(crate) fn heard(&self) -> Vec<(String, Value)> {
        let text = fs::read_to_string(self.folder.path().join("heard")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter_map(|(topic, text)| Some((topic.to_owned(), serde_json::from_str(text).ok()?)))
            .collect()
    }

    /// The events of a type.
    pub(crate) fn events(&self, kind: &str) -> Vec<Value> {
        self.heard().into_iter().map(|(_, event)| event).filter(|e| e["type"] == kind).collect()
    }

    /// Sends a command and says under which id.
    pub(crate) fn command(&self, name: &str, id: &str, command: &Value) {
        let event = serde_json::json!({
            "specversion": "1.0", "id": id, "source": "/test", "type": "margay.command",
            "datacontenttype": "application/json",
            "data": { "format": 1, "command": command },
        });
        let status = Command::new("mosquitto_pub")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-V", "5", "-q", "1"])
            .args(["-t", &format!("margay/v1/lab/box/cmd/{name}"), "-m", &event.to_string()])
            .status()
            .expect(REMEDY);
        assert!(status.success());
    }

    /// The reply to the command of this id.
    pub(crate) fn reply(&self, name: &str, id: &str) -> Option<Value> {
        let topic = format!("margay/v1/lab/box/cmd/{name}/reply");
        self.heard()
            .into_iter()
            .filter(|(heard, _)| *heard == topic)
            .map(|(_, event)| event)
            .find(|event| event.to_string().contains(id))
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        for process in self.process.iter_mut().chain(self.listener.iter_mut()) {
            drop(process.kill());
            drop(process.wait());
        }
    }
}
