//! The loaded library's state: its script and how far each card is in it.

use std::ffi::c_void;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::card::{Card, Failure};
use crate::script::Script;
use crate::stand::USES;

/// How often NVML was started and not yet stopped, and the script since the first.
pub(crate) struct Instance {
    pub(crate) started: u32,
    script: Option<Script>,
    progress: Vec<Progress>,
}

/// Calls so far, of a card and its parts.
#[derive(Clone, Default)]
pub(crate) struct Progress {
    calls: u64,
    pub(crate) memory: usize,
    pub(crate) memory_v1: usize,
    pub(crate) utilization: usize,
    pub(crate) lists: [usize; 3],
}

/// One lock for the library, as simple as can be; NVIDIA's own has locks of its own.
pub(crate) fn instance() -> MutexGuard<'static, Instance> {
    static INSTANCE: Mutex<Instance> =
        Mutex::new(Instance { started: 0, script: None, progress: Vec::new() });
    INSTANCE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Which card or part a handle means: the card's place, and the part's.
pub(crate) type Place = (usize, Option<usize>);

/// Parts a card can have, and the distance between the handles of two cards.
pub(crate) const PARTS: usize = 7;

/// The distance between the handles of one start of the driver and of the next.
const START: usize = 1 << 16;

pub(crate) fn place(handle: *mut c_void) -> Option<Place> {
    let number = handle.addr().checked_sub(1)? % START;
    let (card, part) = (number / (PARTS + 1), number % (PARTS + 1));
    Some((card, part.checked_sub(1)))
}

impl Instance {
    /// The script, read when it is first asked for.
    pub(crate) fn script(&mut self) -> Result<&Script, Failure> {
        if self.script.is_none() {
            let script = read()?;
            self.progress = vec![Progress::default(); script.cards.len() * (PARTS + 1)];
            self.script = Some(script);
        }
        self.script.as_ref().ok_or(Failure::UNKNOWN)
    }

    /// Forgets the script, so that the next start reads it again.
    pub(crate) fn stop(&mut self) {
        self.script = None;
    }

    /// The handle of a card or part as the driver gives it now.
    pub(crate) fn handle(&self, (card, part): Place) -> *mut c_void {
        // No handle is null, and none is an address that anyone may read.
        let number = 1 + card * (PARTS + 1) + part.map_or(0, |part| part + 1);
        std::ptr::without_provenance_mut(number + if self.is_restarted(card) { START } else { 0 })
    }

    fn is_restarted(&self, card: usize) -> bool {
        let after = self.whole(card).and_then(|card| card.restarted_after);
        let calls = self.progress.get(card * (PARTS + 1)).map_or(0, |progress| progress.calls);
        after.is_some_and(|(after, _)| calls > after)
    }

    /// The card that a handle means, and how far it is; one call more.
    pub(crate) fn card(&mut self, handle: *mut c_void) -> Result<(&Card, &mut Progress), Failure> {
        if self.started == 0 {
            return Err(Failure::UNINITIALIZED);
        }
        let (card, part) = place(handle).ok_or(Failure::INVALID_ARGUMENT)?;
        let script = self.script.as_ref().ok_or(Failure::UNINITIALIZED)?;
        let whole = script.cards.get(card).ok_or(Failure::INVALID_ARGUMENT)?;
        // A card that is lost takes its parts with it, so calls of both count.
        let calls = &mut self.progress[card * (PARTS + 1)].calls;
        *calls += 1;
        if whole.lost_after.is_some_and(|lost| *calls > lost) {
            return Err(Failure::GPU_LOST);
        }
        if let Some((after, failure)) = whole.restarted_after
            && *calls > after
            && handle.addr() <= START
        {
            return Err(failure);
        }
        let (place, asked) = match part {
            None => (0, whole),
            Some(part) => {
                let found = whole.instances_after(*calls).nth(part).ok_or(Failure::INVALID_ARGUMENT)?;
                (found.0 + 1, found.1)
            }
        };
        Ok((asked, &mut self.progress[card * (PARTS + 1) + place]))
    }

    /// A card, without a call.
    pub(crate) fn whole(&self, card: usize) -> Option<&Card> {
        self.script.as_ref()?.cards.get(card)
    }

    /// The instances of a card that are there now, in the order of their handles.
    pub(crate) fn parts(&self, card: usize) -> impl Iterator<Item = &Card> {
        let calls = self.progress.get(card * (PARTS + 1)).map_or(0, |progress| progress.calls);
        self.whole(card).into_iter().flat_map(move |whole| whole.instances_after(calls)).map(|(_, part)| part)
    }
}

fn read() -> Result<Script, Failure> {
    let path = match std::env::var_os("NVML_STANDIN_SCRIPT") {
        Some(path) => PathBuf::from(path),
        None => own_path().ok_or(Failure::UNKNOWN)?.with_file_name("script.txt"),
    };
    let text = std::fs::read_to_string(&path).map_err(|_| Failure::DRIVER_NOT_LOADED)?;
    text.parse().map_err(|_| Failure::UNKNOWN)
}

/// Writes down that the library is used. What cannot be written is not counted: only tests look.
pub(crate) fn used(how: &str) {
    let Some(folder) = own_path().and_then(|path| Some(path.parent()?.to_owned())) else { return };
    // Where it is linked into a test there is no script beside it, and nothing to count.
    if !folder.join("script.txt").exists() {
        return;
    }
    let file = std::fs::File::options().create(true).append(true).open(folder.join(USES));
    let _ = file.and_then(|mut file| file.write_all(format!("{how}\n").as_bytes()));
}

/// Runs when the library is loaded.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
// SAFETY: the loader calls each function of this section once, with arguments that need not be taken.
#[unsafe(link_section = ".init_array")]
#[used]
static LOADED: extern "C" fn() = {
    extern "C" fn loaded() {
        used("load");
    }
    loaded
};

/// The file that this code was loaded from.
#[cfg(unix)]
#[allow(unsafe_code)]
fn own_path() -> Option<PathBuf> {
    use std::ffi::{CStr, OsStr, c_char, c_int};
    use std::os::unix::ffi::OsStrExt;

    #[repr(C)]
    struct Found {
        file: *const c_char,
        base: *mut c_void,
        symbol: *const c_char,
        address: *mut c_void,
    }
    // SAFETY: the signature of POSIX's `dladdr`, which the C library that std links has.
    unsafe extern "C" {
        fn dladdr(address: *const c_void, found: *mut Found) -> c_int;
    }
    static HERE: u8 = 1;
    let null: *mut c_void = std::ptr::null_mut();
    let mut found = Found { file: null.cast(), base: null, symbol: null.cast(), address: null };
    // SAFETY: `found` has the layout of `Dl_info` and outlives the call; any address may be asked for.
    let known = unsafe { dladdr((&raw const HERE).cast(), &raw mut found) } != 0;
    if !known || found.file.is_null() {
        return None;
    }
    // SAFETY: on success `file` is a string that lives as long as the library is loaded, which it is: this is its code.
    let file = unsafe { CStr::from_ptr(found.file) };
    Some(PathBuf::from(OsStr::from_bytes(file.to_bytes())))
}

#[cfg(not(unix))]
fn own_path() -> Option<PathBuf> {
    None
}
