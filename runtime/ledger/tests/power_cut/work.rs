//! The workload: two roles, three slides, and a record of what was acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use ledger::{
    Audit, Begun, Class, Finish, Finished, Ledger, Limits, NewJob, NewMessage, NewRequest,
    NewSlide, NewTile, OpenError, Opened, ReadError, SlideId, SlideState, Stored, WriteError,
};
use powercut::Chance;

/// Slides in one workload, and tiles in each.
const SLIDES: u64 = 3;
const TILES: u32 = 5;
/// Steps until all is done whatever chance says: far more than any workload needs.
const STEPS_MAX: u32 = 20_000;
const LEASE_MS: u64 = 50;

/// A call did not come back with a yes: the power is gone.
#[derive(Debug)]
pub(crate) enum Cut {
    Open(#[expect(dead_code, reason = "shown")] OpenError),
    Read(#[expect(dead_code, reason = "shown")] ReadError),
    Write(#[expect(dead_code, reason = "shown")] WriteError),
}

/// What the callers have been told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) slides: BTreeMap<u64, SlideId>,
    pub(crate) ended: BTreeSet<u64>,
    pub(crate) finished: BTreeSet<u64>,
    pub(crate) tiles: BTreeMap<(u64, u32), u64>,
    pub(crate) jobs: BTreeSet<(u64, u32)>,
    pub(crate) results: BTreeMap<(u64, u32), Vec<u8>>,
    pub(crate) refused: BTreeSet<(u64, u32)>,
    pub(crate) gone: BTreeSet<String>,
    pub(crate) poisoned: BTreeSet<String>,
    pub(crate) queued: BTreeSet<String>,
    /// Messages that were being taken out when the power went.
    leaving: BTreeSet<String>,
    pub(crate) setting: Option<Vec<u8>>,
    pub(crate) setting_unsure: bool,
    pub(crate) asked: BTreeSet<u64>,
    pub(crate) answered: BTreeSet<u64>,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { slides, tiles, ended, finished, gone, poisoned, asked, answered, .. } = self;
        write!(f, "{} slides, {} tiles, ended {ended:?}, ", slides.len(), tiles.len())?;
        write!(f, "finished {finished:?}, gone {gone:?}, poisoned {poisoned:?}, ")?;
        write!(f, "asked {asked:?}, answered {answered:?}")
    }
}

pub(crate) struct World {
    pub(crate) path: PathBuf,
    pub(crate) told: Told,
    pub(crate) pipeline: Option<Ledger>,
    agent: Option<Ledger>,
    chance: Chance,
    now_ms: u64,
}

impl World {
    pub(crate) fn new(path: PathBuf, seed: u64) -> Self {
        let chance = Chance::new(seed);
        let (told, now_ms) = (Told::default(), 1_000);
        Self { path, told, pipeline: None, agent: None, chance, now_ms }
    }

    pub(crate) fn start(&mut self) -> Result<(), Cut> {
        let (pipeline, opened) = self.open()?;
        assert!(!matches!(opened, Opened::SetAside { .. }), "{opened:?}");
        let nothing_told = self.told.slides.is_empty() && self.told.asked.is_empty();
        assert!(opened == Opened::Existing || nothing_told, "the ledger is gone");
        self.pipeline = Some(pipeline);
        self.agent = Some(self.open()?.0);
        Ok(())
    }

    fn open(&self) -> Result<(Ledger, Opened), Cut> {
        Ledger::open(&self.path, Limits::default(), self.now_ms).map_err(Cut::Open)
    }

    pub(crate) fn stop(&mut self) {
        self.pipeline = None;
        self.agent = None;
    }

    /// Works until all is done; says no where the power went.
    pub(crate) fn run(&mut self) -> bool {
        if self.start().is_err() {
            return false;
        }
        for _ in 0..STEPS_MAX {
            if self.is_done() {
                return true;
            }
            self.now_ms += 1 + self.chance.below(20);
            if self.step().is_err() {
                return false;
            }
        }
        panic!("the work does not come to its end: {}", self.told);
    }

