//! The pipeline's half: intakes, desk, workers, scorer, journal.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use contract::Digest;
use crossbeam_channel::{Receiver, Select, Sender, bounded};
use engine::Threads;
use intake::session::Limits;
use ledger::Changes;
use pipeline::{Models, Progress};
use sha2::{Digest as _, Sha256};

use super::beats::Beat;
use super::config::Config;
use super::desk::{Desk, Look, Note, Score};
use super::folder::Watcher;
use super::journal::Keeper;
use super::register::Register;
use super::scorer::Scorer;
use super::socket::{self, Listener};
use super::worker::{Bench, Worker, audit};
use super::{House, Part, systemd};
use crate::{models, reporting};

/// Notes that wait for the desk: it takes one in microseconds, so this is a burst of a slide's
/// tiles.
const NOTES: usize = 1024;

/// Time after which the desk looks at the clock and at the ledger's settings.
const TICK: Duration = Duration::from_millis(200);

/// The setting that stops the desk from handing out.
pub(crate) const PAUSED: &str = "paused";

/// The request that begins a slide anew; its payload is the slide's key.
pub(crate) const REANALYSE: &str = "reanalyse";

/// The settings by which the agent knows what the pipeline runs.
pub(crate) const MODEL: &str = "model";
pub(crate) const MODELS: &str = "models";

/// The models and what they are called together.
pub(crate) struct Loaded {
    pub(crate) models: Models,
    pub(crate) threads: NonZeroUsize,
    /// Digest of the cards and of the parameters that change a number.
    pub(crate) name: Arc<str>,
}

/// Loads the models of the configuration.
pub(crate) fn load(config: &Config) -> Result<Loaded> {
    let threads = match config.threads.and_then(NonZeroUsize::new) {
        Some(threads) => threads,
        None => thread::available_parallelism()
            .context("the number of cores is not known; state [compute] threads")?,
    };
    let lanes = Threads { lanes: threads, per_lane: NonZeroUsize::MIN };
    let models = models::load(&config.models, lanes)?;
    models.glass_rule().context("[models] folders: no tissue package says what glass is")?;
    let mut hash = Sha256::new().chain_update(config.seed.to_le_bytes());
    for network in [Some(models.nuclei()), models.tissue()].into_iter().flatten() {
        hash.update(network.card_digest().bytes());
    }
    let name = Digest::from_bytes(hash.finalize().into()).to_string().into();
    Ok(Loaded { models, threads, name })
}

/// Starts the pipeline's threads.
pub(super) fn start(house: &House, loaded: Loaded) -> Result<Part> {
    let Loaded { models, threads, name } = loaded;
    let House { config, ledger, clock, beats, stop } = house;
    let (notes, notes_in) = bounded(NOTES);
    let (looks, looks_out) = bounded(0);
    let (scores, scores_out) = bounded(0);
    let clock_of_progress = *clock;
    let tick = move || u64::try_from(clock_of_progress.up().as_nanos()).unwrap_or(u64::MAX);
    let bench = Bench {
        ledger: ledger.clone(),
        models: Arc::new(models),
        progress: Arc::new(Progress::new(threads, tick)),
        clock: *clock,
        owner: "pipeline".into(),
        notes: notes.clone(),
    };
    let register = Register {
        ledger: ledger.clone(),
        models: Arc::clone(&bench.models),
        glass: None,
        model: Arc::clone(&name),
        config: Arc::clone(config),
        clock: *clock,
        notes,
    };

    tell_models(house, &bench.models, &name)?;
    ledger.reclaim(&bench.owner, clock.now_ms())?;
    let mut desk = Desk::new(config.results.preliminary_every);
    register.take_up(|active| desk.take_up(active))?;
    let listeners = config.socket.as_ref().map(Listener::open).transpose()?.unwrap_or_default();

    let mut part = Part { name: "pipeline", threads: Vec::new() };
    let deadline = config.deadlines.worker;
    for number in 0..threads.get() {
        let (beat, bench) = (beats.join(format!("worker {number}"), deadline), bench.clone());
        let worker = Worker { number, bench, beat };
        let looks = looks_out.clone();
        part.spawn(format!("worker {number}"), move || worker.run(&looks))?;
    }
    let beat = beats.join("scorer", deadline);
    let scorer = Scorer { bench: bench.clone(), beat, config: Arc::clone(config), model: name };
    part.spawn("scorer", move || scorer.run(&scores_out))?;
    for (number, folder) in config.folders.iter().enumerate() {
        let beat = beats.join(format!("folder {number}"), deadline);
        let watcher = Watcher::new(folder.clone(), register.clone(), beat);
        let stop = stop.clone();
        part.spawn(format!("folder {number}"), move || watcher.run(&stop))?;
    }
    let credits = config.socket.as_ref().map_or(0, |socket| socket.credits);
    for listener in listeners {
        let (register, beats, stop) = (register.clone(), beats.clone(), stop.clone());
        let limits = Limits { credits, ..Limits::default() };
        part.spawn("socket", move || {
            socket::listen(&listener, (&register, limits), &beats, &stop);
        })?;
    }
    start_keeper(house, &mut part)?;
    let beat = beats.join("desk", deadline);
    let front = Front {
        house: house.clone(),
        desk,
        register,
        beat,
        changes: ledger.changes().ok(),
        told: (0, 0),
    };
    part.spawn("desk", move || front.run(&notes_in, looks, scores))?;
    Ok(part)
}

