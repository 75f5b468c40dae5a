//! NVML's symbols, and how values cross to C.

#![allow(unsafe_code, non_snake_case)]

use std::ffi::{CStr, c_char, c_uint, c_ulonglong, c_void};

use crate::card::{Card, Failure, Memory, Process};
use crate::instance::{self, PARTS, Progress, instance};

type Code = c_uint;
type Handle = *mut c_void;

fn code(result: Result<(), Failure>) -> Code {
    result.map_or_else(|Failure(code)| code, |()| 0)
}

/// A place of the caller's, which NVML's contract makes writable where it is not null.
type Out<'a, T> = Option<&'a mut T>;

fn put<T>(place: Out<'_, T>, value: T) -> Result<(), Failure> {
    *place.ok_or(Failure::INVALID_ARGUMENT)? = value;
    Ok(())
}

/// Writes a text and its end into a buffer of `length`.
///
/// # Safety
/// `buffer` is null or has `length` bytes that may be written.
pub(crate) unsafe fn put_text(buffer: *mut c_char, length: usize, text: &str) -> Result<(), Failure> {
    if buffer.is_null() {
        return Err(Failure::INVALID_ARGUMENT);
    }
    if text.len() >= length {
        return Err(Failure::INSUFFICIENT_SIZE);
    }
    // SAFETY: the text and its end have at most `length` bytes, which the caller gives; it is no part of our own memory.
    unsafe {
        buffer.copy_from_nonoverlapping(text.as_ptr().cast(), text.len());
        buffer.add(text.len()).write(0);
    }
    Ok(())
}

/// # Safety
/// `text` is null or a string with an end.
unsafe fn get_text<'a>(text: *const c_char) -> Result<&'a str, Failure> {
    if text.is_null() {
        return Err(Failure::INVALID_ARGUMENT);
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_str().map_err(|_| Failure::INVALID_ARGUMENT)
}

/// The answer to this call, and on to the next.
fn next<'a, T>(answers: &'a [Result<T, Failure>], at: &mut usize) -> Option<&'a Result<T, Failure>> {
    let answer = answers.get(*at).or(answers.last());
    *at = at.saturating_add(1);
    answer
}

#[unsafe(no_mangle)]
extern "C" fn nvmlInit_v2() -> Code {
    let mut instance = instance();
    let failure = match instance.script() {
        Ok(script) => script.init,
        Err(failure) => Some(failure),
    };
    if let Some(Failure(code)) = failure {
        return code;
    }
    instance.started += 1;
    0
}

#[unsafe(no_mangle)]
extern "C" fn nvmlInitWithFlags(_flags: c_uint) -> Code {
    nvmlInit_v2()
}

#[unsafe(no_mangle)]
extern "C" fn nvmlShutdown() -> Code {
    let mut instance = instance();
    match instance.started.checked_sub(1) {
        Some(left) => instance.started = left,
        None => return Failure::UNINITIALIZED.0,
    }
    if instance.started == 0 {
        instance.stop();
    }
    0
}

