//! [`LedgerFile`]: the file that processes agree in.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::rules::Entry;

/// The form of the file that this version writes, and the only one that it reads.
const VERSION: u32 = 1;
/// A ledger of so many bytes is none: a process takes 200.
const MOST: u64 = 1 << 20;
/// How long a lock is waited for. It is held for microseconds; who holds it longer hangs.
const PATIENCE: Duration = Duration::from_millis(100);
/// How often a file that was replaced meanwhile is opened anew.
const TRIES: usize = 8;

/// Who holds and wants what of one device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Page {
    semantik_ledger: u32,
    /// The device's name, for people.
    pub(super) device: String,
    pub(super) holders: Vec<Entry>,
}

/// A device's file. What is written is one line, the first, in one go: a process that ends half-way leaves the old line or
/// the new one, and what is behind it is not read.
#[derive(Debug)]
pub(super) struct LedgerFile {
    path: PathBuf,
    file: Option<File>,
}

/// Why processes cannot agree.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("another process has kept it locked for {} ms", PATIENCE.as_millis())]
    Busy,
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// What was done with a file.
#[derive(Debug)]
pub(super) struct Changed<T> {
    pub(super) result: T,
    /// Where a file was put that is no ledger of this version.
    pub(super) set_aside: Option<PathBuf>,
}

impl LedgerFile {
    pub(super) fn at(path: PathBuf) -> Self {
        LedgerFile { path, file: None }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Changes what is written, while no other process can. Nothing is written where nothing was changed.
    ///
    /// # Errors
    /// The file cannot be read, written or locked.
    pub(super) fn change<T>(&mut self, change: impl FnOnce(&mut Page) -> T) -> Result<Changed<T>, Trouble> {
        let mut set_aside = None;
        for _ in 0..TRIES {
            let file = match &mut self.file {
                Some(file) => file,
                none => none.insert(open(&self.path)?),
            };
            let locked = Locked::take(file)?;
            // Who holds it may have put it aside between our opening and our locking, and something may have cleaned up.
            if !is_still_at(locked.0, &self.path) {
                drop(locked);
                self.file = None;
                continue;
            }
            let Some(before) = read(locked.0)? else {
                let aside = with_end(&self.path, ".aside");
                std::fs::rename(&self.path, &aside)?;
                set_aside = Some(aside);
                drop(locked);
                self.file = None;
                continue;
            };
            let mut page = before.clone();
            let result = change(&mut page);
            if page != before {
                write(locked.0, &page)?;
            }
            return Ok(Changed { result, set_aside });
        }
        Err(Trouble::Io(io::Error::other("it is replaced again and again")))
    }
}

/// What a device's file says, without changing it; `None` where it says nothing that this version reads.
pub(super) fn peek(path: &Path) -> Option<Page> {
    let mut file = File::open(path).ok()?;
    let locked = Locked::share(&mut file).ok()?;
    read(locked.0).ok().flatten()
}

struct Locked<'a>(&'a mut File);

impl<'a> Locked<'a> {
    fn take(file: &'a mut File) -> Result<Self, Trouble> {
        patiently(|| file.try_lock())?;
        Ok(Locked(file))
    }

    fn share(file: &'a mut File) -> Result<Self, Trouble> {
        patiently(|| file.try_lock_shared())?;
        Ok(Locked(file))
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

fn patiently(lock: impl Fn() -> Result<(), TryLockError>) -> Result<(), Trouble> {
    let started = Instant::now();
    let mut pause = Duration::from_micros(20);
    loop {
        match lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error.into()),
            Err(TryLockError::WouldBlock) if started.elapsed() >= PATIENCE => return Err(Trouble::Busy),
            Err(TryLockError::WouldBlock) => std::thread::sleep(pause),
        }
        pause = (pause * 2).min(Duration::from_millis(2));
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// What is written; `None` where that is no ledger of this version. An empty file is a new one.
fn read(file: &mut File) -> io::Result<Option<Page>> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(MOST).read_to_end(&mut text)?;
    let empty = Page { semantik_ledger: VERSION, ..Page::default() };
    if text.is_empty() {
        return Ok(Some(empty));
    }
    let Some(end) = text.iter().position(|&byte| byte == b'\n') else { return Ok(None) };
    let page: Option<Page> = serde_json::from_slice(&text[..end]).ok();
    Ok(page.filter(|page| page.semantik_ledger == VERSION))
}

fn write(file: &mut File, page: &Page) -> io::Result<()> {
    let mut text = serde_json::to_vec(page)?;
    text.push(b'\n');
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&text)?;
    file.set_len(text.len() as u64)
}

