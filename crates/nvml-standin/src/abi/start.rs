//! The library as a whole: started, stopped, and what it knows of the machine.

use std::ffi::{c_char, c_uint};

use super::{Code, Out, code, put, put_text};
use crate::card::Failure;
use crate::instance::{instance, used};

#[unsafe(no_mangle)]
extern "C" fn nvmlInit_v2() -> Code {
    used("nvml");
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
