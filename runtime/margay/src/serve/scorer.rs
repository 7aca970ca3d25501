//! From the windows of a slide to its result: files, an event, an end.
//!
//! **Invariant:** the files of a final result lie in their folder before the ledger says that the
//! slide is finished, and the event is queued in the same transaction as that. A life that ends in
//! between writes the same files again.

mod tiles;

use std::num::NonZeroUsize;
use std::sync::Arc;

use anyhow::{Context, Result};
use contract::{Digest, FORMAT, Nucleus, ResultStage, Scan, SlideResult, TilReport};
use crossbeam_channel::Receiver;
use ledger::{Finished, Job, SlideState, TileRow};
use pipeline::{Analysis, Found, Gathered, Sink, SinkError};
use sha2::{Digest as _, Sha256};

use super::beats::Beat;
use super::config::Config;
use super::desk::{Note, Score};
use super::event;
use super::patience::insist;
use super::slides::content_digest;
use super::worker::{Bench, WINDOW, audit};
use crate::files::Files;
use crate::reporting;
use tiles::{Counts, Judge};

/// The kind of the job that ends a slide.
pub(crate) const SCORE: &str = "score";

/// Tissue windows that a worker gives to the network at once, as in `analyze`.
const BATCH: NonZeroUsize = NonZeroUsize::MIN;

/// Results of windows that are in memory at once: some 100 KB each.
const PAGE: usize = 64;

/// How long the score is the scorer's; see the worker's.
const LEASE_MS: u64 = 3_600_000;

/// Who makes results.
pub(crate) struct Scorer {
    pub(crate) bench: Bench,
    pub(crate) beat: Beat,
    pub(crate) config: Arc<Config>,
    /// Digest of the models and the parameters that change a number.
    pub(crate) model: Arc<str>,
}

/// What is known of a slide whose windows were gathered.
struct Gone {
    tiles: Vec<TileRow>,
    digest: Digest,
    windows_done: u64,
    analysis: Analysis,
}

impl Scorer {
    /// Scores until there are no more orders.
    pub(crate) fn run(&self, orders: &Receiver<Score>) {
        for order in orders {
            let label = order.slide.label.clone();
            let note = if order.is_final {
                self.conclude(&order);
                Note::Closed { slide: order.slide.id }
            } else {
                if let Err(error) = self.preview(&order) {
                    tracing::warn!(slide = label, "There is no preliminary result: {error:#}");
                }
                Note::Previewed { slide: order.slide.id }
            };
            self.beat.idle();
            if self.bench.notes.send(note).is_err() {
                return;
            }
        }
    }

    /// The final result, or the refusal of the slide with its reason.
    fn conclude(&self, order: &Score) {
        let Bench { ledger, clock, owner, .. } = &self.bench;
        let (slide, label) = (order.slide.id, &order.slide.label);
        self.beat.at("lease", format!("slide {label}"));
        let job = insist(&self.beat, "lease a score", || {
            ledger.lease_job(slide, SCORE, 0, owner, clock.now_ms(), LEASE_MS)
        });
        let Some(job) = job else { return };
        match self.finish(order, &job) {
            Ok(()) => tracing::info!(slide = label, "A slide is finished."),
            Err(error) => self.refuse(order, &format!("{error:#}")),
        }
    }

    fn refuse(&self, order: &Score, reason: &str) {
        let Bench { ledger, clock, .. } = &self.bench;
        let label = &order.slide.label;
        tracing::error!(slide = label, "A slide has no result: {reason}");
        let message = event::refusal(&self.config, label, reason, clock.now_ms());
        let audit = audit(&format!("slide {label}: refused"), reason);
        insist(&self.beat, "refuse a slide", || {
            let messages = vec![message.clone()];
            ledger.refuse_slide(order.slide.id, reason, messages, audit.clone(), clock.now_ms())
        });
    }

    fn finish(&self, order: &Score, job: &Job) -> Result<()> {
        let Bench { ledger, models, clock, owner, .. } = &self.bench;
        let label = &order.slide.label;
        let folder = self.config.results.folder.join(label);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        let tiles = ledger.tiles(order.slide.id)?;
        let digest = content_digest(&order.slide.meta, &tiles);

        let choice = &self.config.results.choice;
        let mut files = Files::create((choice, models), &folder, &*order.slide, digest)?;
        let mut counts = Counts::new(&tiles, models.nuclei().card().classes.len())?;
        let gone = self.gather(order, (tiles, digest), &mut Both(&mut files, &mut counts))?;
        let report = self.report(order, &gone)?;
        files.finish(&gone.analysis, &report)?;

        let judge = Judge::new(models);
        let tiles = counts.finish(|tile| {
            self.beat.at("judge a tile", format!("slide {label}, tile ({}, {})", tile.x, tile.y));
            judge.look(&order.slide, tile)
        });
        let result = self.result(order, (ResultStage::Final, &gone), report, tiles);
        report::json::write(&folder.join("slide.json"), &result)?;
        let id = self.result_id(gone.digest);
        let message = event::result(&self.config, label, &id, &result, clock.now_ms());
        self.beat.at("keep", format!("slide {label}"));
        insist(&self.beat, "finish a slide", || {
            let finished = Finished {
                result: message.payload.clone(),
                messages: vec![message.clone()],
                slide_state: Some(SlideState::Finished),
                audit: Some(audit(&format!("slide {label}: finished"), &id)),
                ..Finished::default()
            };
            ledger.finish(job.id, owner, finished, clock.now_ms())
        });
        Ok(())
    }

