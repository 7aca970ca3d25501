//! What systemd is told; nothing where it did not start the process.
//!
//! Crate `sd-notify`: pure Rust, so it needs no feature and no library on a laptop.

use sd_notify::NotifyState;

/// The service is up.
pub(crate) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// One line for `systemctl status`.
pub(crate) fn status(line: &str) {
    tell(&[NotifyState::Status(line)]);
}

/// The service is stopping.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// All threads make progress.
pub(crate) fn watchdog() {
    tell(&[NotifyState::Watchdog]);
}

fn tell(what: &[NotifyState<'_>]) {
    // A socket that cannot be written to is systemd's to notice: its watchdog expires.
    if let Err(error) = sd_notify::notify(what) {
        tracing::debug!("systemd was not told: {error}");
    }
}
