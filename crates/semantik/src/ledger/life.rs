//! [`Life`]: that a process lives, told in a way that needs no word of the process itself.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// That this process lives: a file of its own that it keeps locked. However it ends, the system gives the lock up, and who
/// looks knows; neither a number that is given to another process, nor one that means another process in another
/// container, is taken for it.
#[derive(Debug)]
pub(super) struct Life {
    pid: u32,
    started: u64,
    path: PathBuf,
    lock: File,
}

impl Life {
    /// From now on this process lives, for whoever looks in `folder`.
    ///
    /// # Errors
    /// The file cannot be made or locked.
    pub(super) fn begin(folder: &Path) -> io::Result<Self> {
        Life::begin_at(folder, now())
    }

    /// Begins anew, for whom cannot see the sign of this life any more.
    ///
    /// # Errors
    /// As [`begin`](Life::begin).
    pub(super) fn again(&self, folder: &Path) -> io::Result<Self> {
        // Not under the name of this one, which goes with it.
        Life::begin_at(folder, now().max(self.started + 1))
    }

    fn begin_at(folder: &Path, at: u64) -> io::Result<Self> {
        let folder = folder.join("holders");
        std::fs::create_dir_all(&folder)?;
        let pid = std::process::id();
        // Another life of this process, or of one in another container, may have begun in the same millisecond.
        for started in (at..).take(1000) {
            let path = folder.join(name(pid, started));
            let lock = match OpenOptions::new().write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                made => made?,
            };
            lock.try_lock().map_err(io::Error::from)?;
            return Ok(Life { pid, started, path, lock });
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// The number of this process, and when this life began.
    pub(super) fn id(&self) -> (u32, u64) {
        (self.pid, self.started)
    }

    /// Whether others can see it still: what cleans up old files may have taken it away.
    pub(super) fn is_seen(&self) -> bool {
        self.path.exists()
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        let _ = self.lock.unlock();
    }
}

/// Whether the process of this number, which began then, lives. Of one that does not, nothing is left afterwards.
pub(super) fn is_alive(folder: &Path, pid: u32, started: u64) -> bool {
    let path = folder.join("holders").join(name(pid, started));
    let Ok(file) = File::open(&path) else { return false };
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => true,
        // Where locks fail, so did its own.
        Ok(()) | Err(TryLockError::Error(_)) => {
            let _ = std::fs::remove_file(&path);
            false
        }
    }
}

/// Milliseconds since 1970.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn name(pid: u32, started: u64) -> String {
    format!("{pid}-{started}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_lives_is_seen_and_who_does_not_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        let life = Life::begin(place.path()).unwrap();
        let (pid, started) = life.id();
        assert!(is_alive(place.path(), pid, started) && life.is_seen());
        // The same number at another time is another process.
        assert!(!is_alive(place.path(), pid, started + 1));
        drop(life);
        assert!(!is_alive(place.path(), pid, started));
        assert_eq!(std::fs::read_dir(place.path().join("holders")).unwrap().count(), 0);
    }

    #[test]
    fn lives_that_begin_in_one_millisecond_are_two() {
        let place = tempfile::tempdir().unwrap();
        let lives: Vec<Life> = (0..20).map(|_| Life::begin(place.path()).unwrap()).collect();
        let mut ids: Vec<(u32, u64)> = lives.iter().map(Life::id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 20);
    }
}