#[unsafe(no_mangle)]
extern "C" fn nvmlErrorString(code: Code) -> *const c_char {
    let text = match Failure(code) {
        Failure::NOT_SUPPORTED => c"Not Supported",
        Failure::NO_PERMISSION => c"Insufficient Permissions",
        Failure::GPU_LOST => c"GPU is lost",
        Failure(0) => c"Success",
        _ => c"Unknown Error",
    };
    text.as_ptr()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlSystemGetDriverVersion(buffer: *mut c_char, length: c_uint) -> Code {
    // SAFETY: NVML's contract for the caller.
    code(unsafe { put_text(buffer, length as usize, "580.95.05") })
}

#[unsafe(no_mangle)]
extern "C" fn nvmlDeviceGetCount_v2(count: Out<'_, c_uint>) -> Code {
    let mut instance = instance();
    code(instance.script().map(|script| script.cards.len() as c_uint).and_then(|cards| put(count, cards)))
}

#[unsafe(no_mangle)]
extern "C" fn nvmlDeviceGetHandleByIndex_v2(index: c_uint, device: Out<'_, Handle>) -> Code {
    let handle = instance::handle((index as usize, None));
    code(instance().card(handle).and_then(|_| put(device, handle)))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetHandleByPciBusId_v2(text: *const c_char, device: Out<'_, Handle>) -> Code {
    // SAFETY: NVML's contract for the caller.
    code(unsafe { get_text(text) }.and_then(|text| {
        let wanted = text.to_ascii_lowercase();
        let wanted = wanted.trim_start_matches("0000");
        find(device, |card| card.pci.to_ascii_lowercase().trim_start_matches("0000") == wanted)
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetHandleByUUID(text: *const c_char, device: Out<'_, Handle>) -> Code {
    // SAFETY: NVML's contract for the caller.
    code(unsafe { get_text(text) }.and_then(|text| find(device, |card| card.uuid == text)))
}

fn find(device: Out<'_, Handle>, is: impl Fn(&Card) -> bool) -> Result<(), Failure> {
    let mut instance = instance();
    let found = instance.script()?.cards.iter().enumerate().find_map(|(at, card)| {
        let parts = card.instances.as_deref().unwrap_or_default();
        let part = parts.iter().position(&is).map(|part| (at, Some(part)));
        part.or_else(|| is(card).then_some((at, None)))
    });
    let handle = instance::handle(found.ok_or(Failure::NOT_FOUND)?);
    instance.card(handle)?;
    put(device, handle)
}

fn told(device: Handle, tell: impl FnOnce(&Card, &mut Progress) -> Result<(), Failure>) -> Code {
    code(instance().card(device).and_then(|(card, progress)| tell(card, progress)))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetName(device: Handle, buffer: *mut c_char, length: c_uint) -> Code {
    // SAFETY: NVML's contract for the caller.
    told(device, |card, _| unsafe { put_text(buffer, length as usize, &card.name) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetUUID(device: Handle, buffer: *mut c_char, length: c_uint) -> Code {
    // SAFETY: NVML's contract for the caller.
    told(device, |card, _| unsafe { put_text(buffer, length as usize, &card.uuid) })
}

#[repr(C)]
struct PciInfo {
    legacy: [c_char; 16],
    domain: c_uint,
    bus: c_uint,
    device: c_uint,
    device_id: c_uint,
    subsystem_id: c_uint,
    text: [c_char; 32],
}

#[unsafe(no_mangle)]
extern "C" fn nvmlDeviceGetPciInfo_v3(device: Handle, info: Out<'_, PciInfo>) -> Code {
    told(device, |card, _| {
        let info = info.ok_or(Failure::INVALID_ARGUMENT)?;
        let numbers: Vec<c_uint> =
            card.pci.split([':', '.']).filter_map(|part| c_uint::from_str_radix(part, 16).ok()).collect();
        // A part has no address of its own.
        let [domain, bus, slot, _function] = numbers[..] else { return Err(Failure::INVALID_ARGUMENT) };
        (info.domain, info.bus, info.device) = (domain, bus, slot);
        let text = format!("{domain:08X}:{bus:02X}:{slot:02X}.0");
        // SAFETY: the array is the caller's own and as long as it says.
        unsafe { put_text(info.text.as_mut_ptr(), info.text.len(), &text) }
    })
}

#[repr(C)]
struct MemoryInfo {
    version: c_uint,
    total: c_ulonglong,
    reserved: c_ulonglong,
    free: c_ulonglong,
    used: c_ulonglong,
}

#[unsafe(no_mangle)]
extern "C" fn nvmlDeviceGetMemoryInfo_v2(device: Handle, info: Out<'_, MemoryInfo>) -> Code {
    told(device, |card, progress| {
        let info = info.ok_or(Failure::INVALID_ARGUMENT)?;
        // The size and the version, as a caller has to state them.
        if info.version as usize != size_of::<MemoryInfo>() | 2 << 24 {
            return Err(Failure(25));
        }
        let answer = next(&card.memory, &mut progress.memory).copied();
        let Memory { total, reserved, free, used } = answer.unwrap_or(Err(Failure::NOT_SUPPORTED))?;
        (info.total, info.reserved, info.free, info.used) = (total, reserved, free, used);
        Ok(())
    })
}

#[repr(C)]
struct Utilization {
    card: c_uint,
    memory: c_uint,
}

#[unsafe(no_mangle)]
extern "C" fn nvmlDeviceGetUtilizationRates(device: Handle, rates: Out<'_, Utilization>) -> Code {
    told(device, |card, progress| {
        let answer = next(&card.utilization, &mut progress.utilization).copied();
        put(rates, Utilization { card: answer.unwrap_or(Err(Failure::NOT_SUPPORTED))?, memory: 0 })
    })
}

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
    answers: fn(&Card) -> &[Result<Vec<Process>, Failure>],
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

#[unsafe(no_mangle)]
extern "C" fn nvmlDeviceGetMigMode(device: Handle, now: Out<'_, c_uint>, then: Out<'_, c_uint>) -> Code {
    told(device, |card, _| {
        if card.instances.is_none() {
            return Err(Failure::NOT_SUPPORTED);
        }
        put(now, 1)?;
        put(then, 1)
    })
}

#[unsafe(no_mangle)]
extern "C" fn nvmlDeviceGetMaxMigDeviceCount(device: Handle, count: Out<'_, c_uint>) -> Code {
    told(device, |card, _| put(count, if card.instances.is_some() { PARTS as c_uint } else { 0 }))
}

#[unsafe(no_mangle)]
extern "C" fn nvmlDeviceGetMigDeviceHandleByIndex(
    device: Handle,
    index: c_uint,
    part: Out<'_, Handle>,
) -> Code {
    let index = index as usize;
    told(device, |card, _| {
        let parts = card.instances.as_ref().ok_or(Failure::NOT_SUPPORTED)?.len();
        let (whole, _) = instance::place(device).ok_or(Failure::INVALID_ARGUMENT)?;
        if index >= parts {
            Err(Failure::NOT_FOUND)
        } else {
            put(part, instance::handle((whole, Some(index))))
        }
    })
}

#[unsafe(no_mangle)]
extern "C" fn nvmlDeviceGetDeviceHandleFromMigDeviceHandle(part: Handle, device: Out<'_, Handle>) -> Code {
    told(part, |_, _| match instance::place(part) {
        Some((whole, Some(_))) => put(device, instance::handle((whole, None))),
        _ => Err(Failure::INVALID_ARGUMENT),
    })
}

#[unsafe(no_mangle)]
extern "C" fn nvmlDeviceIsMigDeviceHandle(device: Handle, is: Out<'_, c_uint>) -> Code {
    let part = matches!(instance::place(device), Some((_, Some(_))));
    told(device, |_, _| put(is, c_uint::from(part)))
}
