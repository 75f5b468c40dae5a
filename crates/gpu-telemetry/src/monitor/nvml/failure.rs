//! What NVML's errors mean here.

use nvml_wrapper::error::NvmlError;

use crate::error::{TelemetryError, TelemetryErrorKind};
use crate::sample::Reason;

/// The error for what `device` was asked for.
pub(super) fn failure(device: &str, what: &'static str, error: NvmlError) -> TelemetryError {
    let told = match &error {
        NvmlError::GpuLost => TelemetryError::lost(device, "it fell off the bus or was unplugged"),
        NvmlError::ResetRequired => TelemetryError::lost(device, "it has to be reset, as nvidia-smi -r does"),
        NvmlError::NoPermission | NvmlError::OperatingSystem => TelemetryError::denied(device, what),
        NvmlError::NotFound | NvmlError::UnexpectedVariant(GPU_NOT_FOUND) => TelemetryError::absent(format!(
            "NVIDIA's driver knows nothing of {device}; nvidia-smi -L lists what it has"
        )),
        NvmlError::DriverNotLoaded | NvmlError::LibraryNotFound => {
            TelemetryError::absent("NVIDIA's driver is not loaded; modprobe nvidia loads it")
        }
        NvmlError::LibRmVersionMismatch => TelemetryError::driver(
            device,
            what,
            "the driver and its library are of different versions, as after an update; a restart of the machine helps",
        ),
        NvmlError::FailedToLoadSymbol(symbol) => TelemetryError::driver(
            device,
            what,
            format!("the library has no such function ({symbol}); that of driver 510 or newer has it"),
        ),
        other => TelemetryError::driver(device, what, other.to_string()),
    };
    told.because(error)
}

/// The error for what a device was asked for that was there before.
pub(super) fn failure_of_known(device: &str, what: &'static str, error: NvmlError) -> TelemetryError {
    match error {
        NvmlError::NotFound | NvmlError::UnexpectedVariant(GPU_NOT_FOUND) => {
            TelemetryError::lost(device, "its driver does not know it any more").because(error)
        }
        other => failure(device, what, other),
    }
}

/// `NVML_ERROR_GPU_NOT_FOUND`, which the wrapper does not name.
const GPU_NOT_FOUND: u32 = 28;

/// Whether the card may be there all the same, under another handle: after its driver was started anew, or a container's
/// access to it was renewed.
pub(super) fn may_be_a_stale_handle(error: &NvmlError) -> bool {
    matches!(
        error,
        NvmlError::Unknown
            | NvmlError::NotFound
            | NvmlError::InvalidArg
            | NvmlError::UnexpectedVariant(GPU_NOT_FOUND)
    )
}

/// Whether the card itself is gone, and no other call would say anything else.
pub(super) fn is_loss(error: &NvmlError) -> bool {
    matches!(error, NvmlError::GpuLost | NvmlError::ResetRequired)
}

/// Why a field is absent, where the driver failed to tell it.
pub(super) fn reason(error: &NvmlError) -> Reason {
    match error {
        NvmlError::NotSupported => Reason::NotTold,
        NvmlError::NoPermission | NvmlError::OperatingSystem => Reason::Denied,
        NvmlError::FunctionNotFound | NvmlError::FailedToLoadSymbol(_) => Reason::TooOld,
        _ => Reason::Failed,
    }
}

/// What the driver need not tell: its answer, or why there is none. A card that is lost is an error all the same.
pub(super) fn known<T>(
    device: &str,
    what: &'static str,
    answer: Result<T, NvmlError>,
) -> Result<Result<T, Reason>, TelemetryError> {
    match answer {
        Ok(value) => Ok(Ok(value)),
        Err(error) => {
            let reason = reason(&error);
            let error = failure_of_known(device, what, error);
            if error.kind() == TelemetryErrorKind::Lost { Err(error) } else { Ok(Err(reason)) }
        }
    }
}
