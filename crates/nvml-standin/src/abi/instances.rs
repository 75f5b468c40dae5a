//! Cards in MIG mode, and their instances.

use std::ffi::c_uint;

use super::{Code, Handle, Out, put, told};
use crate::card::Failure;
use crate::instance::{self, PARTS};

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
