//! The state folder: whether it can be written, how much fits, how fast it keeps.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::{Finding, bad, good, note};

/// Syncs by which the disk is timed.
const SYNCS: u32 = 16;

/// A sync that takes longer than this makes a scanner of 57 tiles a second wait.
const SYNC_SLOW: Duration = Duration::from_millis(40);

/// Looks at the folder; `tiles_bytes` is what tiles may take of it.
pub(super) fn look(folder: &Path, tiles_bytes: u64) -> Vec<Finding> {
    if !folder.is_dir() {
        let says = format!("{} is not there; the service makes it at its start", folder.display());
        return vec![note("state", says)];
    }
    vec![room(folder, tiles_bytes), speed(folder), lock(folder)]
}

fn room(folder: &Path, tiles_bytes: u64) -> Finding {
    match rustix::fs::statvfs(folder) {
        Ok(disk) => {
            let free = disk.f_bavail * disk.f_frsize;
            let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
            let says = format!("{:.0} GiB free at {}", gib(free), folder.display());
            if free < tiles_bytes {
                let limit = gib(tiles_bytes);
                note("disk", format!("{says}, less than [limits] tiles_gib = {limit:.0}; lower it"))
            } else {
                good("disk", says)
            }
        }
        Err(error) => bad("disk", format!("{} cannot be asked: {error}", folder.display())),
    }
}

fn speed(folder: &Path) -> Finding {
    match time_syncs(folder) {
        Ok(sync) if sync > SYNC_SLOW => {
            let says = format!("a durable write takes {sync:.1?}; put the state on a faster disk");
            note("disk speed", says)
        }
        Ok(sync) => good("disk speed", format!("a durable write takes {sync:.1?}")),
        Err(error) => bad("disk speed", format!("{error:#}; check the folder's owner and rights")),
    }
}

#[expect(clippy::disallowed_methods, reason = "a program's shell reads the clock")]
fn time_syncs(folder: &Path) -> Result<Duration> {
    let path = folder.join("doctor.tmp");
    let cannot = || format!("{} cannot be written", path.display());
    let mut file = File::create(&path).with_context(cannot)?;
    let start = Instant::now();
    for _ in 0..SYNCS {
        file.write_all(&[0; 4096]).and_then(|()| file.sync_data()).with_context(cannot)?;
    }
    let each = start.elapsed() / SYNCS;
    fs::remove_file(&path).with_context(cannot)?;
    Ok(each)
}

fn lock(folder: &Path) -> Finding {
    let path = folder.join("pipeline.lock");
    let Ok(file) = File::open(&path) else {
        return good("service", "no box has served from here yet".into());
    };
    match file.try_lock_shared() {
        Ok(()) => note("service", "no box serves from here now".into()),
        Err(TryLockError::WouldBlock) => good("service", "a box serves from here".into()),
        Err(TryLockError::Error(error)) => {
            bad("service", format!("{} cannot be asked: {error}", path.display()))
        }
    }
}