/// Tells the agent what the pipeline runs; a change is audited.
fn tell_models(house: &House, models: &Models, name: &str) -> Result<()> {
    let networks = [Some(models.nuclei()), models.tissue()];
    let used: Vec<_> = networks.into_iter().flatten().map(reporting::model_use).collect();
    let used = serde_json::to_vec(&used).context("the models cannot be named")?;
    let now = house.clock.now_ms();
    house.ledger.set(MODELS, Some(used), audit("models", name), now)?;
    house.ledger.set(MODEL, Some(name.as_bytes().to_vec()), audit("model", name), now)?;
    Ok(())
}

/// Starts the journal's keeper where results leave by it, or by no other way.
fn start_keeper(house: &House, part: &mut Part) -> Result<()> {
    let House { config, ledger, clock, beats, stop } = house;
    let journal = config.results.journal.clone();
    let has_broker = config.mqtt.is_some();
    let is_kept = journal.is_some() || !has_broker;
    ledger.keep_journal(is_kept, clock.now_ms())?;
    if !is_kept {
        return Ok(());
    }
    let beat = beats.join("journal", config.deadlines.worker);
    let keeper = Keeper { ledger: ledger.clone(), clock: *clock, beat, has_broker };
    let stop = stop.clone();
    part.spawn("journal", move || keeper.run(journal.as_deref(), &stop))
}

impl Part {
    pub(super) fn spawn(
        &mut self,
        name: impl Into<String>,
        body: impl FnOnce() + Send + 'static,
    ) -> Result<()> {
        let name = name.into();
        let thread: JoinHandle<()> = thread::Builder::new()
            .name(name.clone())
            .spawn(body)
            .with_context(|| format!("the thread {name} cannot be started"))?;
        self.threads.push(thread);
        Ok(())
    }
}

/// The desk's thread: takes notes, hands out, looks at the clock.
struct Front {
    house: House,
    desk: Desk,
    register: Register,
    beat: Beat,
    /// Says that something was committed; none where the ledger cannot say.
    changes: Option<Changes>,
    /// What systemd was told last.
    told: (usize, usize),
}

