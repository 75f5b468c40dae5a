//! [`Running`]: what CUDA's driver grants a process that computes by it.

use std::ffi::{OsStr, c_int, c_uint, c_void};
use std::mem::ManuallyDrop;

use libloading::{Library, Symbol};

use super::Driver;
use crate::bytes::ByteCount;
use crate::identity::PciAddress;

/// CUDA's driver where this process computes by it already.
#[derive(Debug)]
pub(crate) struct Running(Driver);

impl Running {
    /// `None`: this process has not loaded it, so that nothing computes by it; it is not loaded for this.
    pub(crate) fn of(file: &OsStr) -> Option<Self> {
        Some(Running(Driver { library: ManuallyDrop::new(loaded(file)?) }))
    }

    /// A card's number, where the driver was started and shows it.
    pub(crate) fn find(&self, pci: Option<PciAddress>, uuid: Option<&str>) -> Option<c_int> {
        self.0.find(pci, uuid)
    }

    /// What the driver grants this process of a card in all. `None`: nothing of this process computes on it, and it is not made
    /// to.
    pub(crate) fn granted(&self, device: c_int) -> Option<ByteCount> {
        let driver = &self.0;
        let (mut flags, mut is_active) = (0, 0);
        // SAFETY: the types of this block are those of CUDA's documentation.
        let (state, retain, release, push, pop, info) = unsafe {
            let state: Symbol<'_, PrimaryState> = driver.symbol(b"cuDevicePrimaryCtxGetState\0").ok()?;
            let retain: Symbol<'_, PrimaryRetain> = driver.symbol(b"cuDevicePrimaryCtxRetain\0").ok()?;
            let release: Symbol<'_, PrimaryRelease> =
                driver.symbol(b"cuDevicePrimaryCtxRelease_v2\0").ok()?;
            let push: Symbol<'_, Push> = driver.symbol(b"cuCtxPushCurrent_v2\0").ok()?;
            let pop: Symbol<'_, Pop> = driver.symbol(b"cuCtxPopCurrent_v2\0").ok()?;
            let info: Symbol<'_, MemGetInfo> = driver.symbol(b"cuMemGetInfo_v2\0").ok()?;
            (state, retain, release, push, pop, info)
        };
        // SAFETY: the places outlive the call.
        if unsafe { state(device, &raw mut flags, &raw mut is_active) } != 0 || is_active == 0 {
            return None;
        }
        let mut context = std::ptr::null_mut();
        // SAFETY: the place outlives the call. The context is there, so that it is kept and none is made.
        if unsafe { retain(&raw mut context, device) } != 0 {
            return None;
        }
        let (mut free, mut total) = (0_usize, 0_usize);
        // SAFETY: the context was just retained and is released only after its last use. What was pushed is popped by the same
        // thread, so that the thread's own context is current again; the places outlive the calls.
        let answer = unsafe {
            let mut answer = push(context);
            if answer == 0 {
                answer = info(&raw mut free, &raw mut total);
                let mut popped = std::ptr::null_mut();
                pop(&raw mut popped);
            }
            release(device);
            answer
        };
        (answer == 0 && total > 0).then(|| ByteCount::new(total as u64))
    }
}

/// The library, where this process has loaded it before.
fn loaded(file: &OsStr) -> Option<Library> {
    #[cfg(target_os = "linux")]
    {
        use libloading::os::unix::{Library as Unix, RTLD_LAZY};
        /// Of glibc and musl alike.
        const NO_LOAD: c_int = 4;
        // SAFETY: nothing is loaded, so that no initialiser runs.
        unsafe { Unix::open(Some(file), RTLD_LAZY | NO_LOAD) }.ok().map(Library::from)
    }
    #[cfg(windows)]
    {
        libloading::os::windows::Library::open_already_loaded(file).ok().map(Library::from)
    }
    #[cfg(not(any(target_os = "linux", windows)))]
    {
        let _ = file;
        None
    }
}

type PrimaryState = unsafe extern "C" fn(c_int, *mut c_uint, *mut c_int) -> c_uint;
type PrimaryRetain = unsafe extern "C" fn(*mut *mut c_void, c_int) -> c_uint;
type PrimaryRelease = unsafe extern "C" fn(c_int) -> c_uint;
type Push = unsafe extern "C" fn(*mut c_void) -> c_uint;
type Pop = unsafe extern "C" fn(*mut *mut c_void) -> c_uint;
type MemGetInfo = unsafe extern "C" fn(*mut usize, *mut usize) -> c_uint;
