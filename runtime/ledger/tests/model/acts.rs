//! One random operation, on the ledger and on its reference.

use std::fmt::Debug;

use ledger::{
    Audit, Class, Finished, JobState, Keep, Ledger, NewJob, NewMessage, NewRequest, NewSlide,
    NewTile, SlideState, WriteError,
};
use powercut::Chance;

use crate::reference::{Answer, Reference, id};

pub(crate) fn act(ledger: &Ledger, reference: &mut Reference, chance: &mut Chance, now_ms: u64) {
    let mut acts = Acts { ledger, reference, chance, now_ms };
    match acts.chance.below(100) {
        0..8 => acts.begin(),
        8..28 => acts.tile(),
        28..34 => acts.end(),
        34..40 => acts.add_jobs(),
        40..52 => acts.lease(),
        52..64 => acts.finish(),
        64..67 => acts.refuse(),
        67..70 => acts.give_back(),
        70..72 => acts.refuse_slide(),
        72..74 => acts.reanalyse(),
        74..76 => acts.prune(),
        76..80 => acts.enqueue(),
        80..86 => acts.sent(),
        86..89 => acts.poison(),
        89..91 => acts.unpoison(),
        91..94 => acts.journal(),
        94..96 => acts.set(),
        96..98 => acts.request(),
        98..99 => acts.pin(),
        _ => acts.reclaim(),
    }
}

struct Acts<'a> {
    ledger: &'a Ledger,
    reference: &'a mut Reference,
    chance: &'a mut Chance,
    now_ms: u64,
}

