//! What a training tells while it runs: a line to the log, a line to `progress.csv`.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tracing::info;

use crate::fit::checkpoint::write_atomically;
use crate::fit::training::StepFigures;

/// Tells the time since the program started; the binary's, so that a test can write it down.
pub trait Clock {
    /// Time since the start.
    fn now(&self) -> Duration;
}

/// The progress of one stage.
#[derive(Debug)]
pub struct Progress {
    file: File,
    path: PathBuf,
    stage: usize,
    steps: u64,
    crops_per_step: usize,
    began: (u64, Duration),
    since: Since,
}

/// What was added up since the last line.
#[derive(Debug, Default)]
struct Since {
    steps: u64,
    at: Duration,
    waited: Duration,
    loss: Vec<(&'static str, f64)>,
    norm: f64,
}

/// Where a stage begins.
#[derive(Clone, Copy, Debug)]
pub struct StageStart {
    /// Index of the stage.
    pub stage: usize,
    /// Steps of it that are done.
    pub done: u64,
    /// Steps of it in all.
    pub steps: u64,
    /// Crops in a batch.
    pub crops_per_step: usize,
    /// The time.
    pub now: Duration,
}

impl Progress {
    /// Opens `path`; lines are added to those that are there, but for those of steps that are done
    /// again.
    pub fn open(path: &Path, start: StageStart) -> io::Result<Self> {
        forget_after(path, start)?;
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        if file.metadata()?.len() == 0 {
            writeln!(file, "stage,step,what,value")?;
        }
        Ok(Self {
            file,
            path: path.to_owned(),
            stage: start.stage,
            steps: start.steps,
            crops_per_step: start.crops_per_step,
            began: (start.done, start.now),
            since: Since { at: start.now, ..Since::default() },
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a step to the next line; `waited` for its batch.
    pub fn add(&mut self, figures: &StepFigures, waited: Duration) {
        self.since.steps += 1;
        self.since.waited += waited;
        self.since.norm += figures.gradient_norm;
        if self.since.loss.is_empty() {
            self.since.loss = figures.loss.iter().map(|(name, _)| (*name, 0.0)).collect();
        }
        for (sum, (_, value)) in self.since.loss.iter_mut().zip(&figures.loss) {
            sum.1 += f64::from(*value);
        }
    }

    /// Says how far it is at `step`.
    pub fn report(&mut self, step: u64, rate: f64, now: Duration) -> io::Result<()> {
        let since = std::mem::replace(&mut self.since, Since { at: now, ..Since::default() });
        let steps = since.steps.max(1) as f64;
        let seconds = now.saturating_sub(since.at).as_secs_f64();
        let crops_per_s = steps * self.crops_per_step as f64 / seconds.max(1e-9);
        let mut parts = String::new();
        let mut rows =
            vec![("rate".to_owned(), rate), ("gradient_norm".to_owned(), since.norm / steps)];
        for (name, sum) in &since.loss {
            write!(parts, " {name} {:.3}", sum / steps).expect("a string takes any text");
            rows.push((format!("loss_{name}"), sum / steps));
        }
        rows.push(("crops_per_s".to_owned(), crops_per_s));
        rows.push(("loader_wait".to_owned(), since.waited.as_secs_f64() / seconds.max(1e-9)));
        self.rows(step, &rows)?;
        info!(
            "stage {} step {step}/{} loss{parts} | {crops_per_s:.1} crops/s, {:.0} % waiting for data, {} left",
            self.stage + 1,
            self.steps,
            100.0 * since.waited.as_secs_f64() / seconds.max(1e-9),
            self.left(step, now),
        );
        Ok(())
    }

    /// Notes validation figures.
    pub fn validation(&mut self, step: u64, figures: &[(String, f64)]) -> io::Result<()> {
        let mut text = String::new();
        for (name, value) in figures {
            write!(text, " {name} {value:.3}").expect("a string takes any text");
        }
        info!("stage {} step {step} validation{text}", self.stage + 1);
        let rows: Vec<_> =
            figures.iter().map(|(name, v)| (format!("validation_{name}"), *v)).collect();
        self.rows(step, &rows)
    }

    fn rows(&mut self, step: u64, rows: &[(String, f64)]) -> io::Result<()> {
        for (name, value) in rows {
            writeln!(self.file, "{},{step},{name},{value}", self.stage + 1)?;
        }
        self.file.flush()
    }

    fn left(&self, step: u64, now: Duration) -> String {
        let (first, began) = self.began;
        let done = step.saturating_sub(first).max(1);
        let each = now.saturating_sub(began).as_secs_f64() / done as f64;
        let seconds = (each * self.steps.saturating_sub(step) as f64) as u64;
        format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

/// Takes the lines of later steps than `start` out of the file at `path`, where it is there.
fn forget_after(path: &Path, start: StageStart) -> io::Result<()> {
    // The size first: what is no file has none, and must not be read to its end.
    if !std::fs::metadata(path).is_ok_and(|file| file.len() > 0) {
        return Ok(());
    }
    let text = std::fs::read_to_string(path)?;
    let kept: String =
        text.split_inclusive('\n').filter(|line| !comes_after(line, start)).collect();
    if kept == text { Ok(()) } else { write_atomically(path, kept.as_bytes()) }
}

/// Whether a line is of a later step than `start`, or was cut short.
fn comes_after(line: &str, start: StageStart) -> bool {
    let mut fields = line.split(',');
    let mut number = || fields.next().and_then(|field| field.parse::<u64>().ok());
    match (number(), number()) {
        (Some(stage), Some(step)) => {
            (stage, step) > (start.stage as u64 + 1, start.done) || !line.ends_with('\n')
        }
        _ => !line.starts_with("stage,"),
    }
}
