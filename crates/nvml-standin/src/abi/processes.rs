//! Who uses a card.

use std::ffi::{c_uint, c_void};

use super::{Code, Handle, Out, next, told};
use crate::card::{Answered, Card, Failure, Process};

/// An entry, in whichever length.
fn entry(process: &Process, bytes: usize) -> Vec<u8> {
    let pid = process.pid.unwrap_or_else(std::process::id);
    let used = process.bytes.unwrap_or(u64::MAX);
    // The id, a gap, what is used; the numbers of instances; what newer kinds have beyond.
    let mut entry = [&pid.to_ne_bytes()[..], &[0; 4], &used.to_ne_bytes(), &[0xff; 8]].concat();
    entry.resize(bytes, 0);
    entry
}

/// # Safety
/// `infos` is null or has room for as many entries of the length as `count` says.
unsafe fn processes(
    device: Handle,
    (list, version): (usize, u32),
    count: Out<'_, c_uint>,
    infos: *mut c_void,
    answers: fn(&Card) -> &[Answered<Vec<Process>>],
) -> Code {
    told(device, |card, progress| {
        let count = count.ok_or(Failure::INVALID_ARGUMENT)?;
        let length = match version {
            1 => 16,
            2 => 24,
            _ => card.entry_size.unwrap_or(24) as usize,
        };
        let at = &mut progress.lists[list];
        let before = *at;
        let nobody = Ok(Vec::new());
        let list = next(answers(card), at).unwrap_or(&nobody).as_ref().map_err(|failure| *failure)?;
        let room = std::mem::replace(count, list.len() as c_uint);
        if (room as usize) < list.len() {
            // Asked for the number only: the list itself is still to come.
            *at = before;
            return Err(Failure::INSUFFICIENT_SIZE);
        }
        for (place, process) in list.iter().enumerate() {
            let entry = entry(process, length);
            // SAFETY: `place` is within the list, which has room. As NVIDIA's library does, it writes entries of its own length.
            unsafe {
                infos.cast::<u8>().add(place * length).copy_from_nonoverlapping(entry.as_ptr(), length);
            }
        }
        Ok(())
    })
}

macro_rules! process_lists {
    ($($symbol:ident: $number:literal $version:literal $field:ident),+) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $symbol(device: Handle, count: Out<'_, c_uint>, infos: *mut c_void) -> Code {
            // SAFETY: NVML's contract for the caller.
            unsafe { processes(device, ($number, $version), count, infos, |card| &card.$field) }
        }
    )+};
}
process_lists!(
    nvmlDeviceGetComputeRunningProcesses: 0 1 compute,
    nvmlDeviceGetComputeRunningProcesses_v2: 0 2 compute,
    nvmlDeviceGetComputeRunningProcesses_v3: 0 3 compute,
    nvmlDeviceGetGraphicsRunningProcesses: 1 1 graphics,
    nvmlDeviceGetGraphicsRunningProcesses_v2: 1 2 graphics,
    nvmlDeviceGetGraphicsRunningProcesses_v3: 1 3 graphics,
    nvmlDeviceGetMPSComputeRunningProcesses_v2: 2 2 mps,
    nvmlDeviceGetMPSComputeRunningProcesses_v3: 2 3 mps
);
