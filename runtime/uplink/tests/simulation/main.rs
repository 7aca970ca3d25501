//! A real ledger and the session against a model of everything else: the client library, the link,
//! the broker, the power switch of the box. All that can go wrong goes wrong at random.
//!
//! The seed stands in each failure; `MARGAY_SEED=n` runs that one alone.

#![expect(clippy::unwrap_used, reason = "a test may stop")]
#![expect(clippy::wildcard_enum_match_arm, reason = "what is not the ledger's is outside")]

mod outside;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use ledger::{Class, Ledger, Limits, NewMessage};
use outside::{Chance, Outside};
use tempfile::TempDir;
use uplink::session::{Action, Event, Session, Settings, Settlement};

/// Messages of one run.
const MESSAGES: u64 = 150;
/// Random steps of one run, before the world becomes good.
const STEPS: usize = 4000;
/// Steps within which all must be over once the world is good.
const GOOD_STEPS: usize = 20_000;

#[test]
fn whatever_goes_wrong_each_message_arrives_and_leaves_the_outbox_only_acknowledged() {
    let seeds: Vec<u64> = match std::env::var("MARGAY_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (1..=40).collect(),
    };
    let mut seen = Seen::default();
    for seed in seeds {
        println!("seed {seed}");
        World::new(seed).run(&mut seen);
    }

    println!("{seen:?}");
    let Seen { cuts, restarts, poisoned, busy, repeated, unwritten } = seen;
    for (what, count) in [
        ("cuts", cuts),
        ("restarts", restarts),
        ("poisoned", poisoned),
        ("busy", busy),
        ("repeated", repeated),
        ("unwritten", unwritten),
    ] {
        assert!(count > 0 || std::env::var_os("MARGAY_SEED").is_some(), "no {what}: a tame world");
    }
}

/// How often things went wrong.
#[derive(Debug, Default)]
struct Seen {
    cuts: usize,
    restarts: usize,
    poisoned: usize,
    busy: usize,
    repeated: usize,
    unwritten: usize,
}

/// The box and all around it.
struct World {
    chance: Chance,
    folder: TempDir,
    ledger: Ledger,
    session: Session,
    outside: Outside,
    now: Duration,
    queued: BTreeMap<String, Vec<String>>,
    seqs: BTreeMap<u64, String>,
    count: u64,
    good: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        // Memory, where there is such a folder: what the disk keeps is the ledger's own test.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
        let folder = folder.unwrap();
        let ledger = open(folder.path());
        let mut chance = Chance::new(seed);
        let session = Session::new(settings(&mut chance));

