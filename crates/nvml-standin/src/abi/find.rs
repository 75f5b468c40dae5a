//! From a card's names to its handle.

use std::ffi::{c_char, c_uint};

use super::{Code, Handle, Out, code, get_text, put};
use crate::card::{Card, Failure};
use crate::instance::instance;

#[unsafe(no_mangle)]
extern "C" fn nvmlDeviceGetHandleByIndex_v2(index: c_uint, device: Out<'_, Handle>) -> Code {
    let mut instance = instance();
    let place = (index as usize, None);
    let given = instance.handle(place);
    // That call may be the last before the driver is started anew.
    let counted = instance.card(given).map(|_| ());
    code(counted.and_then(|()| put(device, instance.handle(place))))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetHandleByPciBusId_v2(text: *const c_char, device: Out<'_, Handle>) -> Code {
    // SAFETY: NVML's contract for the caller.
    code(unsafe { get_text(text) }.and_then(|text| {
        let wanted = text.to_ascii_lowercase();
        let wanted = wanted.trim_start_matches("0000");
        find(device, |card| {
            !card.pci.is_empty() && card.pci.to_ascii_lowercase().trim_start_matches("0000") == wanted
        })
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetHandleByUUID(text: *const c_char, device: Out<'_, Handle>) -> Code {
    // SAFETY: NVML's contract for the caller.
    code(
        unsafe { get_text(text) }
            .and_then(|text| find(device, |card| !card.uuid.is_empty() && card.uuid == text)),
    )
}

fn find(device: Out<'_, Handle>, is: impl Fn(&Card) -> bool) -> Result<(), Failure> {
    let mut instance = instance();
    let cards = instance.script()?.cards.len();
    let place = |at| {
        let part = instance.parts(at).position(&is).map(|part| (at, Some(part)));
        part.or_else(|| instance.whole(at).is_some_and(&is).then_some((at, None)))
    };
    let place = (0..cards).find_map(place).ok_or(Failure::NOT_FOUND)?;
    let given = instance.handle(place);
    instance.card(given)?;
    put(device, instance.handle(place))
}
