//! Who looks at what next: the one owner of all slides that are being looked at.
//!
//! ```text
//! intake ── note ──▶ ┌──────┐ ── window ──▶ workers ── note ──▶ desk
//!                    │ desk │
//! clock ── tick ───▶ └──────┘ ── score ───▶ scorer ── note ──▶ desk
//! ```
//!
//! The desk holds no truth: all of it is in the ledger, and a desk that begins anew knows after
//! [`Desk::take_up`] what the last one knew. **Invariant:** a window is handed out once in a life of
//! the process, when all pixels that it reads are there or will never come; a slide is scored when
//! all its windows have a verdict and no tile is to come.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use intake::mosaic::Placed;
use ledger::SlideId;
use pipeline::{Region, Survey};

use super::slides::Shared;

/// What the desk is told.
#[derive(Debug)]
pub(crate) enum Note {
    /// A slide begins, or is taken up again.
    Begun(Box<Active>),
    /// A tile of a slide is on disk.
    Tile { slide: SlideId, tile: Placed },
    /// No more tiles of a slide are to come.
    Ended { slide: SlideId },
    /// A window has its verdict.
    Looked { slide: SlideId, window: u64 },
    /// A window was given back; it is to be looked at again.
    GivenBack { slide: SlideId, window: u64 },
    /// A slide has its preliminary result.
    Previewed { slide: SlideId },
    /// A slide has its final result, or is refused.
    Closed { slide: SlideId },
}

/// A slide that is being looked at.
pub(crate) struct Active {
    pub(crate) slide: Shared,
    pub(crate) survey: Arc<Survey>,
    /// What each window reads; none for a slide whose pixels are all there.
    needs: Vec<Region>,
    /// Windows for which pixels are missing.
    waiting: BTreeSet<u64>,
    /// Windows that can be looked at.
    ready: BTreeSet<u64>,
    /// Windows that are being looked at.
    handed: BTreeSet<u64>,
    has_ended: bool,
    scoring: Scoring,
    /// Windows that have had a verdict when the last preliminary result was asked for.
    previewed_at: u64,
    previewed: Duration,
    touched: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scoring {
    None,
    Preview,
    Final,
}

/// What a worker is to do.
#[derive(Clone)]
pub(crate) struct Look {
    pub(crate) slide: Shared,
    pub(crate) survey: Arc<Survey>,
    pub(crate) window: u64,
}

/// What the scorer is to do.
#[derive(Clone)]
pub(crate) struct Score {
    pub(crate) slide: Shared,
    pub(crate) survey: Arc<Survey>,
    pub(crate) is_final: bool,
}

/// The slides at work, and when they are previewed.
pub(crate) struct Desk {
    active: BTreeMap<SlideId, Active>,
    preview_every: Option<Duration>,
    is_paused: bool,
}

impl Active {
    /// A slide whose windows `done` have a verdict.
    pub(crate) fn new(
        (slide, survey): (Shared, Survey),
        done: &BTreeSet<u64>,
        has_ended: bool,
        now: Duration,
    ) -> Self {
        let open = (0..survey.windows()).filter(|window| !done.contains(window)).collect();
        let is_whole = slide.mosaic().is_none() || has_ended;
        let needs = if is_whole {
            Vec::new()
        } else {
            (0..survey.windows()).map(|window| survey.needs(window)).collect()
        };
        let (waiting, ready) =
            if is_whole { (BTreeSet::new(), open) } else { (open, BTreeSet::new()) };
        let mut active = Self {
            slide,
            survey: Arc::new(survey),
            needs,
            waiting,
            ready,
            handed: BTreeSet::new(),
            has_ended,
            scoring: Scoring::None,
            previewed_at: done.len() as u64,
            previewed: now,
            touched: now,
        };
        active.rouse(|_| true);
        active
    }

    /// Windows that have their verdict.
    fn looked(&self) -> u64 {
        let open = self.waiting.len() + self.ready.len() + self.handed.len();
        self.survey.windows() - open as u64
    }

    /// Puts a tile into the mosaic; one that the ledger told of already is there.
    fn place(&self, tile: Placed) {
        if let Some(Err(error)) = self.slide.mosaic().map(|mosaic| mosaic.add(tile)) {
            tracing::debug!(slide = self.slide.label, "A tile is not placed anew: {error}");
        }
    }

    /// Makes those waiting windows ready that `may` have got their last pixel, and have.
    fn rouse(&mut self, may: impl Fn(&Region) -> bool) {
        let Some(mosaic) = self.slide.mosaic() else { return };
        let roused: Vec<u64> = self
            .waiting
            .iter()
            .copied()
            .filter(|window| {
                let needed = &self.needs[*window as usize];
                may(needed) && mosaic.covers(needed.x, needed.y, needed.size)
            })
            .collect();
        for window in roused {
            self.waiting.remove(&window);
            self.ready.insert(window);
        }
    }

