//! How everything ends: asked once, complete when the last thread has gone.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Whether the process is to stop, shared by all threads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    shared: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    #[default]
    Running,
    Asked,
    Complete,
}

impl Stop {
    /// Asks for the stop when the process gets SIGTERM or SIGINT; a second signal ends it at once.
    pub(crate) fn on_signals(&self) -> Result<()> {
        let mut signals = Signals::new([SIGTERM, SIGINT]).context("signals cannot be caught")?;
        let stop = self.clone();
        let body = move || {
            for signal in signals.forever() {
                if stop.is_asked() {
                    tracing::warn!("signal {signal} again: the process ends at once");
                    std::process::exit(contract::exit::INTERNAL.into());
                }
                tracing::info!("signal {signal}: no more is taken, what is begun is ended");
                stop.ask();
            }
        };
        thread::Builder::new()
            .name("signals".into())
            .spawn(body)
            .context("no thread for signals")?;
        Ok(())
    }

    /// Asks all threads to end.
    pub(crate) fn ask(&self) {
        self.raise(State::Asked);
    }

    /// Says that all threads have ended.
    pub(crate) fn complete(&self) {
        self.raise(State::Complete);
    }

    /// Whether threads are to end.
    pub(crate) fn is_asked(&self) -> bool {
        *self.shared.0.lock().unwrap_or_else(PoisonError::into_inner) >= State::Asked
    }

    /// Waits for the question.
    pub(crate) fn wait(&self) {
        while !self.is_asked_within(Duration::from_hours(1)) {}
    }

    /// Waits for the question, at most for `time`; says whether it has come.
    pub(crate) fn is_asked_within(&self, time: Duration) -> bool {
        self.reaches(State::Asked, time)
    }

    /// Waits for the end, at most for `time`; says whether it has come.
    pub(crate) fn is_complete_within(&self, time: Duration) -> bool {
        self.reaches(State::Complete, time)
    }

    fn raise(&self, to: State) {
        let (state, changed) = &*self.shared;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = (*state).max(to);
        changed.notify_all();
    }

    fn reaches(&self, goal: State, time: Duration) -> bool {
        let (state, changed) = &*self.shared;
        let state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(state, time, |state| *state < goal);
        *waited.unwrap_or_else(PoisonError::into_inner).0 >= goal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_is_asked_once_and_for_all() {
        let stop = Stop::default();
        assert!(!stop.is_asked_within(Duration::ZERO));

        stop.ask();

        assert!(stop.clone().is_asked());
        assert!(!stop.is_complete_within(Duration::ZERO));
        stop.complete();
        stop.ask();
        assert!(stop.is_complete_within(Duration::ZERO));
    }
}