    fn is_done(&self) -> bool {
        let told = &self.told;
        let messages = SLIDES as usize * (TILES as usize + 1) + told.answered.len();
        told.finished.len() as u64 == SLIDES
            && told.gone.len() + told.poisoned.len() == messages
            && told.asked.len() == told.answered.len()
    }

    fn step(&mut self) -> Result<(), Cut> {
        match self.chance.below(100) {
            0..10 => self.begin(),
            10..40 => self.tile(),
            40..50 => self.end(),
            50..75 => self.work_on_a_window(),
            75..80 => self.score(),
            80..90 => self.deliver(),
            90..92 => self.set(),
            92..94 => self.ask(),
            94..96 => self.answer(),
            96..98 => self.checkpoint(),
            _ => {
                self.stop();
                self.start()
            }
        }
    }

    fn pipeline(&self) -> Ledger {
        self.pipeline.clone().unwrap()
    }

    fn agent(&self) -> Ledger {
        self.agent.clone().unwrap()
    }

    fn begin(&mut self) -> Result<(), Cut> {
        let key = self.chance.below(SLIDES);
        let slide = NewSlide { key: key.to_string(), meta: vec![key as u8; 100] };
        let begun = self.pipeline().begin_slide(slide, audit("begin", key), self.now_ms)?;
        let known = self.told.slides.insert(key, begun.id());
        assert!(known.is_none() || begun == Begun::Existing(known.unwrap()));
        Ok(())
    }

    fn tile(&mut self) -> Result<(), Cut> {
        let Some((key, slide)) = self.a_slide() else { return Ok(()) };
        let x = self.chance.below(TILES.into()) as u32;
        let stored = self.pipeline().store_tile(slide, tile(key, x), self.now_ms)?;
        let before = self.told.tiles.get(&(key, x)).copied();
        match (stored, before) {
            (Stored::New { sequence }, None) => _ = self.told.tiles.insert((key, x), sequence),
            (Stored::Duplicate, Some(_)) => {}
            (Stored::Duplicate, None) => _ = self.told.tiles.insert((key, x), 0),
            other => panic!("{other:?}"),
        }
        let job = NewJob { kind: "window".into(), key: x.into(), payload: vec![x as u8; 20] };
        self.pipeline().add_jobs_unless_finished(slide, job, self.now_ms)?;
        self.told.jobs.insert((key, x));
        Ok(())
    }

    fn end(&mut self) -> Result<(), Cut> {
        let Some((key, slide)) = self.a_slide() else { return Ok(()) };
        if (0..TILES).any(|x| !self.told.jobs.contains(&(key, x))) {
            return Ok(());
        }
        let score = NewJob { kind: "score".into(), key: 0, payload: Vec::new() };
        let (end, now_ms) = (b"end".to_vec(), self.now_ms);
        self.pipeline().end_slide(slide, vec![score], end, audit("end", key), now_ms)?;
        self.told.ended.insert(key);
        Ok(())
    }

    fn work_on_a_window(&mut self) -> Result<(), Cut> {
        let ledger = self.pipeline();
        let leased = ledger.lease("window", 2, "worker", self.now_ms, LEASE_MS)?;
        for job in leased {
            let key = *self.told.slides.iter().find(|(_, id)| **id == job.slide).unwrap().0;
            let place = (key, job.key as u32);
            assert!(!self.told.results.contains_key(&place), "a finished job is leased");
            match self.chance.below(10) {
                0 => {
                    ledger.give_back(job.id, "worker", "not now", self.now_ms + 10)?;
                }
                1 => {
                    let messages = vec![message(key, place.1)];
                    let why = audit("refuse", id_of(place));
                    ledger.refuse(job.id, "worker", "blurred", messages, why, self.now_ms)?;
                    self.told.refused.insert(place);
                    self.told.queued.insert(message(key, place.1).id);
                }
                2 => {}
                _ => {
                    let finished = finished(place);
                    let result = finished.result.clone();
                    let finish = ledger.finish(job.id, "worker", finished, self.now_ms)?;
                    assert_eq!(finish, Finish::Done);
                    self.told.results.insert(place, result);
                    self.told.queued.insert(message(key, place.1).id);
                }
            }
        }
        Ok(())
    }