    fn end(&mut self) {
        self.has_ended = true;
        self.ready.append(&mut self.waiting);
    }
}

impl Desk {
    /// A desk without slides.
    pub(crate) fn new(preview_every: Option<Duration>) -> Self {
        Self { active: BTreeMap::new(), preview_every, is_paused: false }
    }

    /// Takes up a slide that is in the ledger.
    pub(crate) fn take_up(&mut self, active: Active) {
        self.active.insert(active.slide.id, active);
    }

    /// Takes a note at `now`, the time since the start.
    pub(crate) fn apply(&mut self, note: Note, now: Duration) {
        match note {
            Note::Begun(active) => {
                self.active.entry(active.slide.id).or_insert(*active);
            }
            Note::Tile { slide, tile } => self.on(slide, |active| {
                active.touched = now;
                active.place(tile);
                active.rouse(|needed| touches(needed, &tile));
            }),
            Note::Ended { slide } => self.on(slide, Active::end),
            Note::Looked { slide, window } => self.on(slide, |active| {
                active.handed.remove(&window);
            }),
            Note::GivenBack { slide, window } => self.on(slide, |active| {
                active.handed.remove(&window);
                active.ready.insert(window);
            }),
            Note::Previewed { slide } => self.on(slide, |active| {
                active.scoring = Scoring::None;
            }),
            Note::Closed { slide } => {
                self.active.remove(&slide);
            }
        }
    }

    /// Whether nothing more is handed out.
    pub(crate) fn pause(&mut self, is_paused: bool) {
        self.is_paused = is_paused;
    }

    /// The window that is to be looked at next: of the oldest slide that has one.
    pub(crate) fn next_look(&self) -> Option<Look> {
        if self.is_paused {
            return None;
        }
        self.active.values().find_map(|active| {
            let window = *active.ready.first()?;
            Some(Look {
                slide: Arc::clone(&active.slide),
                survey: Arc::clone(&active.survey),
                window,
            })
        })
    }

    /// The window was handed to a worker.
    pub(crate) fn handed(&mut self, look: &Look) {
        self.on(look.slide.id, |active| {
            active.ready.remove(&look.window);
            active.handed.insert(look.window);
        });
    }

    /// The slide that is to be scored next: a final result before a preliminary one.
    pub(crate) fn next_score(&self, now: Duration) -> Option<Score> {
        if self.is_paused {
            return None;
        }
        let score = |active: &Active, is_final| Score {
            slide: Arc::clone(&active.slide),
            survey: Arc::clone(&active.survey),
            is_final,
        };
        let free = || self.active.values().filter(|active| active.scoring == Scoring::None);
        let complete =
            |active: &&Active| active.has_ended && active.looked() == active.survey.windows();
        let ended = free().find(complete).map(|active| score(active, true));
        ended.or_else(|| {
            let every = self.preview_every?;
            let due = |active: &&Active| {
                !active.has_ended
                    && active.looked() > active.previewed_at
                    && now.saturating_sub(active.previewed) >= every
            };
            free().find(due).map(|active| score(active, false))
        })
    }

    /// The slide was handed to the scorer.
    pub(crate) fn scoring(&mut self, score: &Score, now: Duration) {
        self.on(score.slide.id, |active| {
            active.scoring = if score.is_final { Scoring::Final } else { Scoring::Preview };
            (active.previewed_at, active.previewed) = (active.looked(), now);
        });
    }

    /// Slides to which nothing has come for `longest`.
    pub(crate) fn silent(&self, now: Duration, longest: Duration) -> Vec<SlideId> {
        self.active
            .values()
            .filter(|active| !active.has_ended && now.saturating_sub(active.touched) > longest)
            .map(|active| active.slide.id)
            .collect()
    }

    /// Slides at work, and windows that are ready or being looked at.
    pub(crate) fn load(&self) -> (usize, usize) {
        let windows = self.active.values().map(|active| active.ready.len() + active.handed.len());
        (self.active.len(), windows.sum())
    }

    fn on(&mut self, slide: SlideId, change: impl FnOnce(&mut Active)) {
        if let Some(active) = self.active.get_mut(&slide) {
            change(active);
        }
    }
}

impl std::fmt::Debug for Active {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Active").field("slide", &self.slide.label).finish_non_exhaustive()
    }
}

fn touches(needed: &Region, tile: &Placed) -> bool {
    let (x, y) = (tile.x as usize, tile.y as usize);
    needed.x < x + tile.width_px as usize
        && x < needed.x + needed.size.width
        && needed.y < y + tile.height_px as usize
        && y < needed.y + needed.size.height
}
