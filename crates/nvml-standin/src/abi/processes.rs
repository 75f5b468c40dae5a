//! Who uses a card.

use std::ffi::{c_uint, c_ulonglong};

use super::{Code, Handle, Out, next, told};
use crate::card::{Answered, Card, Failure, Process};

#[repr(C)]
struct ProcessInfo {
    pid: c_uint,
    bytes: c_ulonglong,
    instance: c_uint,
    compute_instance: c_uint,
}

/// # Safety
/// `infos` is null or has as many places as `count` says.
unsafe fn processes(
    device: Handle,
    list: usize,
    count: Out<'_, c_uint>,
    infos: *mut ProcessInfo,
    answers: fn(&Card) -> &[Answered<Vec<Process>>],
) -> Code {
    told(device, |card, progress| {
        let count = count.ok_or(Failure::INVALID_ARGUMENT)?;
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
            let info = ProcessInfo {
                pid: process.pid.unwrap_or_else(std::process::id),
                bytes: process.bytes.unwrap_or(c_ulonglong::MAX),
                instance: c_uint::MAX,
                compute_instance: c_uint::MAX,
            };
            // SAFETY: `place` is within the list, which has room.
            unsafe { infos.add(place).write(info) };
        }
        Ok(())
    })
}

macro_rules! process_lists {
    ($($symbol:ident: $number:literal $field:ident),+) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $symbol(device: Handle, count: Out<'_, c_uint>, infos: *mut ProcessInfo) -> Code {
            // SAFETY: NVML's contract for the caller.
            unsafe { processes(device, $number, count, infos, |card| &card.$field) }
        }
    )+};
}
process_lists!(
    nvmlDeviceGetComputeRunningProcesses_v3: 0 compute,
    nvmlDeviceGetGraphicsRunningProcesses_v3: 1 graphics,
    nvmlDeviceGetMPSComputeRunningProcesses_v3: 2 mps
);
