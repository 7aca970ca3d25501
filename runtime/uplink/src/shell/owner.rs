//! The owner: hears what has happened, tells the session, does what it says.

mod deeds;

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use ledger::{Changes, Ledger};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use super::clock::Clock;
use super::speech::{self, Speech};
use super::{Appliance, Condition, Connection, SAID_MAX, Shared, Stopped};
use crate::command::{Desk, Incoming, ReplyTopics};
use crate::config::Config;
use crate::link::{Said, Sender};
use crate::session::{Event, Fault, FaultKind, Session};

/// Longest time in which nothing is looked at: how much later than its neighbours the uplink sees
/// what another process has written, and how exact its waits are.
pub(super) const TICK: Duration = Duration::from_millis(50);
/// Time given to threads of the client library, such as one that looks a name up.
const THREADS: Duration = Duration::from_millis(200);

/// Something that the owner hears.
#[derive(Debug)]
pub(super) enum Input {
    /// A connection has said something.
    Link { connection: u64, said: Result<Said, Fault> },
    /// Look around.
    Nudge,
}

/// What an owner is made of.
pub(super) struct Parts {
    pub(super) config: Config,
    pub(super) ledger: Ledger,
    pub(super) appliance: Box<dyn Appliance>,
    pub(super) says: mpsc::Sender<Input>,
    pub(super) inbox: mpsc::Receiver<Input>,
}

/// The owner of everything that the uplink knows.
pub(super) struct Owner {
    parts: Parts,
    runtime: Runtime,
    shared: Arc<Shared>,
    clock: Clock,
    session: Session,
    speech: Speech,
    desk: Desk,
    replies: ReplyTopics,
    changes: Option<Changes>,
    connection: u64,
    link: Option<Link>,
    published: Option<Condition>,
    finished: Option<bool>,
}

/// The connection of the moment.
struct Link {
    sender: Sender,
    task: JoinHandle<()>,
}

impl Owner {
    pub(super) fn new(parts: Parts, runtime: Runtime, shared: Arc<Shared>) -> Self {
        let clock = Clock::start();
        let (config, start_ms) = (&parts.config, Clock::unix_ms());
        let mut settings = config.session.clone();
        settings.seed ^= start_ms;
        Self {
            session: Session::new(settings),
            speech: Speech::new(&config.topics, start_ms),
            desk: Desk::default(),
            replies: ReplyTopics::new(config.topics.clone(), config.reply_prefixes.clone()),
            changes: None,
            connection: 0,
            link: None,
            published: None,
            finished: None,
            parts,
            runtime,
            shared,
            clock,
        }
    }

    /// Runs until the session is over.
    pub(super) fn run(mut self) -> Stopped {
        let clean = loop {
            let ended = self.link.as_ref().is_some_and(|link| link.task.is_finished());
            self.hear();
            self.look(ended);
            self.tell(Event::Tick);
            self.show();
            if let Some(clean) = self.finished {
                break clean;
            }
        };
        self.runtime.shutdown_timeout(THREADS);
        let left = self
            .parts
            .ledger
            .census()
            .map_or(0, |census| census.outbox_results.rows + census.outbox_telemetry.rows);
        info!(clean, left, "Uplink ended.");

        Stopped { clean, left }
    }

    /// Waits a moment for something to happen, then takes all that had happened by then. Not more:
    /// a broker that talks without end must not keep the owner from all else.
    fn hear(&mut self) {
        let inbox = &mut self.parts.inbox;
        let waits = async { tokio::time::timeout(TICK, inbox.recv()).await };
        let mut heard = self.runtime.block_on(waits).ok().flatten();
        let mut left = SAID_MAX;
        while let Some(input) = heard {
            match input {
                Input::Link { connection, said }
                    if connection == self.connection && self.link.is_some() =>
                {
                    self.heard(said);
                }
                // Of a connection that was given up meanwhile.
                Input::Link { .. } | Input::Nudge => {}
            }
            heard = (left > 0).then(|| self.parts.inbox.try_recv().ok()).flatten();
            left = left.saturating_sub(1);
        }
    }

    fn heard(&mut self, said: Result<Said, Fault>) {
        match said {
            Ok(Said::Connected(welcome)) => {
                info!(session_present = welcome.session_present, "Broker connected.");
                self.update(|status, now_ms| {
                    status.connection = Connection::Up { since_ms: now_ms };
                    status.fault = None;
                });
                self.tell(Event::Connected(welcome));
            }
            Ok(Said::Assigned(pkid)) => self.tell(Event::Assigned(pkid)),
            Ok(Said::Acknowledged { pkid, verdict }) => {
                self.tell(Event::Acknowledged { pkid, verdict });
            }
            Ok(Said::Received(incoming)) => self.received(&incoming),
            Ok(Said::SubscriptionRefused) => {
                warn!("The broker refuses the subscription: no commands will come.");
            }
            Ok(Said::Closed) => self.tell(Event::Closed),
            Ok(Said::Alive) => {}
            Err(fault) => self.lost(fault),
        }
    }

    /// The connection is gone, or did not come about.
    fn lost(&mut self, fault: Fault) {
        self.cut(Some(fault.clone()));
        self.tell(Event::Disconnected(fault));
    }

    fn received(&mut self, incoming: &Incoming) {
        if incoming.topic == self.parts.config.topics.state() {
            let ours = self.speech.session(self.connection);
            if speech::lost_session(&incoming.payload).is_some_and(|session| session != ours) {
                self.tell(Event::Overtaken);
            }
            return;
        }
        let now_ms = Clock::unix_ms();
        let appliance = self.parts.appliance.as_mut();
        if let Some(answer) = self.desk.handle(incoming, &self.replies, appliance, now_ms) {
            info!("Command answered.");
            self.tell(Event::Answered(answer));
        }
    }

    /// Looks at what nobody tells: the ledger, the box, the wish to stop, a dead task.
    fn look(&mut self, ended: bool) {
        if ended && self.link.is_some() {
            let text = "the client library has stopped: a fault of this program".to_owned();
            self.lost(Fault { kind: FaultKind::Protocol, text });
        }
        if self.outbox_grew() {
            self.tell(Event::OutboxGrew);
        }
        if self.published.is_some() && self.published != Some(self.parts.appliance.condition()) {
            self.published = None;
            self.tell(Event::StateChanged);
        }
        let stop = self.shared.stop.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(deadline) = stop {
            self.tell(Event::Stop { by: self.clock.now() + deadline });
        }
    }

    fn outbox_grew(&mut self) -> bool {
        if self.changes.is_none() {
            self.changes = self.parts.ledger.changes().ok();
            return true;
        }
        let grew = self.changes.as_mut().map(Changes::any);
        if let Some(Ok(grew)) = grew {
            return grew;
        }
        self.changes = None;
        false
    }

    /// Tells the session, and does what it says, until nothing follows.
    fn tell(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for action in self.session.apply(event, self.clock.now()) {
                events.extend(self.perform(action));
            }
        }
    }
}
