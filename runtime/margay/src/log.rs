//! Where words go: structured fields to journald under systemd, lines to the terminal elsewhere.

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// What a service's messages are filed under.
const IDENTIFIER: &str = "margay";

/// Starts the log; `RUST_LOG` filters it.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // systemd says by this that standard error goes to the journal.
    let journal = std::env::var_os("JOURNAL_STREAM").and_then(|_| tracing_journald::layer().ok());
    let layer = match journal {
        Some(layer) => layer.with_syslog_identifier(IDENTIFIER.into()).boxed(),
        None => fmt::layer().with_writer(std::io::stderr).with_target(false).without_time().boxed(),
    };
    tracing_subscriber::registry().with(layer.with_filter(filter)).init();
}
