//! The reference: the same answers from plain lists, slow and obvious.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{
    Answered, Begun, Bound, Class, Ended, Finish, JobState, Limits, NewMessage, Reanalysis,
    SlideId, SlideState, Stored,
};

/// A refusal, in one word.
pub(crate) type Answer<T> = Result<T, &'static str>;

#[derive(Debug, Clone)]
pub(crate) struct Slide {
    pub(crate) key: String,
    pub(crate) meta: Vec<u8>,
    pub(crate) meta_end: Option<Vec<u8>>,
    pub(crate) state: SlideState,
    pub(crate) model: Option<String>,
    pub(crate) tiles: Vec<(u32, u8, usize)>,
    pub(crate) stored: u64,
    pub(crate) finished_ms: Option<u64>,
    pub(crate) pruned: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: u64,
    pub(crate) slide: usize,
    pub(crate) kind: &'static str,
    pub(crate) key: u64,
    pub(crate) state: JobState,
    pub(crate) tries: u32,
    pub(crate) due_ms: u64,
    pub(crate) owner: Option<String>,
    pub(crate) result: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Queued,
    Kept,
    Poisoned,
}

#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) seq: u64,
    pub(crate) message: NewMessage,
    pub(crate) place: Place,
}

#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub(crate) limits: Limits,
    pub(crate) slides: Vec<Slide>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) next_job: u64,
    pub(crate) letters: Vec<Letter>,
    pub(crate) next_seq: u64,
    pub(crate) buried: BTreeSet<String>,
    pub(crate) dropped: u64,
    pub(crate) journal: Option<u64>,
    pub(crate) journaled: u64,
    pub(crate) settings: BTreeMap<String, Vec<u8>>,
    pub(crate) requests: Vec<(String, Option<Vec<u8>>)>,
    pub(crate) audit: u64,
}

