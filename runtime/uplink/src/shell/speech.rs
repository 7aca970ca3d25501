//! What the box says of itself: state, Will and health, as events.

use contract::message::{Backlog, Event, Format, Health, Lifecycle, Queue, State, Topics};
use ledger::Census;
use serde::Serialize;

use super::{Condition, Vitals};

/// Writes the box's events.
#[derive(Clone, Debug)]
pub(super) struct Speech {
    source: String,
    process: String,
    spoken: u64,
}

impl Speech {
    /// Speech of a process that started at `start_ms`, which names its sessions.
    pub(super) fn new(topics: &Topics, start_ms: u64) -> Self {
        Self { source: topics.source().to_owned(), process: format!("{start_ms:x}"), spoken: 0 }
    }

    /// Name of the session that a connection's birth and Will carry.
    pub(super) fn session(&self, connection: u64) -> String {
        format!("{}-{connection}", self.process)
    }

    /// The state, as `lifecycle`.
    pub(super) fn state(
        &mut self,
        condition: &Condition,
        lifecycle: Lifecycle,
        connection: u64,
        now_ms: u64,
    ) -> Vec<u8> {
        let data = State {
            format: Format::CURRENT,
            session: self.session(connection),
            state: lifecycle,
            version: condition.version.clone(),
            models: condition.models.clone(),
            faults: condition.faults.clone(),
            research_use_only: true,
        };

        self.event("margay.state", now_ms, data)
    }

    /// The health.
    pub(super) fn health(&mut self, vitals: Vitals, census: &Census, now_ms: u64) -> Vec<u8> {
        let data = Health {
            format: Format::CURRENT,
            uptime_s: vitals.uptime_s,
            tiles_per_s: vitals.tiles_per_s,
            queues: queues(census),
            outbox: backlog(census, now_ms),
            disk: vitals.disk,
            memory: vitals.memory,
            temperatures: vitals.temperatures,
            models: vitals.models,
            last_error: vitals.last_error,
        };

        self.event("margay.health", now_ms, data)
    }

    fn event<T: Serialize>(&mut self, kind: &str, now_ms: u64, data: T) -> Vec<u8> {
        self.spoken += 1;
        let id = format!("{}-{}", self.process, self.spoken);
        let event = Event::new(id, self.source.clone(), kind, now_ms, data);

        serde_json::to_vec(&event).expect("an event of strings and numbers can always be written")
    }
}

fn queues(census: &Census) -> Vec<Queue> {
    let states = census.jobs.iter().flat_map(|(kind, count)| {
        [
            ("waiting", count.waiting),
            ("leased", count.leased),
            ("done", count.done),
            ("refused", count.refused),
        ]
        .map(|(state, jobs)| Queue { kind: kind.clone(), state: state.to_owned(), jobs })
    });

    states.filter(|queue| queue.jobs > 0).collect()
}

fn backlog(census: &Census, now_ms: u64) -> Backlog {
    let (results, telemetry) = (census.outbox_results, census.outbox_telemetry);

    Backlog {
        rows: results.rows + telemetry.rows,
        bytes: results.bytes + telemetry.bytes,
        oldest_s: census.outbox_oldest_ms.map(|ms| now_ms.saturating_sub(ms) / 1000),
        poisoned: census.poisoned.rows,
    }
}

/// The session of a `lost` that the broker has published, if `payload` is one.
pub(super) fn lost_session(payload: &[u8]) -> Option<String> {
    let event: Event<State> = serde_json::from_slice(payload).ok()?;

    (event.data.state == Lifecycle::Lost).then_some(event.data.session)
}
