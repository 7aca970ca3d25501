//! A real mosquitto with its own folder, port and configuration, ended with the test.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::wait_until;

const REMEDY: &str = "mosquitto cannot be started: run `apt-get install mosquitto \
                      mosquitto-clients`";

/// A broker.
pub(crate) struct Broker {
    folder: TempDir,
    pub(crate) port: u16,
    child: Option<Child>,
}

impl Broker {
    /// A broker that lets everybody in and keeps nothing; `extra` are lines of its configuration.
    pub(crate) fn start(extra: &str) -> Self {
        let broker = Self::prepare();
        broker.begin(&format!("allow_anonymous true\nmax_inflight_messages 0\n{extra}"))
    }

    /// A folder and a port, for configurations that name files.
    pub(crate) fn prepare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();

        Self { folder, port, child: None }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file of the broker's folder.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder().join(name);
        std::fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        path.display().to_string()
    }

    /// Starts with these lines of configuration after those that every test needs.
    pub(crate) fn begin(mut self, lines: &str) -> Self {
        let mut text =
            format!("per_listener_settings false\nuser root\nlistener {} 127.0.0.1\n", self.port);
        writeln!(text, "persistence_location {}/", self.folder().display()).unwrap();
        writeln!(text, "log_dest file {}/log\nlog_type all", self.folder().display()).unwrap();
        text.push_str(lines);
        self.file("conf", &text);
        self.restart();
        self
    }

    /// Starts it, again.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let child = Command::new("mosquitto")
            .arg("-c")
            .arg(self.folder().join("conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect(REMEDY);
        self.child = Some(child);
        let (port, child) = (self.port, self.child.as_mut().unwrap());
        wait_until("the broker listens", || {
            assert!(child.try_wait().unwrap().is_none(), "the broker refuses its configuration");
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
    }

    /// Kills it, as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Ends it in order: what it keeps is on the disk.
    pub(crate) fn end(&mut self) {
        self.signal("TERM");
        self.child.take().unwrap().wait().unwrap();
    }

    /// Sends a signal: `STOP` and `CONT` make it slow.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Publishes with an independent client.
    pub(crate) fn publish(&self, arguments: &[&str]) {
        let port = self.port.to_string();
        let published = Command::new("mosquitto_pub")
            .args(["-h", "127.0.0.1", "-p", &port, "-q", "1"])
            .args(arguments)
            .status()
            .expect(REMEDY);
        assert!(published.success(), "mosquitto_pub {arguments:?}");
    }

    /// What it has written to its log.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder().join("log")).unwrap_or_default()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<_> = log.lines().rev().take(30).collect();
            eprintln!("the broker's log ends (newest first):\n{}", tail.join("\n"));
        }
        self.kill();
    }
}