    /// Scores a slide whose windows all have their verdict.
    fn score(&mut self) -> Result<(), Cut> {
        let Some((key, slide)) = self.a_slide() else { return Ok(()) };
        let ledger = self.pipeline();
        let counts = ledger.job_counts(Some(slide))?;
        let windows = counts.get("window").copied().unwrap_or_default();
        if !self.told.ended.contains(&key) || windows.waiting + windows.leased > 0 {
            return Ok(());
        }
        let job = ledger.lease_job(slide, "score", 0, "worker", self.now_ms, LEASE_MS)?;
        let score = NewMessage { stream: key.to_string(), ..message(key, TILES) };
        if let Some(job) = job {
            let finished = Finished {
                result: b"score".to_vec(),
                messages: vec![score.clone()],
                slide_state: Some(SlideState::Finished),
                audit: Some(audit("score", key)),
                ..Finished::default()
            };
            ledger.finish(job.id, "worker", finished, self.now_ms)?;
        } else if ledger.slide(slide)?.unwrap().state != SlideState::Finished {
            return Ok(());
        }
        self.told.finished.insert(key);
        self.told.queued.insert(score.id);
        Ok(())
    }

    /// The broker takes some, and refuses some for good.
    fn deliver(&mut self) -> Result<(), Cut> {
        let ledger = self.agent();
        self.look_for_the_leaving(&ledger)?;
        let queued = ledger.outbox(0, 4, usize::MAX)?;
        let mut last: BTreeMap<&str, u64> = BTreeMap::new();
        for message in &queued {
            assert!(last.insert(&message.stream, message.seq).is_none_or(|seq| seq < message.seq));
            assert!(!self.told.gone.contains(&message.id), "{} comes again", message.id);
            assert!(!self.told.poisoned.contains(&message.id), "{} comes again", message.id);
        }
        self.told.leaving.extend(queued.iter().map(|message| message.id.clone()));
        if let Some(first) = queued.first().filter(|_| self.chance.one(1, 6)) {
            ledger.poisoned(first.seq, "not authorised", self.now_ms)?;
            self.told.poisoned.insert(first.id.clone());
            self.told.leaving.clear();
            return Ok(());
        }
        let seqs: Vec<u64> = queued.iter().map(|message| message.seq).collect();
        ledger.sent(&seqs, self.now_ms)?;
        self.told.gone.extend(queued.into_iter().map(|message| message.id));
        self.told.leaving.clear();
        Ok(())
    }

    /// What was being taken out at the cut is queued, set apart or gone, and stays so.
    fn look_for_the_leaving(&mut self, ledger: &Ledger) -> Result<(), Cut> {
        let queued = ledger.outbox(0, 1000, usize::MAX)?;
        let apart = ledger.poison(0)?;
        for id in std::mem::take(&mut self.told.leaving) {
            if apart.iter().any(|apart| apart.message.id == id) {
                self.told.poisoned.insert(id);
            } else if queued.iter().all(|message| message.id != id) {
                self.told.gone.insert(id);
            }
        }
        Ok(())
    }

    fn set(&mut self) -> Result<(), Cut> {
        let value = vec![self.chance.below(3) as u8];
        self.told.setting_unsure = true;
        self.agent().set("paused", Some(value.clone()), audit("set", 0), self.now_ms)?;
        (self.told.setting, self.told.setting_unsure) = (Some(value), false);
        Ok(())
    }

    fn ask(&mut self) -> Result<(), Cut> {
        let id = self.chance.below(3);
        let request = NewRequest { id: id.to_string(), verb: "status".into(), payload: vec![] };
        self.agent().request(request, self.now_ms)?;
        self.told.asked.insert(id);
        Ok(())
    }