/// Whether the file that is open is the one at `path`.
#[cfg(unix)]
fn is_still_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |of: io::Result<std::fs::Metadata>| of.map(|of| (of.dev(), of.ino())).ok();
    id(file.metadata()) == id(std::fs::metadata(path))
}

/// A file that is open here cannot be taken away there.
#[cfg(not(unix))]
fn is_still_at(_: &File, path: &Path) -> bool {
    path.exists()
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(pid: u32) -> Entry {
        Entry { pid, ..Entry::default() }
    }

    fn pids(path: &Path) -> Vec<u32> {
        peek(path).unwrap().holders.iter().map(|entry| entry.pid).collect()
    }

    #[test]
    fn what_one_writes_another_reads() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("host.ledger");
        let (mut one, mut other) = (LedgerFile::at(path.clone()), LedgerFile::at(path.clone()));
        for pid in 0..100 {
            let file = if pid % 2 == 0 { &mut one } else { &mut other };
            assert!(file.change(|page| page.holders.push(entry(pid))).unwrap().set_aside.is_none());
        }
        assert_eq!(pids(&path), (0..100).collect::<Vec<u32>>());
        // A shorter line leaves nothing of the longer.
        one.change(|page| page.holders.truncate(1)).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap().matches("pid").count(), 1);
    }

    #[test]
    fn a_line_that_is_cut_short_behind_a_whole_one_is_not_read() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("host.ledger");
        let mut file = LedgerFile::at(path.clone());
        file.change(|page| page.holders.push(entry(7))).unwrap();
        let mut text = std::fs::read(&path).unwrap();
        text.extend(b"\"seen\":12}],");
        std::fs::write(&path, text).unwrap();
        assert_eq!(pids(&path), [7]);
    }

    #[test]
    fn what_is_no_ledger_of_this_version_is_set_aside_once() {
        let foreign: [&[u8]; 6] = [
            b"not json\n",
            b"{\"semantik_ledger\":2,\"device\":\"x\",\"holders\":[]}\n",
            b"{\"semantik_ledger\":1,\"device\":\"x\",\"holders\":[{\"pid\":-1}]}\n",
            b"{\"semantik_ledger\":1,\"device\":\"x\",\"holders\":[]}",
            b"\xff\xfe\n",
            b"[]\n",
        ];
        for text in foreign {
            let place = tempfile::tempdir().unwrap();
            let path = place.path().join("host.ledger");
            let mut opened = LedgerFile::at(path.clone());
            opened.change(|_| ()).unwrap();
            std::fs::write(&path, text).unwrap();
            let aside = opened.change(|page| page.holders.push(entry(1))).unwrap().set_aside.unwrap();
            assert_eq!(std::fs::read(aside).unwrap(), text, "it is kept as it was");
            assert_eq!(pids(&path), [1]);
            assert!(opened.change(|_| ()).unwrap().set_aside.is_none());
        }
    }

    #[test]
    fn a_file_that_is_taken_away_or_replaced_is_found_again() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("host.ledger");
        let (mut one, mut other) = (LedgerFile::at(path.clone()), LedgerFile::at(path.clone()));
        one.change(|page| page.holders.push(entry(1))).unwrap();
        std::fs::remove_file(&path).unwrap();
        other.change(|page| page.holders.push(entry(2))).unwrap();
        one.change(|page| page.holders.push(entry(1))).unwrap();
        assert_eq!(pids(&path), [2, 1]);
    }

    #[test]
    fn a_holder_that_hangs_blocks_nobody() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("host.ledger");
        let mut file = LedgerFile::at(path.clone());
        file.change(|page| page.holders.push(entry(1))).unwrap();
        let hanging = open(&path).unwrap();
        hanging.lock().unwrap();
        assert!(matches!(file.change(|page| page.holders.clear()), Err(Trouble::Busy)));
        hanging.unlock().unwrap();
        assert!(file.change(|page| page.holders.clear()).is_ok());
    }
}
