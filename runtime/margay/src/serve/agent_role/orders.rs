//! What an operator asks of the box, done in the ledger: the pipeline sees it there.

use contract::message::Command;
use ledger::{Audit, NewRequest, SlideRow, SlideState};
use serde_json::{Value, json};
use uplink::command::{Obey, Order};

use super::Face;
use crate::serve::pipeline_role::{MODEL, PAUSED, REANALYSE};
use crate::serve::slides::label;

impl Obey for Face {
    fn obey(&mut self, order: &Order) -> Result<Option<Value>, String> {
        match &order.command {
            Command::Status => self.status().map(Some),
            Command::Pause { reason } => {
                self.set_paused(order, Some(reason.as_str().as_bytes().to_vec()))
            }
            Command::Resume => self.set_paused(order, None),
            Command::Reanalyse { slide } => self.reanalyse(order, slide.as_str()),
        }
    }
}

impl Face {
    fn status(&self) -> Result<Value, String> {
        let census = self.house.ledger.census().map_err(|error| error.to_string())?;
        let jobs: Value = census
            .jobs
            .iter()
            .map(|(kind, count)| {
                let states = json!({
                    "waiting": count.waiting,
                    "leased": count.leased,
                    "done": count.done,
                    "refused": count.refused,
                });
                (kind.clone(), states)
            })
            .collect::<serde_json::Map<_, _>>()
            .into();
        Ok(json!({
            "uptime_s": self.house.clock.up().as_secs(),
            "slides_open": census.slides_open,
            "jobs": jobs,
            "tiles_bytes": census.tiles.bytes,
            "outbox": {
                "results": census.outbox_results.rows,
                "telemetry": census.outbox_telemetry.rows,
                "telemetry_dropped": census.outbox_telemetry.dropped,
                "refused_by_the_broker": census.poisoned.rows,
            },
            "ledger_bytes": census.file_bytes,
        }))
    }

    fn set_paused(&self, order: &Order, paused: Option<Vec<u8>>) -> Result<Option<Value>, String> {
        let audit = audit(order, if paused.is_some() { "paused" } else { "resumed" });
        let now = self.house.clock.now_ms();
        self.house.ledger.set(PAUSED, paused, audit, now).map_err(|error| error.to_string())?;
        Ok(None)
    }

    /// Asks the pipeline to begin a slide anew by the models of today; the request is on the disk
    /// before the operator has the answer.
    fn reanalyse(&self, order: &Order, slide: &str) -> Result<Option<Value>, String> {
        let ledger = &self.house.ledger;
        let row = self.find(slide)?.ok_or_else(|| {
            format!("no finished slide {slide} is here; name one as its results are named")
        })?;
        let today = ledger.get(MODEL).map_err(|error| error.to_string())?;
        if row.model.as_ref().map(String::as_bytes) == today.as_deref() {
            return Err(format!("slide {slide} was analysed by these models; its result stands"));
        }
        if row.pruned_ms.is_some() {
            return Err(format!("the tiles of slide {slide} are no longer kept; scan it again"));
        }
        let request = NewRequest {
            id: format!("{}/{}", order.source, order.id),
            verb: REANALYSE.into(),
            payload: row.key.into_bytes(),
        };
        ledger.request(request, self.house.clock.now_ms()).map_err(|error| error.to_string())?;
        Ok(None)
    }

    fn find(&self, slide: &str) -> Result<Option<SlideRow>, String> {
        let config = &self.house.config;
        let device = format!("{}/{}", config.site, config.device);
        for state in [SlideState::Finished, SlideState::Refused] {
            let mut after = None;
            loop {
                let page = self.house.ledger.slides(state, after).map_err(|e| e.to_string())?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                if let Some(found) = page.into_iter().find(|row| label(&device, &row.key) == slide)
                {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }
}

fn audit(order: &Order, what: &str) -> Audit {
    let detail = format!("command {} of {}", order.id, order.source);
    Audit { who: "operator".into(), what: what.into(), detail: detail.into_bytes() }
}
