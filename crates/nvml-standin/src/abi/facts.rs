//! What a card is, has and does.

use std::ffi::{c_char, c_uint, c_ulonglong};

use super::{Code, Handle, Out, next, put, put_text, told};
use crate::card::{Failure, Memory};

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetName(device: Handle, buffer: *mut c_char, length: c_uint) -> Code {
    // SAFETY: NVML's contract for the caller.
    told(device, |card, _| unsafe { put_text(buffer, length as usize, &card.name) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetUUID(device: Handle, buffer: *mut c_char, length: c_uint) -> Code {
    told(device, |card, _| match &*card.uuid {
        "" => Err(Failure::NOT_SUPPORTED),
        // SAFETY: NVML's contract for the caller.
        uuid => unsafe { put_text(buffer, length as usize, uuid) },
    })
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
        if card.uuid.is_empty() {
            return Err(Failure::NOT_SUPPORTED);
        }
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
struct MemoryInfoV1 {
    total: c_ulonglong,
    free: c_ulonglong,
    used: c_ulonglong,
}

#[unsafe(no_mangle)]
extern "C" fn nvmlDeviceGetMemoryInfo(device: Handle, info: Out<'_, MemoryInfoV1>) -> Code {
    told(device, |card, progress| {
        let answer = match &card.memory_v1[..] {
            // The same question, whose answer the other version has just given.
            [] => card.memory.get(progress.memory.saturating_sub(1)).or(card.memory.last()),
            answers => next(answers, &mut progress.memory_v1),
        };
        let Memory { total, free, used, .. } = answer.copied().unwrap_or(Err(Failure::NOT_SUPPORTED))?;
        put(info, MemoryInfoV1 { total, free, used })
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
