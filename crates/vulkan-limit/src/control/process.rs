//! Which processes are on the device, and whether they live.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, Result};
use std::path::{Path, PathBuf};

use super::Control;
use super::state::State;

/// This process on a limited device.
#[derive(Debug)]
pub(crate) struct Attached {
    control: Control,
    process: u64,
    /// Locked as long as this process lives: the system lets go of it, however the process ends.
    _alive: File,
}

impl Attached {
    /// Adds this process to the device of a folder. It must not be there already.
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let control = Control::open(folder)?;
        let process = u64::from(std::process::id());
        // Under the control file's lock, so that nobody takes the file for that of a dead process before it is locked.
        let alive = control.change(|state| {
            let path = path(folder, process);
            let alive = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
            alive.lock()?;
            if state.attach(process) {
                Ok(alive)
            } else {
                Err(Error::other("too many processes on the limited device"))
            }
        })??;
        Ok(Attached { control, process, _alive: alive })
    }

    /// Changes the state, with this process's id in hand.
    pub(crate) fn change<T>(&self, step: impl FnOnce(&mut State, u64) -> T) -> Result<T> {
        self.control.change(|state| step(state, self.process))
    }
}

/// Whether a process still holds its lock; what is left of a dead one is removed.
pub(super) fn is_alive(folder: &Path, process: u64) -> bool {
    let path = path(folder, process);
    let Ok(file) = File::open(&path) else { return false };
    let alive = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
    if !alive {
        // It may be gone already, which is as good.
        let _ = std::fs::remove_file(&path);
    }
    alive
}

fn path(folder: &Path, process: u64) -> PathBuf {
    folder.join(format!("process-{process}"))
}
