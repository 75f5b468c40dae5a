//! Several processes on one device: what each of them holds, was promised, and waits for.
//!
//! Each device has a file in the user's runtime folder (`semantik` in `XDG_RUNTIME_DIR`, else a folder of the user's among
//! temporary files), in which every process of this user writes what its batches may take, before they take it. The rules
//! by which they share stand at `rules::decide`; a process that ends in whichever way is known by its lock, which the
//! system gives up (`life::Life`), and its bytes are another's at the next look. What strangers take is none of the
//! ledger's business: the device's monitor sees it.
//!
//! Where the folder cannot be used, or a process that hangs keeps a file locked, a process goes on as if it were alone, and
//! says so once.

mod file;
mod folder;
mod key;
mod lease;
mod life;
mod rules;
mod shares;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use batch_policy::Bytes;

use self::file::{Changed, LedgerFile, Trouble};
use self::life::Life;
use self::rules::Entry;

pub use self::key::DeviceKey;
pub(crate) use self::lease::{Grant, Lease};
pub(crate) use self::rules::Ask;
pub use self::shares::{DeviceShares, Holder, shares};

/// This process's part in a device's ledger. One for each device, whoever asks in this process: see [`Ledger::of`].
#[derive(Debug)]
pub(crate) struct Ledger {
    /// The device's name, for people.
    device: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Where processes agree; `None` where they cannot.
    place: Option<Place>,
    mine: Entry,
    /// No other process is asked before.
    paused_until: Option<Instant>,
    /// What nobody was told yet.
    problem: Option<String>,
    was_told: bool,
}

#[derive(Debug)]
struct Place {
    folder: Arc<Folder>,
    file: LedgerFile,
}

/// The folder, and that this process lives.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    life: Mutex<Life>,
}

/// After trouble a process goes on alone for so long.
const PAUSE: Duration = Duration::from_secs(10);

impl Ledger {
    /// That of a device, which people know by this name. While anybody in this process has it, it is the same.
    pub(crate) fn of(key: &DeviceKey, device: &str) -> Arc<Self> {
        static OPEN: Mutex<Vec<(DeviceKey, Weak<Ledger>)>> = Mutex::new(Vec::new());
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(_, ledger)| ledger.strong_count() > 0);
        if let Some(known) =
            open.iter().find(|(known, _)| known == key).and_then(|(_, ledger)| ledger.upgrade())
        {
            return known;
        }
        let ledger = Arc::new(Ledger::new(Folder::of_process(), key, device));
        open.push((key.clone(), Arc::downgrade(&ledger)));
        ledger
    }

    fn new(folder: std::io::Result<Arc<Folder>>, key: &DeviceKey, device: &str) -> Self {
        let (place, problem) = match folder {
            Ok(folder) => {
                let file = LedgerFile::at(shares::path(&folder.path, key));
                (Some(Place { folder, file }), None)
            }
            Err(error) => (None, Some(format!("{ALONE}: the runtime folder cannot be used: {error}"))),
        };
        let state =
            State { place, mine: Entry::default(), paused_until: None, was_told: problem.is_some(), problem };
        Ledger { device: device.to_owned(), state: Mutex::new(state) }
    }

    /// Says what this process's pool holds, and takes what it may of what it wants, in one step: no other process is given
    /// the same bytes. Dropped, the grant's lease gives them back.
    pub(crate) fn take(self: &Arc<Self>, ask: &Ask) -> Grant {
        let mut state = self.state();
        (state.mine.idle, state.mine.held) = (ask.idle.get(), ask.held.get());
        let (decision, usable, others) = state.exchange(&self.device, |mine, others, now| {
            let decision = rules::decide(others, ask, now);
            // Other leases of this process are promised already.
            let usable = decision.usable.saturating_sub(Bytes::new(mine.promised));
            mine.waiting_since = decision.waits.then(|| mine.waiting_since.unwrap_or(now));
            mine.promised = mine.promised.saturating_add(usable.min(ask.want).get());
            (mine.promised_at, mine.seen) = (now, now);
            (decision, usable, others.len())
        });
        drop(state);
        let lease = Lease::new(Arc::clone(self), usable.min(ask.want));
        Grant { usable, share: decision.share, gives_back: decision.gives_back, others, lease }
    }

    /// Promises this process so many bytes, whatever others do: for what is known to the byte, and loaded only if it fits.
    pub(crate) fn promise(self: &Arc<Self>, bytes: Bytes) -> Lease {
        self.state().exchange(&self.device, |mine, _, now| {
            mine.promised = mine.promised.saturating_add(bytes.get());
            (mine.promised_at, mine.seen) = (now, now);
        });
        Lease::new(Arc::clone(self), bytes)
    }

    /// What others were promised and do not hold yet.
    pub(crate) fn promised_elsewhere(&self) -> Bytes {
        self.state().exchange(&self.device, |_, others, now| rules::outstanding(others, now))
    }

    /// Says what this process's pool holds, where it wants nothing.
    pub(crate) fn note(&self, idle: Bytes, held: Bytes) {
        let mut state = self.state();
        (state.mine.idle, state.mine.held) = (idle.get(), held.get());
        state.exchange(&self.device, |_, _, _| ());
    }

    /// Whether another process has less than its share: who has no work gives back what it holds idle.
    pub(crate) fn is_waited_for(&self) -> bool {
        let ask = Ask {
            budget: Bytes::default(),
            safety_permille: 0,
            is_measured: true,
            // Nothing is its share while it wants nothing.
            idle: Bytes::new(1),
            held: Bytes::default(),
            want: Bytes::default(),
        };
        self.state().exchange(&self.device, |_, others, now| rules::decide(others, &ask, now).gives_back)
    }

    /// What went wrong since somebody was told last: told once, however often it does.
    pub(crate) fn take_problem(&self) -> Option<String> {
        self.state().problem.take()
    }

    fn release(&self, bytes: Bytes) {
        let mut state = self.state();
        state.mine.promised = state.mine.promised.saturating_sub(bytes.get());
        state.exchange(&self.device, |_, _, _| ());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mine = state.mine;
        if let Some(place) = state.place.as_mut().filter(|_| mine.pid != 0) {
            // Who looks next finds that nobody lives who wrote it, if this fails.
            let _ = place.file.change(|page| page.holders.retain(|entry| !entry.is_of(&mine)));
        }
    }
}