        Self {
            outside: Outside::default(),
            queued: BTreeMap::new(),
            seqs: BTreeMap::new(),
            now: Duration::ZERO,
            count: 0,
            good: false,
            chance,
            folder,
            ledger,
            session,
        }
    }

    fn run(mut self, seen: &mut Seen) {
        for _ in 0..STEPS {
            self.step(seen);
        }
        self.good = true;
        self.outside.becomes_good();
        let mut steps = 0;
        while self.ledger.census().unwrap().outbox_results.rows > 0 || self.count < MESSAGES {
            for _ in 0..50 {
                self.step(seen);
            }
            steps += 50;
            assert!(steps < GOOD_STEPS, "the outbox does not empty: {:?}", self.session);
        }
        self.check(seen);
    }

    /// One thing happens.
    fn step(&mut self, seen: &mut Seen) {
        match self.chance.below(100) {
            0..30 => self.time_passes(),
            30..38 => self.queue(),
            38..60 => self.outside.library_takes_one(&mut self.chance),
            60..75 => self.outside.broker_takes_one(&mut self.chance, self.good),
            75..77 if !self.good => {
                seen.cuts += 1;
                self.outside.cut();
            }
            77 if !self.good => self.outside.broker_dies_or_returns(),
            78 if !self.good && self.chance.one_in(4) => self.restart(seen),
            _ => {}
        }
        if let Some(event) = self.outside.says(&mut self.chance, self.good) {
            self.tell(event, seen);
        }
        if self.chance.one_in(3) {
            self.tell(Event::Tick, seen);
        }
    }

    fn time_passes(&mut self) {
        let most = if self.chance.one_in(20) { 5000 } else { 60 };
        self.now += Duration::from_millis(self.chance.below(most));
    }

    /// Somebody queues a few messages; some of them the broker will never take.
    fn queue(&mut self) {
        let mut messages = Vec::new();
        for _ in 0..self.chance.below(6).min(MESSAGES - self.count) {
            self.count += 1;
            let stream = format!("slide-{}", self.chance.below(8));
            let forbidden = self.chance.one_in(40);
            let id = format!("{}-{}", if forbidden { "forbidden" } else { "id" }, self.count);
            if !forbidden {
                self.queued.entry(stream.clone()).or_default().push(id.clone());
            }
            let large = self.chance.one_in(30);
            let payload = vec![b'x'; if large { 900 } else { 10 }];
            let (class, topic) = (Class::Result, stream.clone());
            messages.push(NewMessage { class, id, topic, payload, stream });
        }
        if messages.is_empty() {
            return;
        }
        self.ledger.enqueue(messages, 0).unwrap();
        for row in self.ledger.outbox(0, 1000, usize::MAX).unwrap() {
            self.seqs.insert(row.seq, row.id);
        }
        self.outside.grew = true;
    }

    /// The power of the box goes and comes back.
    fn restart(&mut self, seen: &mut Seen) {
        seen.restarts += 1;
        self.outside.cut();
        self.outside.forgets();
        self.session = Session::new(settings(&mut self.chance));
        self.now = Duration::ZERO;
        self.ledger = open(self.folder.path());
    }

    fn tell(&mut self, event: Event, seen: &mut Seen) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            if let Event::Acknowledged { pkid, verdict } = &event {
                seen.busy += usize::from(matches!(verdict, uplink::session::Verdict::Busy(_)));
                self.outside.hears(*pkid, *verdict);
            }
            for action in self.session.apply(event, self.now) {
                match action {
                    Action::Fetch { after, rows, bytes } => {
                        events.push(self.fetch(after, rows, bytes));
                    }
                    Action::Settle(settlement) => {
                        events.push(Event::Settled(self.settle(settlement, seen)));
                    }
                    other => self.outside.told(other, &mut self.chance),
                }
            }
        }
    }

    fn fetch(&mut self, after: u64, rows: usize, bytes: usize) -> Event {
        if !self.good && self.chance.one_in(50) {
            return Event::FetchFailed;
        }
        Event::Rows { after, rows: self.ledger.outbox(after, rows, bytes).unwrap() }
    }

    /// Writes, or fails to; checks that the broker has said so.
    fn settle(&mut self, settlement: Settlement, seen: &mut Seen) -> Settlement {
        for seq in &settlement.sent {
            let id = &self.seqs[seq];
            assert!(self.outside.heard_accepted.contains(id), "{id} goes without its PUBACK");
        }
        for (seq, reason) in &settlement.poisoned {
            let id = &self.seqs[seq];
            let never_taken = id.starts_with("forbidden") || reason.contains("larger");
            assert!(never_taken, "{id} is set apart, and the broker takes it: {reason}");
        }
        if !self.good && self.chance.one_in(20) {
            seen.unwritten += 1;
            return Settlement::default();
        }
        self.ledger.sent(&settlement.sent, 0).unwrap();
        for (seq, reason) in &settlement.poisoned {
            self.ledger.poisoned(*seq, reason, 0).unwrap();
        }
        self.ledger.tried(&settlement.tried).unwrap();
        settlement
    }

    /// The end: each message has arrived or is set apart, in the order of its stream.
    fn check(self, seen: &mut Seen) {
        let apart: BTreeSet<String> = self
            .ledger
            .poison(0)
            .unwrap()
            .into_iter()
            .map(|poisoned| poisoned.message.id)
            .collect();
        seen.poisoned += apart.len();
        let mut first: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (stream, id) in &self.outside.arrivals {
            let ids = first.entry(stream.clone()).or_default();
            if ids.contains(id) {
                seen.repeated += 1;
            } else {
                ids.push(id.clone());
            }
        }
        for (stream, ids) in self.queued {
            let expected: Vec<_> = ids.into_iter().filter(|id| !apart.contains(id)).collect();
            let arrived = first.remove(&stream).unwrap_or_default();
            let arrived: Vec<_> = arrived.into_iter().filter(|id| !apart.contains(id)).collect();
            assert_eq!(arrived, expected, "{stream}");
        }
    }
}

fn open(folder: &Path) -> Ledger {
    Ledger::open(&folder.join("work.db"), Limits::default(), 0).unwrap().0
}

fn settings(chance: &mut Chance) -> Settings {
    Settings {
        refusals_max: 3,
        refusal_wait: Duration::from_millis(50),
        refusal_wait_max: Duration::from_secs(1),
        reconnect_wait: Duration::from_millis(20),
        reconnect_wait_max: Duration::from_secs(2),
        answer_patience: Duration::from_secs(3),
        seed: chance.below(u64::MAX),
        ..Settings::default()
    }
}
