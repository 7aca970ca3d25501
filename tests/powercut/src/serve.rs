//! The second process: mounts the disk, serves it, obeys the control line.
//!
//! One line of text a command, one a reply: `ok NUMBER` or `error REASON`.
//!
//! ```text
//! cut N          the Nth changing operation from now fails, and all after it
//! restart SEED   the power is back
//! operations     how many changing operations there were since the start or the last wipe
//! room BYTES     the disk's size; `room` alone: without bound
//! wipe           an empty disk
//! dead           1 where the power is gone, 0 where it is not
//! ```

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use fuser::{BackgroundSession, Config, MountOption};

use crate::medium::Medium;
use crate::mounted::Mounted;

/// Tells the second process where the control line is.
pub(crate) const CONTROL: &str = "POWERCUT_CONTROL";
/// Tells the second process where to mount.
pub(crate) const MOUNT: &str = "POWERCUT_MOUNT";

/// Serves a disk where this process was started for that, and returns when its user is gone;
/// otherwise does nothing.
///
/// # Panics
/// If the disk cannot be mounted or the control line fails.
pub fn serve_if_asked() {
    let (Some(control), Some(mount)) = (std::env::var_os(CONTROL), std::env::var_os(MOUNT)) else {
        return;
    };
    let control = UnixStream::connect(control).expect("the test holds the other end");
    serve(&control, Path::new(&mount)).expect("the control line works while the test lives");
}

fn serve(mut control: &UnixStream, folder: &Path) -> io::Result<()> {
    let mounted = Mounted(Arc::new(Mutex::new(Medium::default())));
    let session = match mount(mounted.clone(), folder) {
        Ok(session) => session,
        Err(error) => return writeln!(control, "error {error}"),
    };
    writeln!(control, "ok 0")?;

    for line in BufReader::new(control).lines() {
        match line.as_deref().map(|line| obey(&mounted, line)) {
            Ok(Ok(number)) => writeln!(control, "ok {number}")?,
            Ok(Err(reason)) => writeln!(control, "error {reason}")?,
            Err(_) => break,
        }
    }
    unmount(session, folder)
}

fn mount(mounted: Mounted, folder: &Path) -> io::Result<BackgroundSession> {
    let mut config = Config::default();
    config.mount_options = vec![MountOption::FSName("powercut".into()), MountOption::NoAtime];
    fuser::spawn_mount(mounted, folder, &config)
}

/// Unmounts; a file that somebody still holds open keeps the disk until it is closed.
fn unmount(session: BackgroundSession, folder: &Path) -> io::Result<()> {
    let detached =
        Command::new("umount").arg("--lazy").arg(folder).stderr(Stdio::null()).status()?;
    if detached.success() { Ok(()) } else { session.umount_and_join() }
}

fn obey(mounted: &Mounted, line: &str) -> Result<u64, String> {
    let (verb, value) = line.split_once(' ').unwrap_or((line, ""));
    let number = || value.parse::<u64>().map_err(|error| format!("{line}: {error}"));
    let mut medium = mounted.medium();
    match verb {
        "cut" => medium.cut_after(number()?),
        "restart" => medium.restart(number()?),
        "room" if value.is_empty() => medium.room_bytes = None,
        "room" => medium.room_bytes = Some(number()?),
        "wipe" => medium.wipe(),
        "dead" => return Ok(u64::from(medium.dead)),
        "operations" => return Ok(medium.operations),
        _ => return Err(format!("{line}: no such command")),
    }
    Ok(0)
}