impl Front {
    /// Hands out until the stop is asked; takes notes until nobody is left to write one.
    fn run(mut self, notes: &Receiver<Note>, looks: Sender<Look>, scores: Sender<Score>) {
        let mut out = Some((looks, scores));
        // Its own end would keep the channel open.
        let (nobody, _) = bounded(0);
        self.register.notes = nobody;
        let mut ticked = Duration::ZERO;
        loop {
            let now = self.house.clock.up();
            if now >= ticked + TICK {
                ticked = now;
                self.beat.at("tick", "the ledger's settings");
                self.tick(now);
            }
            if self.house.stop.is_asked() {
                // Workers and scorer end what they have begun.
                out = None;
            }
            self.beat.idle();
            let Some((looks, scores)) = &out else {
                match notes.recv_timeout(TICK) {
                    Ok(note) => self.desk.apply(note, now),
                    Err(error) if error.is_disconnected() => return,
                    Err(_) => {}
                }
                continue;
            };
            if !self.turn(notes, (looks, scores), now) {
                return;
            }
        }
    }

    /// Takes one note or hands one thing out, whichever can be done first. Says whether to go on.
    fn turn(
        &mut self,
        notes: &Receiver<Note>,
        (looks, scores): (&Sender<Look>, &Sender<Score>),
        now: Duration,
    ) -> bool {
        let (look, score) = (self.desk.next_look(), self.desk.next_score(now));
        let mut select = Select::new();
        let note_turn = select.recv(notes);
        let look_turn = look.as_ref().map(|_| select.send(looks));
        let score_turn = score.as_ref().map(|_| select.send(scores));
        let Ok(turn) = select.select_timeout(TICK) else { return true };
        match turn.index() {
            index if index == note_turn => match turn.recv(notes) {
                Ok(note) => self.desk.apply(note, now),
                Err(_) => return false,
            },
            index if Some(index) == look_turn => {
                let look = look.expect("it was offered");
                self.desk.handed(&look);
                return turn.send(looks, look).is_ok();
            }
            index if Some(index) == score_turn => {
                let score = score.expect("it was offered");
                self.desk.scoring(&score, now);
                return turn.send(scores, score).is_ok();
            }
            _ => {}
        }
        true
    }

    /// What the clock and the ledger say.
    fn tick(&mut self, now: Duration) {
        match self.house.ledger.get(PAUSED) {
            Ok(paused) => self.desk.pause(paused.is_some()),
            Err(error) => tracing::warn!("The ledger's settings cannot be read: {error}"),
        }
        let load = self.desk.load();
        if load != self.told {
            self.told = load;
            let (slides, windows) = load;
            systemd::status(&format!("{slides} slides at work, {windows} windows to look at"));
        }
        if self.changes.as_mut().is_none_or(|changes| changes.any().unwrap_or(true)) {
            self.take_requests();
        }
        for slide in self.desk.silent(now, self.house.config.deadlines.silent_slide) {
            self.end_silent(slide, now);
        }
    }

    /// Does what the agent has been asked for; each request once.
    fn take_requests(&mut self) {
        let requests = match self.house.ledger.requests(0) {
            Ok(requests) => requests,
            Err(error) => {
                tracing::warn!("The ledger's requests cannot be read: {error}");
                return;
            }
        };
        for request in requests {
            let answer = match self.register.reanalyse(&request.payload) {
                Ok(active) => {
                    self.desk.take_up(active);
                    "begun".to_owned()
                }
                Err(error) => format!("not done: {error:#}"),
            };
            tracing::info!("An operator wants a slide analysed again: {answer}.");
            let (ledger, now) = (&self.house.ledger, self.house.clock.now_ms());
            if let Err(error) = ledger.answer(&request.id, answer.into_bytes(), Vec::new(), now) {
                tracing::warn!("The request's answer is not kept: {error}");
            }
        }
    }

    /// Ends a slide whose scanner has gone: what has come of it is scored.
    fn end_silent(&mut self, slide: ledger::SlideId, now: Duration) {
        let Ok(Some(row)) = self.house.ledger.slide(slide) else { return };
        let label = self.register.label(&row.key);
        tracing::warn!(slide = label, "Nothing comes to a slide any more; it is ended.");
        match self.register.end(slide, &label, &[]) {
            Ok(()) => self.desk.apply(Note::Ended { slide }, now),
            Err(error) => tracing::warn!(slide = label, "It could not be ended: {error}"),
        }
    }
}
