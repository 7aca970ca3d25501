//! An appliance in a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use contract::{SlideResult, TilReport};
use serde_json::Value;

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_mins(2);

/// A folder with the configuration of a box, and the box when it runs.
pub(crate) struct Appliance {
    folder: tempfile::TempDir,
    process: Option<Child>,
    lives: usize,
}

impl Appliance {
    /// A box without a broker that watches `in/` and listens on `tiles.sock`, with small
    /// hand-weighted models.
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// The same with `more` in its configuration.
    pub(crate) fn with(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().display();
        let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/tests/data");
        let packages = packages.canonicalize().unwrap();
        let packages = packages.display();
        let text = format!(
            r#"
            format = 1
            device = {{ site = "lab", name = "box" }}
            state = {{ folder = "{root}/state" }}
            results = {{ folder = "{root}/results", journal = "{root}/journal.jsonl" }}
            models = {{ folders = ["{packages}/darkness", "{packages}/pallor"] }}
            compute = {{ threads = 2 }}
            socket = {{ unix = "{root}/tiles.sock" }}
            {more}
            [[folders]]
            path = "{root}/in"
            poll_s = 0.1
            complete = {{ rule = "rename", suffixes = [".part"] }}
            "#
        );
        fs::create_dir(folder.path().join("in")).unwrap();
        write(&folder.path().join("margay.toml"), text.as_bytes());
        Self { folder, process: None, lives: 0 }
    }

    /// A box without a journal that speaks to the broker on `port`.
    pub(crate) fn online(port: u16, more: &str) -> Self {
        let appliance = Self::with(&format!(
            "mqtt = {{ host = \"127.0.0.1\", port = {port}, version = \"5\" }}\n{more}"
        ));
        let path = appliance.path("margay.toml");
        let text = fs::read_to_string(&path).unwrap();
        let root = appliance.folder.path().display();
        let journal = format!(", journal = \"{root}/journal.jsonl\"");
        write(&path, text.replace(&journal, "").as_bytes());
        appliance
    }

