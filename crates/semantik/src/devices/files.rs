//! Where NVIDIA's libraries are, as the environment says.

use std::ffi::OsString;

use gpu_telemetry::DriverFiles;

/// The files that `SEMANTIK_NVML` and `SEMANTIK_LIBCUDA` name, where a driver is in an unusual place; else the system's.
pub(super) fn driver_files() -> DriverFiles {
    let named = |variable| std::env::var_os(variable).filter(|file: &OsString| !file.is_empty());
    let mut files = DriverFiles::default();
    if let Some(file) = named("SEMANTIK_NVML") {
        files = files.nvml(file);
    }
    if let Some(file) = named("SEMANTIK_LIBCUDA") {
        files = files.cuda(file);
    }
    files
}
