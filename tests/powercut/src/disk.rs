//! The disk as a test holds it.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;

use crate::serve::{CONTROL, MOUNT};

/// The test that [`crate::serve_here`] makes, and that the second process runs.
const SERVER: &str = "powercut_serves_its_disk";
/// How often the start is looked at; the second process answers within milliseconds.
const LOOK: Duration = Duration::from_millis(5);

/// A mounted disk. Dropped, it is unmounted and forgotten.
#[derive(Debug)]
pub struct Disk {
    control: Mutex<BufReader<UnixStream>>,
    server: Child,
    home: tempfile::TempDir,
}

/// Why a disk cannot be mounted, or does not obey.
#[derive(Debug, Error)]
pub enum DiskError {
    /// The test program was not started anew, or its folder could not be made.
    #[error("the disk's second process cannot be started")]
    Start(#[source] io::Error),
    /// The test program does not hold the line that serves its disk.
    #[error("the second process ended at once; put `powercut::serve_here!();` at the test's root")]
    NoServer,
    /// The control line broke.
    #[error("the disk's second process is gone")]
    Gone(#[source] io::Error),
    /// The second process refused.
    #[error("the disk refuses: {0}; mounting needs /dev/fuse and root")]
    Refused(String),
}

impl Disk {
    /// Mounts an empty disk at a temporary folder.
    pub fn mount() -> Result<Self, DiskError> {
        let home = tempfile::tempdir().map_err(DiskError::Start)?;
        let mount = home.path().join("disk");
        std::fs::create_dir(&mount).map_err(DiskError::Start)?;
        let socket = home.path().join("control");
        let listener = UnixListener::bind(&socket).map_err(DiskError::Start)?;

        let mut server = start(&socket, &mount).map_err(DiskError::Start)?;
        let control = Mutex::new(BufReader::new(accept(&listener, &mut server)?));
        let disk = Self { control, server, home };
        disk.hear()?;
        Ok(disk)
    }

    /// Where the disk is mounted.
    pub fn path(&self) -> PathBuf {
        self.home.path().join("disk")
    }

    /// Takes the power away at the `operations`th changing operation from now: write, resize,
    /// create, rename, unlink, sync. That one and every later one fail with `EIO`.
    pub fn cut_after(&self, operations: u64) -> Result<(), DiskError> {
        self.ask(&format!("cut {operations}")).map(|_| ())
    }

    /// Gives the power back. What was unsynced is kept, lost or torn as `seed` decides; files that
    /// were open stay dead.
    pub fn restart(&self, seed: u64) -> Result<(), DiskError> {
        self.ask(&format!("restart {seed}")).map(|_| ())
    }

    /// Says whether the power is gone.
    pub fn is_dead(&self) -> Result<bool, DiskError> {
        self.ask("dead").map(|dead| dead == 1)
    }

    /// How many changing operations there were since the mount or the last wipe.
    pub fn operations(&self) -> Result<u64, DiskError> {
        self.ask("operations")
    }

    /// Bounds the bytes in all files; `None` lifts the bound. Beyond it, writes fail with `ENOSPC`.
    pub fn set_room(&self, bytes: Option<u64>) -> Result<(), DiskError> {
        self.ask(&bytes.map_or("room".into(), |bytes| format!("room {bytes}"))).map(|_| ())
    }

    /// Empties the disk, gives the power back and lifts the bound.
    pub fn wipe(&self) -> Result<(), DiskError> {
        self.ask("wipe").map(|_| ())
    }

    fn ask(&self, command: &str) -> Result<u64, DiskError> {
        let mut control = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(control.get_mut(), "{command}").map_err(DiskError::Gone)?;
        drop(control);
        self.hear()
    }

    fn hear(&self) -> Result<u64, DiskError> {
        let mut line = String::new();
        let mut control = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        control.read_line(&mut line).map_err(DiskError::Gone)?;
        match line.trim_end().split_once(' ') {
            Some(("ok", number)) => {
                number.parse().map_err(|_| DiskError::Refused(line.trim_end().into()))
            }
            Some((_, reason)) => Err(DiskError::Refused(reason.into())),
            None => Err(DiskError::Gone(io::ErrorKind::UnexpectedEof.into())),
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let control = self.control.get_mut().unwrap_or_else(PoisonError::into_inner);
        let closed = control.get_mut().shutdown(std::net::Shutdown::Both);
        // A server that is gone already has unmounted already.
        drop(closed.and_then(|()| self.server.wait()));
    }
}

fn start(socket: &Path, mount: &Path) -> io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args([SERVER, "--exact", "--nocapture", "--test-threads=1"])
        .env(CONTROL, socket)
        .env(MOUNT, mount)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
}

/// Waits until the second process calls, or ends without having called.
fn accept(listener: &UnixListener, server: &mut Child) -> Result<UnixStream, DiskError> {
    listener.set_nonblocking(true).map_err(DiskError::Start)?;
    loop {
        match listener.accept() {
            Ok((control, _)) => {
                control.set_nonblocking(false).map_err(DiskError::Start)?;
                return Ok(control);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(DiskError::Start(error)),
        }
        if server.try_wait().map_err(DiskError::Start)?.is_some() {
            return Err(DiskError::NoServer);
        }
        std::thread::sleep(LOOK);
    }
}
