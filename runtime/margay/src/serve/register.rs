//! What those who take images in ask of the ledger and the desk.
//!
//! **Invariant:** the ledger knows of a slide, a tile or an end before the desk and the sender do.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use contract::Digest;
use crossbeam_channel::Sender;
use intake::check::Accepted;
use intake::frame::{Code, HeldTile, Kept, Refusal};
use ledger::{
    Begun, Ledger, NewJob, NewSlide, NewTile, Reanalysis, SlideId, SlideRow, SlideState, Stored,
    WriteError,
};
use pipeline::{GlassRule, Models, Survey};

use super::clock::Clock;
use super::config::Config;
use super::desk::{Active, Note};
use super::event;
use super::scorer::SCORE;
use super::slides::{Opened, Origin, SlideMeta, TileMeta, Trust, label};
use super::worker::{WINDOW, audit};

/// Room that must be there before a scanner that was held back goes on: two raw tiles of 2048².
const ROOM_BYTES: u64 = 24 << 20;

/// The book of slides, shared by all intakes.
#[derive(Clone)]
pub(crate) struct Register {
    pub(crate) ledger: Ledger,
    pub(crate) models: Arc<Models>,
    pub(crate) glass: Option<GlassRule>,
    pub(crate) model: Arc<str>,
    pub(crate) config: Arc<Config>,
    pub(crate) clock: Clock,
    pub(crate) notes: Sender<Note>,
}

/// What became of a tile.
pub(crate) enum Taking {
    Kept(Kept),
    Refused(Refusal),
}

impl Register {
    /// The box's own name of a slide.
    pub(crate) fn label(&self, key: &str) -> String {
        label(&format!("{}/{}", self.config.site, self.config.device), key)
    }

    /// Begins a slide, or finds it.
    pub(crate) fn begin(&self, meta: &SlideMeta) -> Result<SlideId, WriteError> {
        let key = meta.key();
        let audit = audit(&format!("slide {}: begun", self.label(&key)), "");
        let slide = NewSlide { key, meta: meta.encode() };
        match self.ledger.begin_slide(slide, audit, self.clock.now_ms())? {
            Begun::New(id) | Begun::Existing(id) => Ok(id),
        }
    }

    /// Puts a slide on the desk, unless it has its result.
    pub(crate) fn activate(&self, slide: SlideId, trust: Trust) -> Result<()> {
        let row = self.ledger.slide(slide)?.context("the slide is not in the ledger")?;
        if row.state >= SlideState::Finished {
            return Ok(());
        }
        let active = self.active(&row, trust)?;
        self.tell(Note::Begun(Box::new(active)));
        Ok(())
    }

    /// A slide as the desk wants it; its windows are jobs from then on.
    pub(crate) fn active(&self, row: &SlideRow, trust: Trust) -> Result<Active> {
        let opened = Opened::new(&self.ledger, self.label(&row.key), row, trust)?;
        let survey = Survey::new((opened.meta.size(), opened.meta.mpp), &self.models, self.glass)?;
        self.pin(row, &opened)?;
        let windows = (0..survey.windows()).map(|key| job(WINDOW, key)).collect();
        self.ledger.add_jobs(row.id, windows, self.clock.now_ms())?;
        let open: BTreeSet<u64> = self.ledger.open_keys(row.id, WINDOW)?.into_iter().collect();
        let done = (0..survey.windows()).filter(|window| !open.contains(window)).collect();
        let has_ended = row.state != SlideState::Open;
        Ok(Active::new((Arc::new(opened), survey), &done, has_ended, self.clock.up()))
    }

    /// Ties the slide to the model of today; a slide that another model began is begun again.
    fn pin(&self, row: &SlideRow, opened: &Opened) -> Result<()> {
        let held = self.ledger.pin_model(row.id, &self.model)?;
        if *held == *self.model {
            return Ok(());
        }
        tracing::warn!(slide = opened.label, "The model has changed; a slide is begun again.");
        let what = format!("slide {}: begun again, the model has changed", opened.label);
        let score = (row.state != SlideState::Open).then(score_job);
        let (jobs, now) = (score.into_iter().collect(), self.clock.now_ms());
        self.ledger.start_over(row.id, jobs, audit(&what, &held), now)?;
        self.ledger.pin_model(row.id, &self.model)?;
        Ok(())
    }

    /// Stores a tile and tells the desk.
    pub(crate) fn store(&self, slide: SlideId, tile: &Accepted) -> Result<Taking, WriteError> {
        let meta = TileMeta {
            width_px: tile.size.width as u32,
            height_px: tile.size.height as u32,
            encoding: tile.encoding.number(),
        };
        let new = NewTile {
            x: tile.x,
            y: tile.y,
            digest: tile.digest.bytes(),
            meta: meta.encode(),
            bytes: tile.bytes.clone(),
        };
        Ok(match self.ledger.store_tile(slide, new, self.clock.now_ms())? {
            Stored::New { sequence } => {
                self.tell(Note::Tile { slide, tile: meta.placed(tile.x, tile.y, sequence) });
                Taking::Kept(Kept::Stored)
            }
            Stored::Duplicate => Taking::Kept(Kept::Duplicate),
            Stored::Contradicts { digest } => {
                Taking::Refused(Refusal::other_tile(tile.x, tile.y, Digest::from_bytes(digest)))
            }
            Stored::Late => Taking::Refused(Refusal::late(tile.x, tile.y)),
        })
    }

