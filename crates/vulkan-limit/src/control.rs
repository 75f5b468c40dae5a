//! [`Control`]: the state of a limited device, shared by all processes on it through a file.

mod process;
pub(crate) mod state;

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

pub(crate) use self::process::Attached;
use self::state::State;

/// Names the folder of the limited device, for the layer.
pub(crate) const FOLDER_VARIABLE: &str = "VULKAN_LIMIT_FOLDER";
const FILE_NAME: &str = "control";

/// The control file of a limited device: read, changed and written under a lock, which a killed process lets go of.
#[derive(Debug)]
pub(crate) struct Control {
    folder: PathBuf,
    file: Mutex<File>,
}

impl Control {
    /// Writes the file of a new device.
    pub(crate) fn create(folder: &Path, state: &State) -> Result<Self> {
        std::fs::write(folder.join(FILE_NAME), state.to_bytes())?;
        Control::open(folder)
    }

    /// Of a device that exists.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(folder.join(FILE_NAME))?;
        Ok(Control { folder: folder.to_owned(), file: Mutex::new(file) })
    }

    /// What the state is, without what dead processes held.
    pub(crate) fn read(&self) -> Result<State> {
        self.change(|state| state.clone())
    }

    /// Changes the state, while nobody else does.
    pub(crate) fn change<T>(&self, step: impl FnOnce(&mut State) -> T) -> Result<T> {
        // A lock on a file is between processes: threads of one share its handle.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.lock()?;
        let result = self.step(&mut file, step);
        file.unlock()?;
        result
    }

    fn step<T>(&self, file: &mut File, step: impl FnOnce(&mut State) -> T) -> Result<T> {
        let mut bytes = Vec::with_capacity(state::SIZE);
        file.seek(SeekFrom::Start(0))?;
        file.read_to_end(&mut bytes)?;
        let before = State::from_bytes(&bytes).ok_or_else(|| {
            Error::new(ErrorKind::InvalidData, "the control file of the limited device is broken")
        })?;
        let mut state = before.clone();
        state.processes.retain(|(id, _)| process::is_alive(&self.folder, *id));
        let result = step(&mut state);
        if state != before {
            file.seek(SeekFrom::Start(0))?;
            // One write, so that a process that is killed in between leaves the old state or the new.
            file.write_all(&state.to_bytes())?;
        }
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_and_threads_do_not_lose_each_others_changes() {
        let folder = tempfile::tempdir().unwrap();
        let shared = Control::create(folder.path(), &State::new(100)).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    // One of its own, as another process has.
                    let own = Control::open(folder.path()).unwrap();
                    for _ in 0..500 {
                        shared.change(|state| state.peak += 1).unwrap();
                        own.change(|state| state.peak += 1).unwrap();
                    }
                });
            }
        });
        assert_eq!(shared.read().unwrap().peak, 4000);
    }

    #[test]
    fn a_process_counts_while_it_holds_its_lock() {
        let folder = tempfile::tempdir().unwrap();
        let control = Control::create(folder.path(), &State::new(100)).unwrap();
        let attached = Attached::new(folder.path()).unwrap();
        assert!(attached.change(|state, me| state.reserve(me, 40)).unwrap());
        assert_eq!(control.read().unwrap().live(), 40);
        drop(attached);
        assert_eq!(control.read().unwrap().live(), 0, "as if it were killed");
    }

    #[test]
    fn a_broken_file_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let control = Control::create(folder.path(), &State::new(100)).unwrap();
        std::fs::write(folder.path().join(FILE_NAME), "something else").unwrap();
        assert_eq!(control.read().unwrap_err().kind(), ErrorKind::InvalidData);
        assert!(Control::open(&folder.path().join("nowhere")).is_err());
    }
}
