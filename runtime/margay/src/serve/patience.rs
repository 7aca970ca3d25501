//! What is done when the ledger does not take something: it is said, and tried again without end.
//!
//! Work that is done must not be lost because a disk is full for an hour. Only a ledger that can
//! take nothing any more ends the process: the next life sets a damaged file aside.

use std::process;
use std::thread;
use std::time::Duration;

use contract::exit;
use ledger::WriteError;

use super::beats::Beat;

/// Waits between tries: at first as long as a commit, later as long as a person takes to look.
const WAIT_MIN: Duration = Duration::from_millis(20);
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Tries until the ledger has taken it. Each try is a step of the `beat`, whose stage says what is
/// waited for; the reason is said once, and again when it changes.
pub(crate) fn insist<T>(
    beat: &Beat,
    what: &'static str,
    mut attempt: impl FnMut() -> Result<T, WriteError>,
) -> T {
    let mut wait = WAIT_MIN;
    let mut said = String::new();
    loop {
        let error = match attempt() {
            Ok(value) => {
                if !said.is_empty() {
                    tracing::info!("The ledger takes it again: {what}.");
                }
                return value;
            }
            Err(error) => error,
        };
        let reason = format!("{:#}", anyhow::Error::new(error.clone()));
        if reason != said {
            tracing::warn!("The ledger does not take it, {what} waits: {reason}");
            said.clone_from(&reason);
        }
        if is_the_end(&error) {
            tracing::error!("{what}: {reason}");
            process::exit(exit::INTERNAL.into());
        }
        beat.at("wait for the ledger", what);
        thread::sleep(wait);
        wait = (wait * 2).min(WAIT_MAX);
    }
}

/// Whether no later try can pass.
fn is_the_end(error: &WriteError) -> bool {
    match error {
        WriteError::Full { .. } | WriteError::Busy { .. } | WriteError::Storage { .. } => false,
        WriteError::TooLarge { .. }
        | WriteError::Empty { .. }
        | WriteError::Contradicts { .. }
        | WriteError::Unknown { .. }
        | WriteError::State { .. }
        | WriteError::Damaged { .. }
        | WriteError::Gone => true,
    }
}
