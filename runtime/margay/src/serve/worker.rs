//! A worker: leases a window, looks at it, puts its result into the ledger.
//!
//! **Invariant:** the lease is on disk before the window is looked at, so that a window that takes
//! the process with it is known after [`TRIES_MAX`] lives and refused; the others go on.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use ledger::{Audit, Finished, Job, Ledger};
use pipeline::{AnalyseError, Examiner, Models, Progress, Scratch, WindowError};

use super::beats::Beat;
use super::clock::Clock;
use super::desk::{Look, Note};
use super::patience::insist;

/// Lives that a window may cost: a power cut is no fault of the window.
const TRIES_MAX: u32 = 3;

/// How long a window is a worker's. The process that holds it takes it back at its start, so this
/// only matters where a process is gone for good.
const LEASE_MS: u64 = 3_600_000;

/// The kind of the jobs that are windows.
pub(crate) const WINDOW: &str = "window";

/// What all who work on slides share.
#[derive(Clone)]
pub(crate) struct Bench {
    pub(crate) ledger: Ledger,
    pub(crate) models: Arc<Models>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) clock: Clock,
    pub(crate) owner: Arc<str>,
    pub(crate) notes: Sender<Note>,
}

/// One worker.
pub(crate) struct Worker {
    pub(crate) number: usize,
    pub(crate) bench: Bench,
    pub(crate) beat: Beat,
}

/// What a look came to.
enum Verdict {
    Found(Vec<u8>),
    Refused(String),
    Again(String),
}

impl Worker {
    /// Works until there are no more looks.
    pub(crate) fn run(&self, looks: &Receiver<Look>) {
        let mut scratch = Scratch::default();
        for look in looks {
            let item = format!("slide {}, window {}", look.slide.label, look.window);
            self.beat.at("lease", item.clone());
            let note = match self.lease(&look) {
                Some(job) => {
                    self.beat.at("look", item.clone());
                    let verdict = self.verdict(&mut scratch, &look, &job);
                    self.beat.at("keep", item);
                    self.keep(&look, &job, verdict)
                }
                // It has a verdict from another life.
                None => looked(&look),
            };
            self.beat.idle();
            if self.bench.notes.send(note).is_err() {
                return;
            }
        }
    }

    fn lease(&self, look: &Look) -> Option<Job> {
        let Bench { ledger, clock, owner, .. } = &self.bench;
        insist(&self.beat, "lease a window", || {
            let (slide, window) = (look.slide.id, look.window);
            ledger.lease_job(slide, WINDOW, window, owner, clock.now_ms(), LEASE_MS)
        })
    }

    fn verdict(&self, scratch: &mut Scratch, look: &Look, job: &Job) -> Verdict {
        if job.tries > TRIES_MAX {
            return Verdict::Refused(format!(
                "it was begun {} times and never ended",
                job.tries - 1
            ));
        }
        let Bench { models, progress, .. } = &self.bench;
        let examiner = Examiner::new(&*look.slide, models, &look.survey, progress);
        match examiner.examine(self.number, scratch, look.window) {
            Ok(found) => Verdict::Found(found.encode()),
            Err(error) => {
                let is_final = is_the_images(&error) || job.tries >= TRIES_MAX;
                let reason = format!("{:#}", anyhow::Error::new(error));
                if is_final { Verdict::Refused(reason) } else { Verdict::Again(reason) }
            }
        }
    }

    fn keep(&self, look: &Look, job: &Job, verdict: Verdict) -> Note {
        let Bench { ledger, clock, owner, .. } = &self.bench;
        let (slide, window) = (look.slide.id, look.window);
        let label = &look.slide.label;
        match verdict {
            Verdict::Found(result) => {
                let finished = Finished { result, ..Finished::default() };
                insist(&self.beat, "keep a window", || {
                    ledger.finish(job.id, owner, finished.clone(), clock.now_ms())
                });
                looked(look)
            }
            Verdict::Refused(reason) => {
                tracing::warn!(slide = label, window, "A window is given up: {reason}");
                let audit = audit(&format!("slide {label}, window {window}: given up"), &reason);
                insist(&self.beat, "give a window up", || {
                    let now = clock.now_ms();
                    ledger.refuse(job.id, owner, &reason, Vec::new(), audit.clone(), now)
                });
                looked(look)
            }
            Verdict::Again(reason) => {
                tracing::warn!(slide = label, window, "A window is tried again: {reason}");
                insist(&self.beat, "give a window back", || {
                    ledger.give_back(job.id, owner, &reason, clock.now_ms())
                });
                Note::GivenBack { slide, window }
            }
        }
    }
}

fn looked(look: &Look) -> Note {
    Note::Looked { slide: look.slide.id, window: look.window }
}

/// A line of the audit by the pipeline.
pub(crate) fn audit(what: &str, detail: &str) -> Audit {
    Audit { who: "pipeline".into(), what: what.into(), detail: detail.as_bytes().to_vec() }
}

/// Whether another try would come to the same: the pixels cannot be read.
fn is_the_images(error: &AnalyseError) -> bool {
    match error {
        AnalyseError::Window { source, .. } => matches!(**source, WindowError::Read { .. }),
        AnalyseError::Empty(_)
        | AnalyseError::NoGlassRule
        | AnalyseError::TooLarge { .. }
        | AnalyseError::Sink { .. }
        | AnalyseError::TooManyNuclei
        | AnalyseError::Stopped => false,
    }
}
