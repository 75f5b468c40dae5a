//! Losing a device, on order.

use std::sync::atomic::Ordering;

use ash::vk;

use super::process;
use super::tables::device_of;

pub(super) unsafe extern "system" fn submit(
    queue: vk::Queue,
    count: u32,
    submits: *const vk::SubmitInfo<'_>,
    fence: vk::Fence,
) -> vk::Result {
    let Some(table) = device_of(queue) else { return vk::Result::ERROR_UNKNOWN };
    match process::change(|state, _| state.loses_device()) {
        Some(true) => table.lost.store(true, Ordering::Release),
        Some(false) => {}
        None => return vk::Result::ERROR_UNKNOWN,
    }
    if table.lost.load(Ordering::Acquire) {
        return vk::Result::ERROR_DEVICE_LOST;
    }
    // SAFETY: the call is passed on as it came.
    unsafe { (table.submit)(queue, count, submits, fence) }
}

/// How a program asks whether a device is still there without giving it work.
pub(super) unsafe extern "system" fn fence_status(device: vk::Device, fence: vk::Fence) -> vk::Result {
    let Some(table) = device_of(device) else { return vk::Result::ERROR_UNKNOWN };
    if table.lost.load(Ordering::Acquire) {
        return vk::Result::ERROR_DEVICE_LOST;
    }
    // SAFETY: the call is passed on as it came.
    unsafe { (table.fence_status)(device, fence) }
}