impl Acts<'_> {
    fn slide(&mut self) -> usize {
        self.chance.below(self.reference.slides.len() as u64 + 1) as usize
    }

    fn job(&mut self) -> u64 {
        self.chance.below(self.reference.next_job + 1)
    }

    /// Mostly one that is there, sometimes one that is gone or never was.
    fn seq(&mut self) -> u64 {
        let letters = &self.reference.letters;
        let there = letters.get(self.chance.below(letters.len() as u64) as usize);
        match there {
            Some(letter) if self.chance.one(9, 10) => letter.seq,
            Some(_) | None => self.chance.below(self.reference.next_seq + 1),
        }
    }

    fn message(&mut self, class: Class) -> NewMessage {
        let id = format!("{class:?}-{}", self.chance.below(60));
        let payload = vec![1; self.chance.below(700) as usize];
        NewMessage { class, id, topic: "t".into(), payload, stream: "s".into() }
    }

    fn begin(&mut self) {
        let (key, meta) =
            (self.chance.below(12).to_string(), vec![u8::from(self.chance.one(1, 20))]);
        let wanted = self.reference.whole(|reference| reference.begin(&key, &meta));
        same(&self.ledger.begin_slide(NewSlide { key, meta }, audit(), self.now_ms), &wanted);
    }

    fn tile(&mut self) {
        let (at, x, digest) =
            (self.slide(), self.chance.below(6) as u32, u8::from(self.chance.one(1, 10)));
        let bytes = vec![0; self.chance.below(800) as usize];
        let wanted = self.reference.whole(|model| model.tile(at, x, digest, bytes.len()));
        let tile = NewTile { x, y: 0, digest: [digest; 32], meta: Vec::new(), bytes };
        same(&self.ledger.store_tile(id(at), tile, self.now_ms), &wanted);
    }

    fn end(&mut self) {
        let (at, end, now_ms) = (self.slide(), vec![u8::from(self.chance.one(1, 10))], self.now_ms);
        let wanted = self.reference.whole(|model| model.end(at, &end, now_ms));
        let jobs = vec![job("score", 0)];
        same(&self.ledger.end_slide(id(at), jobs, end, audit(), now_ms), &wanted);
    }

    fn add_jobs(&mut self) {
        let (at, now_ms) = (self.slide(), self.now_ms);
        let keys = [self.chance.below(6), u64::MAX - self.chance.below(2)];
        let wanted = match self.reference.slides.get(at).map(|slide| slide.state) {
            None => Err("unknown"),
            Some(SlideState::Finished | SlideState::Refused) => Err("state"),
            Some(SlideState::Open | SlideState::Ended) => {
                Ok(self.reference.add_jobs(at, &keys.map(|key| ("window", key)), now_ms))
            }
        };
        let jobs = keys.map(|key| job("window", key)).to_vec();
        same(&self.ledger.add_jobs(id(at), jobs, now_ms), &wanted);
    }

    fn lease(&mut self) {
        let kind = if self.chance.one(1, 3) { "score" } else { "window" };
        let owner = self.chance.below(2).to_string();
        let (times_ms, most) =
            ((self.now_ms, 10 * self.chance.below(10)), self.chance.below(3) as usize);
        if self.chance.one(1, 3) {
            let (at, key) = (self.slide(), self.chance.below(6));
            let wanted =
                |job: &crate::reference::Job| job.slide == at && job.kind == kind && job.key == key;
            let wanted = self.reference.lease(wanted, 1, &owner, times_ms);
            let leased = self.ledger.lease_job(id(at), kind, key, &owner, times_ms.0, times_ms.1);
            let leased: Vec<_> =
                leased.unwrap().map(|job| (job.id.0, job.tries)).into_iter().collect();
            assert_eq!(leased, wanted);
        } else {
            let wanted = self.reference.lease(|job| job.kind == kind, most, &owner, times_ms);
            let leased = self.ledger.lease(kind, most, &owner, times_ms.0, times_ms.1).unwrap();
            let leased: Vec<_> = leased.iter().map(|job| (job.id.0, job.tries)).collect();
            assert_eq!(leased, wanted);
        }
    }

    fn finish(&mut self) {
        let (number, now_ms) = (self.job(), self.now_ms);
        let (result, message) =
            (vec![1; self.chance.below(900) as usize], self.message(Class::Result));
        let score = self.reference.jobs.iter().any(|job| job.id == number && job.kind == "score");
        let wanted =
            self.reference.whole(|model| model.finish(number, &result, &message, score, now_ms));
        let finished = Finished {
            result,
            messages: vec![message],
            slide_state: score.then_some(SlideState::Finished),
            audit: Some(audit()),
            ..Finished::default()
        };
        same(&self.ledger.finish(ledger::JobId(number), "worker", finished, now_ms), &wanted);
    }

    fn refuse(&mut self) {
        let number = self.job();
        let judged = self.reference.judge(number, "worker", JobState::Refused);
        self.reference.audit += u64::from(matches!(judged, Ok(Some(_))));
        let wanted = judged.map(|place| {
            if place.is_some() { ledger::Finish::Done } else { ledger::Finish::Already }
        });
        let job = ledger::JobId(number);
        same(&self.ledger.refuse(job, "worker", "blurred", Vec::new(), audit(), 1), &wanted);
    }

    fn give_back(&mut self) {
        let (number, owner) = (self.job(), self.chance.below(2).to_string());
        let retry_ms = self.now_ms + 10 * self.chance.below(5);
        let held = self.reference.jobs.iter_mut().find(|job| {
            job.id == number && job.state == JobState::Leased && job.owner.as_ref() == Some(&owner)
        });
        let wanted = Ok(held.is_some());
        if let Some(job) = held {
            (job.state, job.due_ms) = (JobState::Waiting, retry_ms);
        }
        let job = ledger::JobId(number);
        same(&self.ledger.give_back(job, &owner, "not now", retry_ms), &wanted);
    }

    fn reclaim(&mut self) {
        let owner = self.chance.below(2).to_string();
        let mut held = 0;
        for job in &mut self.reference.jobs {
            if job.state == JobState::Leased && job.owner.as_ref() == Some(&owner) {
                (job.state, job.due_ms) = (JobState::Waiting, self.now_ms);
                held += 1;
            }
        }
        same(&self.ledger.reclaim(&owner, self.now_ms), &Ok(held));
    }

    fn refuse_slide(&mut self) {
        let (at, now_ms) = (self.slide(), self.now_ms);
        let wanted = self.reference.whole(|model| model.refuse_slide(at, now_ms));
        same(&self.ledger.refuse_slide(id(at), "blurred", Vec::new(), audit(), now_ms), &wanted);
    }

    fn reanalyse(&mut self) {
        let (at, now_ms) = (self.slide(), self.now_ms);
        let wanted = self.reference.whole(|model| model.reanalyse(at, now_ms));
        let jobs = vec![job("window", 7)];
        same(&self.ledger.reanalyse(id(at), jobs, audit(), now_ms), &wanted);
    }

    fn prune(&mut self) {
        let keep = Keep {
            finished_since_ms: self.now_ms.saturating_sub(10 * self.chance.below(200)),
            bytes: 1000 + self.chance.below(6000),
        };
        let (mut slides, mut bytes) = (0, 0);
        while self.is_due(keep) {
            let Some(freed) = self.reference.prune_oldest() else { break };
            (slides, bytes) = (slides + 1, bytes + freed);
        }
        let pruned = self.ledger.prune(keep, self.now_ms).unwrap();
        assert_eq!((pruned.slides, pruned.bytes), (slides, bytes));
    }

    fn is_due(&self, keep: Keep) -> bool {
        let model = &self.reference;
        let oldest = model.slides.iter().filter(|slide| !slide.pruned);
        let oldest = oldest.filter_map(|slide| slide.finished_ms).min();
        model.tiles().1 + model.results().1 > keep.bytes
            || oldest.is_some_and(|finished_ms| finished_ms < keep.finished_since_ms)
    }

    fn enqueue(&mut self) {
        let class = if self.chance.one(2, 3) { Class::Telemetry } else { Class::Result };
        let messages = vec![self.message(class), self.message(class)];
        let wanted = self
            .reference
            .whole(|model| Ok(model.queue(&messages[0])? + model.queue(&messages[1])?));
        same(&self.ledger.enqueue(messages, self.now_ms), &wanted);
    }

    fn sent(&mut self) {
        let seqs = [self.seq(), self.seq()];
        let wanted = Ok(seqs.iter().map(|seq| self.reference.sent(*seq)).sum());
        same(&self.ledger.sent(&seqs, self.now_ms), &wanted);
    }

    fn poison(&mut self) {
        let seq = self.seq();
        let wanted = self.reference.poison(seq);
        same(&self.ledger.poisoned(seq, "not authorised", self.now_ms), &wanted);
    }

    fn unpoison(&mut self) {
        let seq = self.seq();
        let apart = self.reference.apart(seq);
        if self.chance.one(1, 2) {
            let wanted = self.reference.whole(|model| {
                let Some(at) = apart else { return Ok(false) };
                let letter = model.letters.remove(at);
                model.queue(&letter.message).map(|_| true)
            });
            same(&self.ledger.revive(seq, self.now_ms), &wanted);
        } else {
            if let Some(at) = apart {
                self.reference.bury(at);
            }
            same(&self.ledger.give_up(seq, self.now_ms), &Ok(apart.is_some()));
        }
    }

    fn journal(&mut self) {
        if self.chance.one(1, 3) {
            let kept = self.chance.one(2, 3);
            self.reference.journal = kept.then_some(0);
            if !kept {
                self.reference.bury_kept(u64::MAX);
            }
            self.ledger.keep_journal(kept, self.now_ms).unwrap();
        } else {
            let seq = self.seq();
            self.reference.journaled = self.reference.journaled.max(seq);
            self.reference.bury_kept(seq);
            self.ledger.journaled(seq, self.now_ms).unwrap();
        }
    }

    fn set(&mut self) {
        let key = self.chance.below(2).to_string();
        let value = self.chance.one(2, 3).then(|| vec![self.chance.below(2) as u8]);
        let before = self.reference.settings.get(&key).cloned();
        let wanted = Ok(before != value);
        self.reference.audit += u64::from(before != value);
        match &value {
            Some(value) => _ = self.reference.settings.insert(key.clone(), value.clone()),
            None => _ = self.reference.settings.remove(&key),
        }
        same(&self.ledger.set(&key, value, audit(), self.now_ms), &wanted);
    }

    fn request(&mut self) {
        let id = self.chance.below(6).to_string();
        if self.chance.one(1, 2) {
            let wanted = self.reference.whole(|model| model.answer(&id, b"well"));
            same(&self.ledger.answer(&id, b"well".to_vec(), Vec::new(), self.now_ms), &wanted);
            return;
        }
        let known = self.reference.requests.iter().any(|request| request.0 == id);
        let open = self.reference.requests.iter().filter(|request| request.1.is_none()).count();
        let wanted = match (known, open as u64 >= self.reference.limits.requests.rows) {
            (true, _) => Ok(false),
            (false, true) => Err("full"),
            (false, false) => Ok(true),
        };
        if wanted == Ok(true) {
            self.reference.requests.push((id.clone(), None));
        }
        let request = NewRequest { id, verb: "status".into(), payload: vec![1] };
        same(&self.ledger.request(request, self.now_ms), &wanted);
    }

    fn pin(&mut self) {
        let (at, model) = (self.slide(), self.chance.below(3).to_string());
        let wanted = self.reference.slides.get_mut(at).ok_or("unknown");
        let wanted = wanted.map(|slide| slide.model.get_or_insert(model.clone()).clone());
        same(&self.ledger.pin_model(id(at), &model), &wanted);
    }
}

fn same<T: Debug + PartialEq>(found: &Result<T, WriteError>, wanted: &Answer<T>) {
    let kind = |error: &WriteError| match error {
        WriteError::Full { .. } => "full",
        WriteError::Contradicts { .. } => "contradicts",
        WriteError::Unknown { .. } => "unknown",
        WriteError::State { .. } => "state",
        WriteError::TooLarge { .. }
        | WriteError::Empty { .. }
        | WriteError::Busy { .. }
        | WriteError::Storage { .. }
        | WriteError::Damaged { .. }
        | WriteError::Gone => panic!("{error}: {error:?}"),
    };
    match (found, wanted) {
        (Ok(found), Ok(wanted)) => assert_eq!(found, wanted),
        (Err(error), Err(wanted)) => assert_eq!(kind(error), *wanted, "{error}"),
        other => panic!("the ledger says {:?}, the reference {:?}", other.0, other.1),
    }
}

fn job(kind: &str, key: u64) -> NewJob {
    NewJob { kind: kind.into(), key, payload: vec![1, 2] }
}

fn audit() -> Audit {
    Audit { who: "test".into(), what: "do".into(), detail: b"it".to_vec() }
}