    /// Ends a slide: its score is a job from then on. `said` is kept with it.
    pub(crate) fn end(&self, slide: SlideId, label: &str, said: &[u8]) -> Result<(), WriteError> {
        let audit = audit(&format!("slide {label}: ended"), "");
        let jobs = vec![score_job()];
        self.ledger.end_slide(slide, jobs, said.to_vec(), audit, self.clock.now_ms())?;
        self.tell(Note::Ended { slide });
        Ok(())
    }

    /// Gives a slide up, with its reason.
    pub(crate) fn refuse(&self, slide: SlideId, label: &str, reason: &str) {
        tracing::error!(slide = label, "A slide has no result: {reason}");
        let now = self.clock.now_ms();
        let messages = vec![event::refusal(&self.config, label, reason, now)];
        let audit = audit(&format!("slide {label}: refused"), reason);
        if let Err(error) = self.ledger.refuse_slide(slide, reason, messages, audit, now) {
            tracing::error!(slide = label, "The refusal is not in the ledger: {error:#}");
        }
        self.tell(Note::Closed { slide });
    }

    /// The tiles of a slide that are on disk.
    pub(crate) fn held(&self, slide: SlideId) -> Result<Vec<HeldTile>> {
        let tiles = self.ledger.tiles(slide)?;
        let held = |tile: ledger::TileRow| HeldTile {
            x: tile.x,
            y: tile.y,
            sha256: Digest::from_bytes(tile.digest),
        };
        Ok(tiles.into_iter().map(held).collect())
    }

    /// Begins a slide that has a result anew.
    pub(crate) fn reanalyse(&self, key: &[u8]) -> Result<Active> {
        let key = std::str::from_utf8(key).context("the slide's key is no text")?;
        let row = self.ledger.slide_by_key(key)?.context("the slide is not in the ledger")?;
        let label = self.label(key);
        let audit = audit(&format!("slide {label}: to be analysed again"), "");
        // A life that ended after this and before the answer finds the slide ended already.
        if row.state >= SlideState::Finished {
            let now = self.clock.now_ms();
            if self.ledger.reanalyse(row.id, vec![score_job()], audit, now)?
                == Reanalysis::TilesGone
            {
                bail!("the tiles of slide {label} are no longer kept; scan it again");
            }
        }
        let row = self.ledger.slide(row.id)?.context("the slide is not in the ledger")?;
        self.active(&row, Trust::Nothing)
    }

    /// Puts every slide of the ledger that has no result on the desk; one that cannot be is given
    /// up with its reason.
    pub(crate) fn take_up(&self, mut put: impl FnMut(Active)) -> Result<()> {
        for state in [SlideState::Ended, SlideState::Open] {
            let mut after = None;
            loop {
                let page = self.ledger.slides(state, after)?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                for mut row in page {
                    self.end_file(&mut row)?;
                    match self.active(&row, Trust::Nothing) {
                        Ok(active) => put(active),
                        Err(error) => {
                            self.refuse(row.id, &self.label(&row.key), &format!("{error:#}"));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// A slide in a file ends as it begins; a life that ended in between left it open.
    fn end_file(&self, row: &mut SlideRow) -> Result<()> {
        let is_file = matches!(SlideMeta::decode(&row.meta)?.origin, Origin::File { .. });
        if is_file && row.state == SlideState::Open {
            self.end(row.id, &self.label(&row.key), &[])?;
            row.state = SlideState::Ended;
        }
        Ok(())
    }

    /// Whether there is room for a tile of the largest size.
    pub(crate) fn has_room(&self) -> bool {
        let limit = self.config.limits.tiles_bytes;
        self.ledger.census().is_ok_and(|census| census.tiles.bytes + ROOM_BYTES <= limit)
    }

    fn tell(&self, note: Note) {
        // A desk that has gone has stopped; the ledger knows all that it would have been told.
        if self.notes.send(note).is_err() {
            tracing::debug!("The desk has gone.");
        }
    }
}

/// Why the ledger does not take something, as a scanner is told.
pub(crate) fn refusal_of(error: &WriteError) -> Refusal {
    let code = match error {
        WriteError::Full { .. } => Code::NoRoom,
        WriteError::Contradicts { .. } => Code::Contradicts,
        WriteError::State { .. } => Code::Late,
        WriteError::TooLarge { .. } => Code::Bytes,
        WriteError::Empty { .. }
        | WriteError::Unknown { .. }
        | WriteError::Busy { .. }
        | WriteError::Storage { .. }
        | WriteError::Damaged { .. }
        | WriteError::Gone => Code::Failed,
    };
    Refusal::new(code, error.to_string())
}

/// The job that ends a slide.
pub(crate) fn score_job() -> NewJob {
    job(SCORE, 0)
}

fn job(kind: &str, key: u64) -> NewJob {
    NewJob { kind: kind.into(), key, payload: Vec::new() }
}