    fn answer(&mut self) -> Result<(), Cut> {
        for request in self.pipeline().requests(0)? {
            let id: u64 = request.id.parse().unwrap();
            assert!(!self.told.answered.contains(&id), "an answered request is asked again");
            let reply = NewMessage { id: format!("reply-{id}"), ..message(99, 0) };
            let messages = vec![reply.clone()];
            self.pipeline().answer(&request.id, b"well".to_vec(), messages, self.now_ms)?;
        }
        for id in self.told.asked.clone() {
            if self.pipeline().answer_to(&id.to_string())?.is_some() {
                self.told.answered.insert(id);
                self.told.queued.insert(format!("reply-{id}"));
            }
        }
        Ok(())
    }

    /// Another program takes the write-ahead log into the file.
    fn checkpoint(&mut self) -> Result<(), Cut> {
        let failed = |source| Cut::Read(ReadError::Storage { doing: "take the log in", source });
        let connection = rusqlite::Connection::open(&self.path).map_err(failed)?;
        let kind = if self.chance.one(1, 2) { "PASSIVE" } else { "TRUNCATE" };
        let checkpoint = format!("PRAGMA wal_checkpoint({kind})");
        connection.query_row(&checkpoint, [], |_| Ok(())).map_err(failed)
    }

    fn a_slide(&mut self) -> Option<(u64, SlideId)> {
        let key = self.chance.below(SLIDES);
        self.told.slides.get(&key).map(|id| (key, *id))
    }
}

trait AddJobs {
    fn add_jobs_unless_finished(&self, slide: SlideId, job: NewJob, now_ms: u64)
    -> Result<(), Cut>;
}

impl AddJobs for Ledger {
    fn add_jobs_unless_finished(
        &self,
        slide: SlideId,
        job: NewJob,
        now_ms: u64,
    ) -> Result<(), Cut> {
        match self.add_jobs(slide, vec![job], now_ms) {
            Ok(_) | Err(WriteError::State { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

pub(crate) fn id_of(place: (u64, u32)) -> u64 {
    place.0 * 1000 + u64::from(place.1)
}

pub(crate) fn tile(key: u64, x: u32) -> NewTile {
    let mut chance = Chance::new(id_of((key, x)));
    let long = if chance.one(1, 8) { 60_000 } else { 3_000 };
    let bytes: Vec<u8> = (0..chance.below(long)).map(|_| chance.bits() as u8).collect();
    NewTile { x, y: 0, digest: [x as u8 + 1; 32], meta: vec![1, 2, 3], bytes }
}

pub(crate) fn finished(place: (u64, u32)) -> Finished {
    let mut chance = Chance::new(id_of(place));
    Finished {
        result: (0..chance.below(9_000)).map(|_| chance.bits() as u8).collect(),
        messages: vec![message(place.0, place.1)],
        audit: Some(audit("finish", id_of(place))),
        ..Finished::default()
    }
}

pub(crate) fn message(key: u64, x: u32) -> NewMessage {
    let class = Class::Result;
    let (id, topic) = (format!("{key}-{x}"), format!("results/{key}"));
    NewMessage { class, id, topic, payload: vec![x as u8; 500], stream: key.to_string() }
}

fn audit(what: &str, which: u64) -> Audit {
    Audit { who: "test".into(), what: what.into(), detail: which.to_string().into() }
}

impl From<WriteError> for Cut {
    fn from(error: WriteError) -> Self {
        let by_disk = matches!(
            error,
            WriteError::Storage { .. } | WriteError::Busy { .. } | WriteError::Gone
        );
        assert!(by_disk, "refused: {error}");
        Self::Write(error)
    }
}

impl From<ReadError> for Cut {
    fn from(error: ReadError) -> Self {
        assert!(matches!(error, ReadError::Storage { .. }), "{error}");
        Self::Read(error)
    }
}
