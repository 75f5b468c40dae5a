//! [`driver_of`]: the version of a device's driver, which another time and other memory may come with.

use embed_burn::{Backend, BackendInfo, BurnDevice, VisibleCards};
use gpu_telemetry::NvmlLibrary;

use super::files::driver_files;

/// As the graphics API, or NVIDIA's library, tells it; nothing where neither does.
pub(crate) fn driver_of(device: &BurnDevice) -> Option<String> {
    if device.backend() == Backend::Cuda { of_nvidia() } else { of_graphics(device) }
}

/// As [`driver_of`], before the device is opened.
pub(super) fn driver_of_listed(info: &BackendInfo, cards: &VisibleCards) -> Option<String> {
    if info.backend == Backend::Cuda { of_nvidia() } else { of_adapter(info, cards) }
}

fn of_nvidia() -> Option<String> {
    NvmlLibrary::of(&driver_files()).ok()?.driver_version().ok()
}

#[cfg(feature = "wgpu")]
fn of_graphics(device: &BurnDevice) -> Option<String> {
    let info = device.graphics()?.adapter.get_info();
    joined(&[info.driver, info.driver_info])
}

#[cfg(feature = "wgpu")]
fn of_adapter(info: &BackendInfo, cards: &VisibleCards) -> Option<String> {
    let info = embed_burn::adapter(info, cards)?.get_info();
    joined(&[info.driver, info.driver_info])
}

#[cfg(feature = "wgpu")]
fn joined(words: &[String]) -> Option<String> {
    let told: Vec<&str> = words.iter().map(|word| word.trim()).filter(|word| !word.is_empty()).collect();
    (!told.is_empty()).then(|| told.join(" "))
}

#[cfg(not(feature = "wgpu"))]
const fn of_graphics(_: &BurnDevice) -> Option<String> {
    None
}

#[cfg(not(feature = "wgpu"))]
const fn of_adapter(_: &BackendInfo, _: &VisibleCards) -> Option<String> {
    None
}
