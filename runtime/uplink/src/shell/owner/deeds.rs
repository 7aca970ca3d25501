//! Doing what the session says.

use std::sync::PoisonError;
use std::time::Duration;

use contract::message::Lifecycle;
use tokio::sync::mpsc;
use tracing::{error, warn};

use super::super::clock::Clock;
use super::super::{Connection, Status};
use super::{Input, Link, Owner};
use crate::link::{self, NotTaken, Outgoing, Poller, Sender, chain};
use crate::session::{Action, Event, Fault, FaultKind, Settlement};

impl Owner {
    /// Does one thing; gives what follows.
    pub(super) fn perform(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::Connect { connection } => self.connect(connection),
            Action::Cut { why } => {
                self.cut(why);
                None
            }
            Action::Subscribe => {
                let topics = &self.parts.config.topics;
                let (commands, state) = (topics.commands(), topics.state());
                self.hand_over(|sender| sender.subscribe(commands, state))
            }
            Action::PublishState { goodbye } => self.publish_state(goodbye),
            Action::PublishHealth => self.publish_health(),
            Action::PublishRow(row) => {
                let retain = row.topic == self.parts.config.topics.update_reported();
                let topic = row.topic.clone();
                self.hand_over(|sender| sender.publish(&topic, Outgoing::Row(row, retain)))
            }
            Action::PublishAnswer(answer) => {
                let topic = answer.topic.clone();
                self.hand_over(|sender| sender.publish(&topic, Outgoing::Answer(answer)))
            }
            Action::Fetch { after, rows, bytes } => Some(self.fetch(after, rows, bytes)),
            Action::Settle(settlement) => Some(Event::Settled(self.settle(settlement))),
            Action::Complain(what) => {
                warn!(what, "Broker complaint.");
                None
            }
            Action::Close => self.hand_over(Sender::close),
            Action::Finished { clean } => {
                self.cut(None);
                self.finished = Some(clean);
                None
            }
        }
    }

    fn connect(&mut self, connection: u64) -> Option<Event> {
        self.connection = connection;
        let (condition, now_ms) = (self.parts.appliance.condition(), Clock::unix_ms());
        let will = self.speech.state(&condition, Lifecycle::Lost, connection, now_ms);
        match link::open(&self.parts.config, will) {
            Ok((sender, poller)) => {
                let (says, timeout) = (self.parts.says.clone(), self.parts.config.connect_timeout);
                let task = self.runtime.spawn(drive(poller, connection, says, timeout));
                self.link = Some(Link { sender, task });
                None
            }
            Err(fault) => {
                self.cut(Some(fault.clone()));
                Some(Event::Disconnected(fault))
            }
        }
    }

    /// Drops the connection, and says why, once for each change.
    pub(super) fn cut(&mut self, why: Option<Fault>) {
        if let Some(link) = self.link.take() {
            link.task.abort();
        }
        self.published = None;
        let known = |status: &Status| status.fault == why;
        let news = !known(&self.shared.status.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(fault) = &why
            && news
        {
            warn!(%fault, "Broker not connected; it is tried again without end.");
        }
        self.update(|status, _| {
            status.connection = Connection::Down;
            status.fault = why.or(status.fault.take());
        });
    }

    /// Hands something to the connection; one that takes nothing is given up.
    fn hand_over(&mut self, hand: impl FnOnce(&Sender) -> Result<(), NotTaken>) -> Option<Event> {
        let link = self.link.as_ref()?;
        if hand(&link.sender).is_ok() {
            return None;
        }
        let text = "the connection takes nothing more".to_owned();
        let fault = Fault { kind: FaultKind::Stalled, text };
        self.cut(Some(fault.clone()));
        Some(Event::Disconnected(fault))
    }

    fn publish_state(&mut self, goodbye: bool) -> Option<Event> {
        let (condition, now_ms) = (self.parts.appliance.condition(), Clock::unix_ms());
        let lifecycle = if goodbye { Lifecycle::Disconnected } else { condition.lifecycle };
        let payload = self.speech.state(&condition, lifecycle, self.connection, now_ms);
        self.published = Some(condition);
        let topic = self.parts.config.topics.state();
        self.hand_over(|sender| sender.publish(&topic, Outgoing::State(payload)))
    }

    fn publish_health(&mut self) -> Option<Event> {
        let census = self.parts.ledger.census();
        let census = self.ledger_said(census)?;
        let vitals = self.parts.appliance.vitals();
        let payload = self.speech.health(vitals, &census, Clock::unix_ms());
        let topic = self.parts.config.topics.health();
        self.hand_over(|sender| sender.publish(&topic, Outgoing::Health(payload)))
    }

    fn fetch(&mut self, after: u64, rows: usize, bytes: usize) -> Event {
        let read = self.parts.ledger.outbox(after, rows, bytes);
        match self.ledger_said(read) {
            Some(rows) => Event::Rows { after, rows },
            None => Event::FetchFailed,
        }
    }

    /// Writes what has become of messages; gives what is on the disk.
    fn settle(&mut self, settlement: Settlement) -> Settlement {
        let now_ms = Clock::unix_ms();
        let mut written = Settlement::default();
        if !settlement.sent.is_empty() {
            let sent = self.parts.ledger.sent(&settlement.sent, now_ms);
            written.sent = self.ledger_said(sent).map_or_else(Vec::new, |_| settlement.sent);
        }
        for (seq, reason) in settlement.poisoned {
            let apart = self.parts.ledger.poisoned(seq, &reason, now_ms);
            if self.ledger_said(apart).is_some() {
                warn!(seq, reason, "Message set apart: the broker refuses it for good.");
                written.poisoned.push((seq, reason));
            }
        }
        if !settlement.tried.is_empty() {
            let tried = self.parts.ledger.tried(&settlement.tried);
            written.tried = self.ledger_said(tried).map_or_else(Vec::new, |()| settlement.tried);
        }
        written
    }

    /// Notes whether the ledger does its work, and says it once for each change.
    fn ledger_said<T, E: std::error::Error>(&mut self, said: Result<T, E>) -> Option<T> {
        let fault = said.as_ref().err().map(|error| chain(error));
        self.update(|status, _| {
            if let Some(fault) = &fault
                && status.ledger_fault.as_ref() != Some(fault)
            {
                error!(fault, "Ledger failed; results are kept and it is tried again.");
            }
            status.ledger_fault = fault;
        });
        said.ok()
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut Status, u64)) {
        let now_ms = Clock::unix_ms();
        change(&mut self.shared.status.lock().unwrap_or_else(PoisonError::into_inner), now_ms);
    }

    /// Shows how the session is.
    pub(super) fn show(&self) {
        let (counts, held) = (self.session.counts(), self.session.streams_held());
        let over = self.finished.is_some();
        self.update(|status, _| {
            status.counts = counts;
            status.streams_held = held;
            if over {
                status.connection = Connection::Over;
            }
        });
    }
}

/// Moves a connection until its first fault, and tells all that it says.
async fn drive(mut poller: Poller, connection: u64, says: mpsc::Sender<Input>, timeout: Duration) {
    let mut said = poller.connect(timeout).await;
    loop {
        let over = said.is_err();
        let told = says.send(Input::Link { connection, said }).await;
        if over || told.is_err() {
            return;
        }
        said = poller.next().await;
    }
}