    /// The other half of the same box, in a process of its own.
    pub(crate) fn half(&self, role: &'static str) -> Half<'_> {
        Half { of: self, role, process: None, lives: 0 }
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the box; its log of this life goes to a file.
    pub(crate) fn start(&mut self) {
        self.start_in(&[]);
    }

    /// Starts the box with variables in its environment.
    pub(crate) fn start_in(&mut self, environment: &[(&str, &Path)]) {
        self.lives += 1;
        let log = self.lives.to_string();
        self.process = Some(command(self, &log, &[]).envs(environment.to_vec()).spawn().unwrap());
    }

    /// Ends the box as a power switch would.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Ends the box as a service manager would; gives its exit code.
    pub(crate) fn stop(&mut self) -> i32 {
        let log = self.path(&format!("log-{}", self.lives));
        self.wait_for("word that it is up", |_| {
            fs::read_to_string(&log).unwrap().contains("is up").then_some(())
        });
        let mut process = self.process.take().unwrap();
        let id = process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        process.wait().unwrap().code().unwrap()
    }

    /// The most memory that the box has had in this life.
    pub(crate) fn peak_bytes(&self) -> u64 {
        let id = self.process.as_ref().unwrap().id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().unwrap();
        kib << 10
    }

    /// All that the box has said in all its lives.
    pub(crate) fn log(&self) -> String {
        (1..=self.lives)
            .map(|life| fs::read_to_string(self.path(&format!("log-{life}"))).unwrap())
            .collect()
    }

    #[expect(clippy::disallowed_methods, reason = "a test waits for a process, but not for ever")]
    /// Waits until `what` gives something; the log is shown where it never does.
    pub(crate) fn wait_for<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(&Self) -> Option<T>,
    ) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            if let Some(process) = &mut self.process
                && let Some(status) = process.try_wait().unwrap()
            {
                panic!("the box ended with {status} before {what}; it said:\n{}", self.log());
            }
            assert!(start.elapsed() < PATIENCE, "no {what}; the box said:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The lines of the journal.
    pub(crate) fn journal(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("journal.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits for so many lines of the journal.
    pub(crate) fn wait_for_results(&mut self, count: usize) -> Vec<SlideResult> {
        let lines = self.wait_for("result", |this| {
            let lines = this.journal();
            (lines.len() >= count).then_some(lines)
        });
        assert_eq!(lines.len(), count, "{lines:?}");
        lines
            .into_iter()
            .map(|line| serde_json::from_value(line["event"]["data"].clone()).unwrap())
            .collect()
    }

    /// A scanner that sends `source` to the socket.
    pub(crate) fn scanner(&self, source: &Path, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_margay"));
        command
            .args(["simulate", "scanner"])
            .arg(source)
            .arg("--to")
            .arg(format!("unix:{}", self.path("tiles.sock").display()))
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// What `margay analyze` says of an image by the same models.
    pub(crate) fn analyze(&self, image: &Path, more: &[&str]) -> (TilReport, PathBuf) {
        let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/tests/data");
        let out = self.path("analyzed");
        let output = Command::new(env!("CARGO_BIN_EXE_margay"))
            .arg("analyze")
            .arg(image)
            .arg("--model")
            .arg(packages.join("darkness"))
            .arg("--model")
            .arg(packages.join("pallor"))
            .arg("--out")
            .arg(&out)
            .args(more)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let folder = out.join(image.file_stem().unwrap());
        let report = fs::read(folder.join("report.json")).unwrap();
        (serde_json::from_slice(&report).unwrap(), folder)
    }

    /// The result folder of a slide.
    pub(crate) fn result_folder(&self, result: &SlideResult) -> PathBuf {
        self.path("results").join(&result.slide)
    }
}

/// One role of a box.
pub(crate) struct Half<'a> {
    of: &'a Appliance,
    role: &'static str,
    process: Option<Child>,
    lives: usize,
}

impl Half<'_> {
    /// Starts the role.
    pub(crate) fn start(&mut self) {
        self.lives += 1;
        let name = format!("{}-{}", self.role, self.lives);
        self.process = Some(command(self.of, &name, &["--role", self.role]).spawn().unwrap());
    }

    /// Ends it as a power switch would.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }
}

impl Drop for Half<'_> {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            drop(process.kill());
            drop(process.wait());
        }
    }
}

fn command(appliance: &Appliance, log: &str, more: &[&str]) -> Command {
    let log = fs::File::create(appliance.path(&format!("log-{log}"))).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_margay"));
    command.args(["serve", "--config"]).arg(appliance.path("margay.toml")).args(more);
    command.stdout(Stdio::null()).stderr(log);
    command
}

impl Drop for Appliance {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // The test is over, one way or the other.
            drop(process.kill());
            drop(process.wait());
        }
    }
}

/// The bundled melanoma ROI: 1024 × 1024 px at 0.23 µm/px.
pub(crate) fn melanoma() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/puma-metastatic-094.tif")
}

/// What a program said.
pub(crate) fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

/// Writes a file of a test.
pub(crate) fn write(path: &Path, bytes: &[u8]) {
    let mut file = fs::File::create(path).unwrap();
    std::io::Write::write_all(&mut file, bytes).unwrap();
}

/// Everything that two reports of the same pixels share.
pub(crate) fn assert_same_figures(found: &TilReport, expected: &TilReport) {
    assert_eq!(found.nuclei, expected.nuclei);
    assert_eq!(found.tissue, expected.tissue);
    assert_eq!(found.tils, expected.tils);
    assert_eq!(found.hot_spots, expected.hot_spots);
    assert_eq!(found.quality, expected.quality);
    assert_eq!(found.evaluated_area_mm2.to_bits(), expected.evaluated_area_mm2.to_bits());
}

/// Asserts that two files hold the same bytes, without showing them.
pub(crate) fn assert_same_file(found: &Path, expected: &Path) {
    let same = fs::read(found).unwrap() == fs::read(expected).unwrap();
    assert!(same, "{} is not {}", found.display(), expected.display());
}
