//! The symbols of CUDA's driver that tell which cards it shows, and what it grants of them.

#![allow(unsafe_code, non_snake_case)]

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_uint, c_void};

use crate::abi::put_text;
use crate::card::Card;
use crate::instance::{instance, used};
use crate::visible::visible;

type Code = c_uint;
const INVALID_VALUE: Code = 1;
const NOT_INITIALIZED: Code = 3;
const NO_DEVICE: Code = 100;
const INVALID_DEVICE: Code = 101;
const INVALID_CONTEXT: Code = 201;
const NOT_SUPPORTED: Code = 801;

#[unsafe(no_mangle)]
extern "C" fn cuInit(_flags: c_uint) -> Code {
    used("cuda");
    match instance().script() {
        Ok(script) if script.cuda_init.is_some() => script.cuda_init.unwrap_or_default(),
        Ok(script) if visible(script).is_empty() => NO_DEVICE,
        Ok(_) => 0,
        Err(_) => NOT_INITIALIZED,
    }
}

#[unsafe(no_mangle)]
extern "C" fn cuDeviceGetCount(count: Option<&mut c_int>) -> Code {
    let (Some(count), Ok(script)) = (count, instance().script().cloned()) else { return INVALID_VALUE };
    *count = c_int::try_from(visible(&script).len()).unwrap_or(c_int::MAX);
    0
}

#[unsafe(no_mangle)]
extern "C" fn cuDeviceGet(device: Option<&mut c_int>, ordinal: c_int) -> Code {
    let Some(device) = device else { return INVALID_VALUE };
    with(ordinal, |_, _| {
        *device = ordinal;
        0
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDeviceGetPCIBusId(buffer: *mut c_char, length: c_int, device: c_int) -> Code {
    let length = usize::try_from(length).unwrap_or(0);
    with(device, |card, _| {
        // Of what is built in, CUDA makes an address up.
        let pci = if card.pci.is_empty() { "0000:00:00.0".to_owned() } else { card.pci.to_ascii_uppercase() };
        // SAFETY: CUDA's contract for the caller.
        let put = unsafe { put_text(buffer, length, &pci) };
        put.map_or(INVALID_VALUE, |()| 0)
    })
}

#[unsafe(no_mangle)]
extern "C" fn cuDeviceGetUuid_v2(uuid: Option<&mut [u8; 16]>, device: c_int) -> Code {
    let Some(uuid) = uuid else { return INVALID_VALUE };
    with(device, |card, part| {
        // No letter of `GPU` and `MIG` is a digit.
        let digits: Vec<u8> = part.unwrap_or(card).uuid.bytes().filter(u8::is_ascii_hexdigit).collect();
        let bytes = digits.chunks_exact(2).filter_map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        });
        uuid.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
        0
    })
}

#[unsafe(no_mangle)]
extern "C" fn cuDeviceGetLuid(luid: Option<&mut [u8; 8]>, nodes: Option<&mut c_uint>, device: c_int) -> Code {
    let (Some(luid), Some(nodes)) = (luid, nodes) else { return INVALID_VALUE };
    with(device, |card, _| {
        let Some(told) = card.luid else { return NOT_SUPPORTED };
        (*luid, *nodes) = (told.to_le_bytes(), 1);
        0
    })
}

#[unsafe(no_mangle)]
extern "C" fn cuDeviceGetUuid(uuid: Option<&mut [u8; 16]>, device: c_int) -> Code {
    cuDeviceGetUuid_v2(uuid, device)
}

#[unsafe(no_mangle)]
extern "C" fn cuDeviceGetAttribute(value: Option<&mut c_int>, attribute: c_uint, device: c_int) -> Code {
    const INTEGRATED: c_uint = 18;
    let Some(value) = value.filter(|_| attribute == INTEGRATED) else { return INVALID_VALUE };
    with(device, |card, _| {
        *value = c_int::from(card.integrated);
        0
    })
}

#[unsafe(no_mangle)]
extern "C" fn cuDevicePrimaryCtxGetState(
    device: c_int,
    flags: Option<&mut c_uint>,
    active: Option<&mut c_int>,
) -> Code {
    let (Some(flags), Some(active)) = (flags, active) else { return INVALID_VALUE };
    with(device, |card, _| {
        (*flags, *active) = (0, c_int::from(card.context.is_some()));
        0
    })
}

#[unsafe(no_mangle)]
extern "C" fn cuDevicePrimaryCtxRetain(context: Option<&mut *mut c_void>, device: c_int) -> Code {
    let Some(context) = context else { return INVALID_VALUE };
    with(device, |_, _| {
        *context = std::ptr::without_provenance_mut(1 + usize::try_from(device).unwrap_or_default());
        0
    })
}

#[unsafe(no_mangle)]
extern "C" fn cuDevicePrimaryCtxRelease_v2(device: c_int) -> Code {
    with(device, |_, _| 0)
}

thread_local! {
    /// The device of the context that this thread computes in, by its number and one.
    static CURRENT: Cell<usize> = const { Cell::new(0) };
}

#[unsafe(no_mangle)]
extern "C" fn cuCtxPushCurrent_v2(context: *mut c_void) -> Code {
    CURRENT.set(context.addr());
    0
}

#[unsafe(no_mangle)]
extern "C" fn cuCtxPopCurrent_v2(context: Option<&mut *mut c_void>) -> Code {
    let popped = CURRENT.replace(0);
    if let Some(context) = context {
        *context = std::ptr::without_provenance_mut(popped);
    }
    0
}

#[unsafe(no_mangle)]
extern "C" fn cuMemGetInfo_v2(free: Option<&mut usize>, total: Option<&mut usize>) -> Code {
    let (Some(free), Some(total)) = (free, total) else { return INVALID_VALUE };
    let Some(device) = CURRENT.get().checked_sub(1) else { return INVALID_CONTEXT };
    with(c_int::try_from(device).unwrap_or(c_int::MAX), |card, _| match card.context {
        Some((free_bytes, total_bytes)) => {
            (*free, *total) = (free_bytes as usize, total_bytes as usize);
            0
        }
        None => INVALID_CONTEXT,
    })
}

fn with(ordinal: c_int, tell: impl FnOnce(&Card, Option<&Card>) -> Code) -> Code {
    let mut instance = instance();
    let Ok(script) = instance.script() else { return NOT_INITIALIZED };
    let place = usize::try_from(ordinal).ok().and_then(|at| visible(script).get(at).copied());
    let Some((at, part)) = place else { return INVALID_DEVICE };
    let card = &script.cards[at];
    tell(card, part.and_then(|part| card.instances.as_ref()?.get(part)))
}
