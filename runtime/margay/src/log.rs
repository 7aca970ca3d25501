//! Where words go: structured fields to journald under systemd, lines to the terminal elsewhere.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use contract::message::{Fault, rfc3339};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::serve::clock::Clock;

/// What a service's messages are filed under.
const IDENTIFIER: &str = "margay";

/// The latest error of this life, for the health report.
static LAST_ERROR: Mutex<Option<Fault>> = Mutex::new(None);

/// Starts the log; `RUST_LOG` filters it.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // systemd says by this that standard error goes to the journal.
    let journal = std::env::var_os("JOURNAL_STREAM").and_then(|_| tracing_journald::layer().ok());
    let layer = match journal {
        Some(layer) => layer.with_syslog_identifier(IDENTIFIER.into()).boxed(),
        None => fmt::layer().with_writer(std::io::stderr).with_target(false).without_time().boxed(),
    };
    tracing_subscriber::registry().with(Keep.and_then(layer).with_filter(filter)).init();
}

/// The latest error since the start.
pub(crate) fn last_error() -> Option<Fault> {
    LAST_ERROR.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Keeps the latest error.
struct Keep;

impl<S: Subscriber> Layer<S> for Keep {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() != Level::ERROR {
            return;
        }
        let mut words = Words(String::new());
        event.record(&mut words);
        let at = rfc3339(Clock::start().now_ms());
        let fault = Fault { what: words.0, at };
        *LAST_ERROR.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
    }
}

/// An event's message and fields, in one line.
struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let before = if self.0.is_empty() { "" } else { ", " };
        let named = if field.name() == "message" { "" } else { field.name() };
        let between = if named.is_empty() { "" } else { " " };
        write!(self.0, "{before}{named}{between}{value:?}").expect("a string takes everything");
    }
}
