//! [`driver_of`]: the version of a device's driver, which another time and other memory may come with.

use embed_burn::{Backend, BurnDevice};
use gpu_telemetry::NvmlLibrary;

use super::files::driver_files;

/// As the graphics API, or NVIDIA's library, tells it; nothing where neither does.
pub(crate) fn driver_of(device: &BurnDevice) -> Option<String> {
    if device.backend() == Backend::Cuda {
        return NvmlLibrary::of(&driver_files()).ok()?.driver_version().ok();
    }
    of_graphics(device)
}

#[cfg(feature = "wgpu")]
fn of_graphics(device: &BurnDevice) -> Option<String> {
    let info = device.graphics()?.adapter.get_info();
    let words = [info.driver, info.driver_info];
    let told: Vec<&str> = words.iter().map(|word| word.trim()).filter(|word| !word.is_empty()).collect();
    (!told.is_empty()).then(|| told.join(" "))
}

#[cfg(not(feature = "wgpu"))]
const fn of_graphics(_: &BurnDevice) -> Option<String> {
    None
}