    fn preview(&self, order: &Score) -> Result<()> {
        let Bench { ledger, clock, .. } = &self.bench;
        let label = &order.slide.label;
        let tiles = ledger.tiles(order.slide.id)?;
        let digest = content_digest(&order.slide.meta, &tiles);
        let gone = self.gather(order, (tiles, digest), &mut pipeline::Discard)?;
        let report = self.report(order, &gone)?;
        let id = format!("{}-{}", self.result_id(digest), gone.windows_done);
        let result = self.result(order, (ResultStage::Preliminary, &gone), report, Vec::new());
        let message = event::preview(&self.config, label, &id, &result, clock.now_ms());
        ledger.enqueue(vec![message], clock.now_ms()).context("it cannot be queued")?;
        Ok(())
    }

    /// Gathers the windows that have a result, in their order.
    fn gather(
        &self,
        order: &Score,
        (tiles, digest): (Vec<TileRow>, Digest),
        sink: &mut dyn Sink,
    ) -> Result<Gone> {
        let Bench { ledger, models, progress, .. } = &self.bench;
        let (slide, survey) = (order.slide.id, &order.survey);
        let mut gathered = Gathered::new(survey, progress, sink);
        let mut next = 0;
        let mut windows_done = 0;
        while next < survey.windows() {
            self.beat.at("gather", format!("slide {}, window {next}", order.slide.label));
            let page = ledger.results(slide, WINDOW, next, PAGE)?;
            let is_last = page.len() < PAGE;
            for (window, bytes) in page {
                (next..window).try_for_each(|missed| gathered.miss(missed))?;
                gathered.take(Found::decode(&bytes)?)?;
                windows_done += 1;
                next = window + 1;
            }
            if is_last {
                (next..survey.windows()).try_for_each(|missed| gathered.miss(missed))?;
                next = survey.windows();
            }
        }
        self.beat.at("tissue", format!("slide {}", order.slide.label));
        let analysis = gathered.finish(models, BATCH)?;
        Ok(Gone { tiles, digest, windows_done, analysis })
    }

    fn report(&self, order: &Score, gone: &Gone) -> Result<TilReport> {
        self.beat.at("score", format!("slide {}", order.slide.label));
        let name = self.name(order).unwrap_or_else(|| order.slide.label.clone());
        let summary = order.slide.summary(gone.digest, name);
        let models = (&*self.bench.models, self.config.seed);
        reporting::report(models, summary, &gone.analysis, warnings(order, gone))
    }

    fn result(
        &self,
        order: &Score,
        (stage, gone): (ResultStage, &Gone),
        report: TilReport,
        tiles: Vec<contract::TileResult>,
    ) -> SlideResult {
        let windows = order.survey.windows();
        let is_final = stage == ResultStage::Final;
        SlideResult {
            format: FORMAT,
            research_use_only: true,
            slide: order.slide.label.clone(),
            name: self.name(order),
            stage,
            scan: Scan {
                tiles: gone.tiles.len() as u64,
                missing_mm2: missing_mm2(order),
                windows,
                windows_done: gone.windows_done,
                windows_failed: if is_final { windows - gone.windows_done } else { 0 },
            },
            report,
            tiles,
        }
    }

    /// The scanner's name of the slide, where the site lets it leave the box.
    fn name(&self, order: &Score) -> Option<String> {
        self.config.results.slide_names.then(|| order.slide.meta.name.clone())
    }

    /// The same slide, models and parameters give the same id.
    fn result_id(&self, content: Digest) -> String {
        let hash =
            Sha256::new().chain_update(content.bytes()).chain_update(&*self.model).finalize();
        Digest::from_bytes(hash.into()).to_string()
    }
}

/// Area that no tile covers; 0 for a file.
fn missing_mm2(order: &Score) -> f64 {
    let missing_px = order.slide.mosaic().map_or(0, |mosaic| mosaic.coverage().missing_px);
    order.slide.meta.mpp.area_mm2(missing_px)
}

fn warnings(order: &Score, gone: &Gone) -> Vec<String> {
    let mut warnings = Vec::new();
    let missing = missing_mm2(order);
    if missing > 0.0 {
        warnings.push(format!("{missing:.3} mm² of the slide have no tile and count as glass"));
    }
    let failed = order.survey.windows() - gone.windows_done;
    if failed > 0 {
        let all = order.survey.windows();
        warnings.push(format!("{failed} of {all} windows were not looked at and count as glass"));
    }
    warnings
}

/// A sink for two.
struct Both<'a>(&'a mut dyn Sink, &'a mut dyn Sink);

impl Sink for Both<'_> {
    fn nucleus(&mut self, nucleus: &Nucleus) -> Result<(), SinkError> {
        self.0.nucleus(nucleus)?;
        self.1.nucleus(nucleus)
    }

    fn rows_done(&mut self, y: f32) -> Result<(), SinkError> {
        self.0.rows_done(y)?;
        self.1.rows_done(y)
    }
}
