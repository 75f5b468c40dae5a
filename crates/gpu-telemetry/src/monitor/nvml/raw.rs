//! What NVIDIA's library is asked for beside the wrapper, which trusts it more than it should.

#![allow(unsafe_code)]

use std::ffi::{c_uint, c_void};
use std::mem::MaybeUninit;

use nvml_wrapper::error::{NvmlError, nvml_sym, nvml_try};
use nvml_wrapper::{Device, Nvml};

use crate::bytes::ByteCount;

/// The card's memory by the call that every version has; what is reserved is within what is used.
#[derive(Clone, Copy, Debug)]
pub(super) struct MemoryV1 {
    pub(super) total: u64,
    pub(super) free: u64,
    pub(super) used: u64,
}

pub(super) fn memory_v1(nvml: &Nvml, device: &Device<'_>) -> Result<MemoryV1, NvmlError> {
    let ask = nvml_sym(nvml.lib().nvmlDeviceGetMemoryInfo.as_ref())?;
    let mut info = MaybeUninit::zeroed();
    // SAFETY: the function is the library's, by its own name and signature; the handle is one that it gave for `device`, and
    // the place outlives the call.
    nvml_try(unsafe { ask(device.handle(), info.as_mut_ptr()) })?;
    // SAFETY: three whole numbers, for which all zeroes is a value.
    let info = unsafe { info.assume_init() };
    Ok(MemoryV1 { total: info.total, free: info.free, used: info.used })
}

/// One of the library's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Compute,
    Graphics,
    /// Clients of the multi-process service.
    Mps,
}

/// An entry of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) pid: u32,
    /// `None` where the driver does not tell.
    pub(super) used: Option<ByteCount>,
}

type Ask = unsafe extern "C" fn(*mut c_void, *mut c_uint, *mut c_void) -> c_uint;

/// The processes of a list.
///
/// Libraries of 535.43 to 535.86 answer the third version of these calls with entries of 32 bytes instead of 24, so that a
/// list as long as it was asked for is longer than what was made for it. The room made here is for entries of twice that size,
/// and how large they are is seen from how far the library wrote.
pub(super) fn processes(nvml: &Nvml, device: &Device<'_>, list: List) -> Result<Vec<Listed>, NvmlError> {
    let ask = symbol(nvml, list)?;
    let mut room = FIRST_ROOM;
    loop {
        let mut buffer = vec![UNWRITTEN; room * WORDS];
        let mut count = c_uint::try_from(room).unwrap_or(c_uint::MAX);
        // SAFETY: the signature is that of NVIDIA's documentation for each of the names; the handle is one that the library
        // gave for `device`. It writes at most `count` entries of the size that its version has, which was 16, 24 or 32
        // bytes so far, and there is room for as many of 64.
        let code = unsafe { ask(device.handle().cast(), &raw mut count, buffer.as_mut_ptr().cast()) };
        match nvml_try(code) {
            Ok(()) => {
                let count = usize::try_from(count).unwrap_or(usize::MAX).min(room);
                return entries(&buffer, count).ok_or(NvmlError::Unknown);
            }
            // The number that it needs is told; more may come meanwhile.
            Err(NvmlError::InsufficientSize(_)) if room < MOST => {
                let told = usize::try_from(count).unwrap_or(MOST);
                room = told.saturating_add(told / 2).max(2 * room).min(MOST);
            }
            Err(error) => return Err(error),
        }
    }
}

/// As many processes as most cards have at most, and as many as none has.
const FIRST_ROOM: usize = 32;
const MOST: usize = 1 << 16;

/// The room for an entry.
const WORDS: usize = 8;

/// What no entry consists of: neither a size of memory nor the number of an instance is such.
const UNWRITTEN: u64 = 0xa5c3_5ac3_a53c_c3a5;

fn symbol(nvml: &Nvml, list: List) -> Result<Ask, NvmlError> {
    let names: [&[u8]; 3] = match list {
        List::Compute => [
            b"nvmlDeviceGetComputeRunningProcesses_v3\0",
            b"nvmlDeviceGetComputeRunningProcesses_v2\0",
            b"nvmlDeviceGetComputeRunningProcesses\0",
        ],
        List::Graphics => [
            b"nvmlDeviceGetGraphicsRunningProcesses_v3\0",
            b"nvmlDeviceGetGraphicsRunningProcesses_v2\0",
            b"nvmlDeviceGetGraphicsRunningProcesses\0",
        ],
        List::Mps => [
            b"nvmlDeviceGetMPSComputeRunningProcesses_v3\0",
            b"nvmlDeviceGetMPSComputeRunningProcesses_v2\0",
            b"nvmlDeviceGetMPSComputeRunningProcesses\0",
        ],
    };
    for name in names {
        // SAFETY: every version takes a handle, a count and a place for the entries, whose size is not relied on.
        if let Ok(ask) = unsafe { nvml.lib().__library.get::<Ask>(name) } {
            return Ok(*ask);
        }
    }
    Err(NvmlError::FunctionNotFound)
}

/// The entries of a buffer, or `None` where they are of no known size: 16 bytes in the first version (id and memory), 24 in the
/// second and third (and two numbers of instances), 32 in some of the third (and protected memory).
fn entries(buffer: &[u64], count: usize) -> Option<Vec<Listed>> {
    if count == 0 {
        return Some(Vec::new());
    }
    let written = buffer.iter().rposition(|word| *word != UNWRITTEN).map_or(0, |last| last + 1);
    let size = written.div_ceil(count);
    if !(2..=4).contains(&size) {
        return None;
    }
    let entry = |words: &[u64]| {
        // The id is the first four bytes; what is between it and the next word may be anything.
        let [a, b, c, d, ..] = words.first()?.to_ne_bytes();
        let used = *words.get(1)?;
        let used = (used != u64::MAX).then_some(ByteCount::new(used));
        Some(Listed { pid: u32::from_ne_bytes([a, b, c, d]), used })
    };
    buffer.chunks_exact(size).take(count).map(entry).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn entries_are_read_in_every_size_that_a_library_writes(
            listed in proptest::collection::vec((any::<u32>(), proptest::option::of(0..u64::MAX)), 0..40),
            size in 2..=4_usize,
            rest in any::<u64>(),
        ) {
            prop_assume!(rest != UNWRITTEN);
            let mut buffer = vec![UNWRITTEN; 40 * WORDS];
            for (words, (pid, used)) in buffer.chunks_exact_mut(size).zip(&listed) {
                // Only the id's own bytes are written.
                let [a, b, c, d] = pid.to_ne_bytes();
                let [_, _, _, _, e, f, g, h] = UNWRITTEN.to_ne_bytes();
                words[0] = u64::from_ne_bytes([a, b, c, d, e, f, g, h]);
                words[1] = used.unwrap_or(u64::MAX);
                words[2..].fill(rest);
            }
            let expected: Vec<_> =
                listed.iter().map(|&(pid, used)| Listed { pid, used: used.map(ByteCount::new) }).collect();
            prop_assert_eq!(entries(&buffer, listed.len()), Some(expected));
        }
    }

    #[test]
    fn entries_of_an_unknown_size_are_none() {
        let mut buffer = vec![UNWRITTEN; 4 * WORDS];
        assert_eq!(entries(&buffer, 2), None, "nothing was written");
        buffer[..10].fill(1);
        assert_eq!(entries(&buffer, 2), None, "40 bytes each");
        assert_eq!(entries(&buffer, 0), Some(Vec::new()));
    }
}
