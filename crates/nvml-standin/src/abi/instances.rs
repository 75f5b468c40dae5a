//! Cards in MIG mode, and their instances.

use std::ffi::c_uint;

use super::{Code, Handle, Out, code, put, told};
use crate::card::Failure;
use crate::instance::{self, Instance, PARTS};

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
    let mut instance = instance::instance();
    code(by_index(&mut instance, device, index as usize).and_then(|found| put(part, found)))
}

fn by_index(instance: &mut Instance, device: Handle, index: usize) -> Result<Handle, Failure> {
    let (card, _) = instance.card(device)?;
    if card.instances.is_none() {
        return Err(Failure::NOT_SUPPORTED);
    }
    let (whole, _) = instance::place(device).ok_or(Failure::INVALID_ARGUMENT)?;
    if index < instance.parts(whole).count() {
        Ok(instance.handle((whole, Some(index))))
    } else {
        Err(Failure::NOT_FOUND)
    }
}

#[unsafe(no_mangle)]
extern "C" fn nvmlDeviceGetDeviceHandleFromMigDeviceHandle(part: Handle, device: Out<'_, Handle>) -> Code {
    let mut instance = instance::instance();
    let known = instance.card(part).map(|_| ());
    code(known.and_then(|()| match instance::place(part) {
        Some((whole, Some(_))) => put(device, instance.handle((whole, None))),
        _ => Err(Failure::INVALID_ARGUMENT),
    }))
}

#[unsafe(no_mangle)]
extern "C" fn nvmlDeviceIsMigDeviceHandle(device: Handle, is: Out<'_, c_uint>) -> Code {
    let part = matches!(instance::place(device), Some((_, Some(_))));
    told(device, |_, _| put(is, c_uint::from(part)))
}
