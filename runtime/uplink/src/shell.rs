//! The shell around the session: threads, sockets, the clock and the ledger.
//!
//! ```text
//!  thread `uplink`: one owner, one loop          thread of tokio: moves the connection
//!  session, ledger, desk, appliance  ◀─ SAID_MAX ─  Poller::next
//!                                    ─ requests ─▶  (handed over, never waited for)
//! ```
//!
//! The owner waits at most [`owner::TICK`] for something to happen. A ledger that is slow to sync
//! delays the owner and not the connection; a connection that is slow to write delays itself alone.

mod clock;
mod owner;
mod speech;
mod status;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use contract::ModelUse;
use contract::message::{Disk, Fault, Lifecycle, Memory, Temperature};
use ledger::Ledger;
use thiserror::Error;
use tokio::sync::mpsc;

use crate::command::Obey;
use crate::config::{Config, ConfigError};
use owner::{Input, Owner};
pub use status::{Connection, Status};

/// What the connection has said and the owner has not heard, at most: beyond it the connection is
/// not read. 64 commands of 64 KiB.
const SAID_MAX: usize = 64;

/// The box, as the uplink sees it. All is asked on the owner's thread, so each answers at once.
pub trait Appliance: Obey + Send {
    /// What the box is. Asked often; a change is published.
    fn condition(&mut self) -> Condition;

    /// How the box is. Asked for each report of health.
    fn vitals(&mut self) -> Vitals;
}

/// What a box is.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// `Init`, `Ready` or `Sleeping`; the others are the uplink's to say.
    pub lifecycle: Lifecycle,
    /// Version of the program.
    pub version: String,
    /// The models that it serves.
    pub models: Vec<ModelUse>,
    /// What is wrong, for an operator.
    pub faults: Vec<String>,
}

/// How a box is, beside what the ledger knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Vitals {
    /// Time since the start, s.
    pub uptime_s: u64,
    /// Tiles processed per second, over the last minute.
    pub tiles_per_s: f64,
    /// The disk of the durable state.
    pub disk: Option<Disk>,
    /// The machine's memory.
    pub memory: Option<Memory>,
    /// Sensors that could be read.
    pub temperatures: Vec<Temperature>,
    /// The models that it serves.
    pub models: Vec<ModelUse>,
    /// The latest fault since the start.
    pub last_error: Option<Fault>,
}

/// The uplink cannot be started.
#[derive(Debug, Error)]
pub enum SpawnError {
    /// Its settings are wrong.
    #[error("the uplink is not started")]
    Config(#[source] ConfigError),
    /// There is no thread for it.
    #[error("no thread for the uplink")]
    Thread(#[source] std::io::Error),
}

/// How an uplink ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// The broker has acknowledged the goodbye.
    pub clean: bool,
    /// Messages that are still in the ledger's outbox, those for its journal included.
    pub left: u64,
}

/// The uplink.
#[derive(Debug)]
pub struct Uplink;

impl Uplink {
    /// Starts the uplink: it connects, publishes what is in the outbox and takes commands until it
    /// is stopped.
    pub fn spawn(
        config: Config,
        ledger: Ledger,
        appliance: Box<dyn Appliance>,
    ) -> Result<Handle, SpawnError> {
        config.check().map_err(SpawnError::Config)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("uplink-net")
            .enable_all()
            .build()
            .map_err(SpawnError::Thread)?;
        let (says, inbox) = mpsc::channel(SAID_MAX);
        let shared = Arc::new(Shared::default());
        let parts = owner::Parts { config, ledger, appliance, says: says.clone(), inbox };
        let owner = Owner::new(parts, runtime, Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("uplink".to_owned())
            .spawn(move || owner.run())
            .map_err(SpawnError::Thread)?;

        Ok(Handle { thread: Some(thread), says, shared })
    }
}

/// What the handle and the owner both see.
#[derive(Debug, Default)]
struct Shared {
    status: Mutex<Status>,
    stop: Mutex<Option<Duration>>,
}

/// A running uplink. Dropping it cuts the connection without a goodbye, as a crash would.
#[derive(Debug)]
pub struct Handle {
    thread: Option<JoinHandle<Stopped>>,
    says: mpsc::Sender<Input>,
    shared: Arc<Shared>,
}

impl Handle {
    /// Says that the outbox has grown or the condition has changed. Without it, both are seen a
    /// little later.
    pub fn nudge(&self) {
        // A full inbox will be emptied at once, and then all is looked at.
        drop(self.says.try_send(Input::Nudge));
    }

    /// How the uplink is.
    pub fn status(&self) -> Status {
        self.shared.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the uplink has ended, which it does only when it is stopped, or by a fault of ours.
    pub fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Says goodbye and ends, at the latest after `deadline` and what the ledger needs to write.
    /// What the broker has not acknowledged stays in the outbox.
    pub fn stop(mut self, deadline: Duration) -> Stopped {
        self.wish(deadline);
        let ended = self.thread.take().and_then(|thread| thread.join().ok());

        ended.unwrap_or(Stopped { clean: false, left: 0 })
    }

    fn wish(&self, deadline: Duration) {
        *self.shared.stop.lock().unwrap_or_else(PoisonError::into_inner) = Some(deadline);
        self.nudge();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.wish(Duration::ZERO);
        }
    }
}