/// What people are told where there is no ledger.
const ALONE: &str = "other processes on this device are not reckoned with";

impl State {
    /// Reads what others wrote, changes this process's own entry, and writes it; as if it were alone where that cannot be
    /// done. `change` works on a copy, and may be called twice.
    fn exchange<T>(&mut self, device: &str, change: impl Fn(&mut Entry, &[Entry], u64) -> T) -> T {
        let now = life::now();
        let is_paused = self.paused_until.is_some_and(|until| Instant::now() < until);
        let Some(place) = self.place.as_mut().filter(|_| !is_paused) else {
            return change(&mut self.mine, &[], now);
        };
        match place.exchange(device, self.mine, |mine, others| change(mine, others, now)) {
            Ok((mine, Changed { result, set_aside })) => {
                self.mine = mine;
                if let Some(aside) = set_aside {
                    let path = place.file.path().display();
                    let problem =
                        format!("{path} was no ledger of this version, and is {} now", aside.display());
                    self.tell(problem);
                }
                result
            }
            Err(trouble) => {
                self.paused_until = Some(Instant::now() + PAUSE);
                let problem = format!("{ALONE}: {}: {trouble}", place.file.path().display());
                self.tell(problem);
                change(&mut self.mine, &[], now)
            }
        }
    }

    fn tell(&mut self, problem: String) {
        if !std::mem::replace(&mut self.was_told, true) {
            self.problem = Some(problem);
        }
    }
}

impl Place {
    /// Changes this process's entry in the file, given those of the others that live.
    fn exchange<T>(
        &mut self,
        device: &str,
        mut mine: Entry,
        change: impl Fn(&mut Entry, &[Entry]) -> T,
    ) -> Result<(Entry, Changed<T>), Trouble> {
        let before = mine;
        (mine.pid, mine.started) = self.folder.id()?;
        let folder = &self.folder.path;
        let changed = self.file.change(|page| {
            device.clone_into(&mut page.device);
            // An entry of this process under an earlier life is one of nobody who lives.
            page.holders.retain(|entry| {
                !entry.is_of(&mine)
                    && !entry.is_of(&before)
                    && life::is_alive(folder, entry.pid, entry.started)
            });
            let result = change(&mut mine, &page.holders);
            page.holders.push(mine);
            result
        })?;
        Ok((mine, changed))
    }
}

impl Folder {
    /// The one of this process, while anybody has it.
    fn of_process() -> std::io::Result<Arc<Self>> {
        static FOLDER: Mutex<Weak<Folder>> = Mutex::new(Weak::new());
        let mut folder = FOLDER.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = folder.upgrade() {
            return Ok(folder);
        }
        let new = Arc::new(Folder::at(&shares::folder()?)?);
        *folder = Arc::downgrade(&new);
        Ok(new)
    }

    fn at(path: &Path) -> std::io::Result<Self> {
        Ok(Folder { path: path.to_owned(), life: Mutex::new(Life::begin(path)?) })
    }

    /// The number of this process, and since when it lives here. Where what cleans up old files took the sign of it away, it
    /// begins to live anew.
    fn id(&self) -> std::io::Result<(u32, u64)> {
        let mut life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        if !life.is_seen() {
            *life = life.again(&self.path)?;
        }
        Ok(life.id())
    }
}

#[cfg(test)]
mod tests;