impl Reference {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            slides: Vec::new(),
            jobs: Vec::new(),
            next_job: 1,
            letters: Vec::new(),
            next_seq: 1,
            buried: BTreeSet::new(),
            dropped: 0,
            journal: None,
            journaled: 0,
            settings: BTreeMap::new(),
            requests: Vec::new(),
            audit: 0,
        }
    }

    /// Does `act` on a copy and keeps it only if nothing was refused: one transaction.
    pub(crate) fn whole<T>(&mut self, act: impl FnOnce(&mut Self) -> Answer<T>) -> Answer<T> {
        let mut copy = self.clone();
        let answer = act(&mut copy)?;
        *self = copy;
        Ok(answer)
    }

    pub(crate) fn open_slides(&self) -> u64 {
        self.slides.iter().filter(|slide| slide.state < SlideState::Finished).count() as u64
    }

    pub(crate) fn begin(&mut self, key: &str, meta: &[u8]) -> Answer<Begun> {
        if let Some(at) = self.slides.iter().position(|slide| slide.key == key) {
            let same = self.slides[at].meta == meta;
            return if same { Ok(Begun::Existing(id(at))) } else { Err("contradicts") };
        }
        if self.open_slides() >= self.limits.slides_open {
            return Err("full");
        }
        self.slides.push(Slide {
            key: key.into(),
            meta: meta.into(),
            meta_end: None,
            state: SlideState::Open,
            model: None,
            tiles: Vec::new(),
            stored: 0,
            finished_ms: None,
            pruned: false,
        });
        self.audit += 1;
        Ok(Begun::New(id(self.slides.len() - 1)))
    }

    pub(crate) fn tile(&mut self, at: usize, x: u32, digest: u8, bytes: usize) -> Answer<Stored> {
        let slide = self.slides.get(at).ok_or("unknown")?;
        match slide.tiles.iter().find(|tile| tile.0 == x) {
            Some(tile) if tile.1 == digest => return Ok(Stored::Duplicate),
            _ if slide.state != SlideState::Open => return Ok(Stored::Late),
            Some(tile) => return Ok(Stored::Contradicts { digest: [tile.1; 32] }),
            None => {}
        }
        self.make_room(Self::tiles, bytes, self.limits.tiles)?;
        let slide = &mut self.slides[at];
        slide.tiles.push((x, digest, bytes));
        slide.stored += 1;
        Ok(Stored::New { sequence: slide.stored })
    }

    pub(crate) fn add_jobs(
        &mut self,
        at: usize,
        jobs: &[(&'static str, u64)],
        now_ms: u64,
    ) -> usize {
        let mut new = 0;
        for (kind, key) in jobs {
            let known = |job: &Job| job.slide == at && job.kind == *kind && job.key == *key;
            // A number is spent on a job that was there already, too.
            let id = self.next_job;
            self.next_job += 1;
            if self.jobs.iter().any(known) {
                continue;
            }
            self.jobs.push(Job {
                id,
                slide: at,
                kind,
                key: *key,
                state: JobState::Waiting,
                tries: 0,
                due_ms: now_ms,
                owner: None,
                result: None,
            });
            new += 1;
        }
        new
    }

    pub(crate) fn end(&mut self, at: usize, meta_end: &[u8], now_ms: u64) -> Answer<Ended> {
        let slide = self.slides.get_mut(at).ok_or("unknown")?;
        if slide.state != SlideState::Open {
            return match &slide.meta_end {
                Some(before) if before == meta_end => Ok(Ended::Before),
                Some(_) => Err("contradicts"),
                None => Err("state"),
            };
        }
        slide.state = SlideState::Ended;
        slide.meta_end = Some(meta_end.into());
        self.add_jobs(at, &[("score", 0)], now_ms);
        self.audit += 1;
        Ok(Ended::Now)
    }

    pub(crate) fn lease(
        &mut self,
        wanted: impl Fn(&Job) -> bool,
        most: usize,
        owner: &str,
        times_ms: (u64, u64),
    ) -> Vec<(u64, u32)> {
        let due =
            |job: &&mut Job| job.state < JobState::Done && job.due_ms <= times_ms.0 && wanted(job);
        let mut leased = Vec::new();
        for job in self.jobs.iter_mut().filter(due).take(most) {
            (job.state, job.due_ms) = (JobState::Leased, times_ms.0 + times_ms.1);
            (job.tries, job.owner) = (job.tries + 1, Some(owner.into()));
            leased.push((job.id, job.tries));
        }
        leased
    }

    /// The job's place in the list; `None` where it has its verdict.
    pub(crate) fn judge(
        &mut self,
        job: u64,
        owner: &str,
        state: JobState,
    ) -> Answer<Option<usize>> {
        if job == 0 || job >= self.next_job {
            return Err("unknown");
        }
        let open = |found: &Job| found.id == job && found.state < JobState::Done;
        let Some(place) = self.jobs.iter().position(open) else { return Ok(None) };
        (self.jobs[place].state, self.jobs[place].owner) = (state, Some(owner.into()));
        Ok(Some(place))
    }

    pub(crate) fn finish(
        &mut self,
        job: u64,
        result: &[u8],
        message: &NewMessage,
        finished: bool,
        now_ms: u64,
    ) -> Answer<Finish> {
        let Some(place) = self.judge(job, "worker", JobState::Done)? else {
            return Ok(Finish::Already);
        };
        let at = self.jobs[place].slide;
        self.make_room(Self::results, result.len(), self.limits.results)?;
        self.jobs.iter_mut().find(|found| found.id == job).unwrap().result = Some(result.into());
        self.queue(message)?;
        if finished {
            self.conclude(at, now_ms)?;
        }
        self.audit += 1;
        Ok(Finish::Done)
    }

    fn conclude(&mut self, at: usize, now_ms: u64) -> Answer<()> {
        let open = |job: &Job| job.slide == at && job.state < JobState::Done;
        let open = self.jobs.iter().any(open);
        let slide = &mut self.slides[at];
        if slide.state != SlideState::Ended || open {
            return Err("state");
        }
        (slide.state, slide.finished_ms) = (SlideState::Finished, Some(now_ms));
        Ok(())
    }

    pub(crate) fn refuse_slide(&mut self, at: usize, now_ms: u64) -> Answer<bool> {
        let slide = self.slides.get_mut(at).ok_or("unknown")?;
        if slide.state >= SlideState::Finished {
            return Ok(false);
        }
        (slide.state, slide.finished_ms) = (SlideState::Refused, Some(now_ms));
        for job in self.jobs.iter_mut().filter(|job| job.slide == at) {
            if job.state < JobState::Done {
                job.state = JobState::Refused;
            }
        }
        self.audit += 1;
        Ok(true)
    }

    pub(crate) fn reanalyse(&mut self, at: usize, now_ms: u64) -> Answer<Reanalysis> {
        let slide = self.slides.get(at).ok_or("unknown")?;
        if slide.state < SlideState::Finished {
            return Err("state");
        }
        if slide.pruned {
            return Ok(Reanalysis::TilesGone);
        }
        if self.open_slides() >= self.limits.slides_open {
            return Err("full");
        }
        self.jobs.retain(|job| job.slide != at);
        let slide = &mut self.slides[at];
        (slide.state, slide.model, slide.finished_ms) = (SlideState::Ended, None, None);
        self.add_jobs(at, &[("window", 7)], now_ms);
        self.audit += 1;
        Ok(Reanalysis::Begun)
    }

    pub(crate) fn tiles(&self) -> (u64, u64) {
        let tiles: Vec<_> = self.slides.iter().flat_map(|slide| &slide.tiles).collect();
        (tiles.len() as u64, tiles.iter().map(|tile| tile.2 as u64).sum())
    }

    pub(crate) fn results(&self) -> (u64, u64) {
        let results: Vec<_> = self.jobs.iter().filter_map(|job| job.result.as_ref()).collect();
        (results.len() as u64, results.iter().map(|result| result.len() as u64).sum())
    }

    fn make_room(
        &mut self,
        there: fn(&Self) -> (u64, u64),
        bytes: usize,
        bound: Bound,
    ) -> Answer<()> {
        while !fits(there(self), bytes as u64, bound) {
            self.prune_oldest().ok_or("full")?;
        }
        Ok(())
    }

    pub(crate) fn prune_oldest(&mut self) -> Option<u64> {
        let done = |slide: &&Slide| slide.state >= SlideState::Finished && !slide.pruned;
        let oldest = self.slides.iter().filter(done).min_by_key(|slide| slide.finished_ms)?;
        let at = self.slides.iter().position(|slide| slide.key == oldest.key)?;
        let before = self.tiles().1 + self.results().1;
        self.slides[at].tiles.clear();
        self.slides[at].pruned = true;
        self.jobs.retain(|job| job.slide != at);
        Some(before - self.tiles().1 - self.results().1)
    }

    pub(crate) fn counted(&self, class: Class) -> (u64, u64) {
        let counted =
            |letter: &&Letter| letter.message.class == class && letter.place != Place::Poisoned;
        weigh(self.letters.iter().filter(counted))
    }

    pub(crate) fn poisoned(&self) -> (u64, u64) {
        weigh(self.letters.iter().filter(|letter| letter.place == Place::Poisoned))
    }

    pub(crate) fn queue(&mut self, message: &NewMessage) -> Answer<usize> {
        let known = self.letters.iter().any(|letter| letter.message.id == message.id);
        if known || self.buried.contains(&message.id) {
            return Ok(0);
        }
        match message.class {
            Class::Result => {
                let there = self.counted(Class::Result);
                if !fits(there, weight(message), self.limits.outbox_results) {
                    return Err("full");
                }
            }
            Class::Telemetry => self.drop_telemetry(weight(message))?,
        }
        let (seq, message) = (self.next_seq, message.clone());
        self.letters.push(Letter { seq, message, place: Place::Queued });
        self.next_seq += 1;
        Ok(1)
    }

    fn drop_telemetry(&mut self, bytes: u64) -> Answer<()> {
        let bound = self.limits.outbox_telemetry;
        while !fits(self.counted(Class::Telemetry), bytes, bound) {
            let oldest = |letter: &Letter| {
                letter.message.class == Class::Telemetry && letter.place == Place::Queued
            };
            let oldest = self.letters.iter().position(oldest).ok_or("full")?;
            self.letters.remove(oldest);
            self.dropped += 1;
        }
        Ok(())
    }

    pub(crate) fn sent(&mut self, seq: u64) -> usize {
        let queued = |letter: &Letter| letter.seq == seq && letter.place == Place::Queued;
        let Some(at) = self.letters.iter().position(queued) else { return 0 };
        let result = self.letters[at].message.class == Class::Result;
        if result && self.journal.is_some() && seq > self.journaled {
            self.letters[at].place = Place::Kept;
        } else {
            self.bury(at);
        }
        1
    }

    pub(crate) fn bury(&mut self, at: usize) {
        let letter = self.letters.remove(at);
        self.buried.insert(letter.message.id);
    }

    pub(crate) fn bury_kept(&mut self, up_to: u64) {
        let kept = |letter: &Letter| letter.place == Place::Kept && letter.seq <= up_to;
        while let Some(at) = self.letters.iter().position(kept) {
            self.bury(at);
        }
    }

    pub(crate) fn poison(&mut self, seq: u64) -> Answer<bool> {
        let queued = |letter: &Letter| letter.seq == seq && letter.place == Place::Queued;
        let Some(at) = self.letters.iter().position(queued) else { return Ok(false) };
        if !fits(self.poisoned(), weight(&self.letters[at].message), self.limits.poisoned) {
            return Err("full");
        }
        self.letters[at].place = Place::Poisoned;
        Ok(true)
    }

    pub(crate) fn apart(&self, seq: u64) -> Option<usize> {
        let apart = |letter: &Letter| letter.seq == seq && letter.place == Place::Poisoned;
        self.letters.iter().position(apart)
    }

    pub(crate) fn answer(&mut self, id: &str, answer: &[u8]) -> Answer<Answered> {
        let asked = |request: &&mut (String, Option<Vec<u8>>)| request.0 == id;
        let request = self.requests.iter_mut().find(asked).ok_or("unknown")?;
        if request.1.is_some() {
            return Ok(Answered::Before);
        }
        request.1 = Some(answer.into());
        Ok(Answered::Now)
    }
}

pub(crate) fn id(at: usize) -> SlideId {
    SlideId(at as u64 + 1)
}

/// What a message counts for: its words, its payload and 64 bytes for its row.
pub(crate) fn weight(message: &NewMessage) -> u64 {
    let words = message.id.len() + message.topic.len() + message.stream.len();
    (64 + words + message.payload.len()) as u64
}

fn weigh<'a>(letters: impl Iterator<Item = &'a Letter>) -> (u64, u64) {
    letters.fold((0, 0), |(rows, bytes), letter| (rows + 1, bytes + weight(&letter.message)))
}

pub(crate) fn fits(there: (u64, u64), bytes: u64, bound: Bound) -> bool {
    there.0 < bound.rows && there.1 + bytes <= bound.bytes
}
