//! Who has the ledger open: a lock file beside it.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::aside::beside;
use crate::error::OpenError;

/// How often a process that must have the ledger alone tries, and how long it waits between: three
/// seconds, in which another one's making or migrating ends.
const TRIES: u32 = 60;
const BETWEEN: Duration = Duration::from_millis(50);

/// Held while the ledger is open.
#[derive(Debug)]
pub(crate) struct InUse {
    _lock: File,
}

/// The lock while the ledger is being opened.
pub(super) struct Lock {
    file: File,
    path: PathBuf,
    tries: u32,
}

impl Lock {
    pub(super) fn new(path: &Path) -> Result<Self, OpenError> {
        let lock = beside(path, ".lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock)
            .map_err(fault(&lock, "open the lock"))?;
        file.lock_shared().map_err(fault(&lock, "take the lock"))?;
        Ok(Self { file, path: path.into(), tries: TRIES })
    }

    /// Takes the lock alone. Where another process holds it, waits a moment and says no: what must
    /// be done may then have been done.
    pub(super) fn alone(&mut self, needs: String) -> Result<bool, OpenError> {
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) if self.tries > 0 => {
                self.tries -= 1;
                std::thread::sleep(BETWEEN);
                self.file.lock_shared().map_err(fault(&self.path, "take the lock"))?;
                Ok(false)
            }
            Err(TryLockError::WouldBlock) => {
                Err(OpenError::InUse { path: self.path.clone(), needs })
            }
            Err(TryLockError::Error(source)) => Err(fault(&self.path, "take the lock")(source)),
        }
    }

    /// Lets others in again, and goes on holding it.
    pub(super) fn share(self) -> Result<InUse, OpenError> {
        self.file.lock_shared().map_err(fault(&self.path, "share the lock"))?;
        Ok(InUse { _lock: self.file })
    }
}

fn fault(path: &Path, doing: &'static str) -> impl FnOnce(std::io::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Io { path, doing, source }
}
