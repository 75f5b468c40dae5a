//! Allocating device memory, within the limit.

use std::sync::PoisonError;

use ash::vk;

use super::process;
use super::tables::device_of;

pub(super) unsafe extern "system" fn allocate(
    device: vk::Device,
    info: *const vk::MemoryAllocateInfo<'_>,
    allocator: *const vk::AllocationCallbacks<'_>,
    memory: *mut vk::DeviceMemory,
) -> vk::Result {
    let Some(table) = device_of(device) else { return vk::Result::ERROR_UNKNOWN };
    // SAFETY: the caller's structure, which lives during the call.
    let (size, kind) = unsafe { ((*info).allocation_size, (*info).memory_type_index) };
    let limited = 1_u32.checked_shl(kind).is_some_and(|bit| table.limited_types & bit != 0);
    // Taken before the driver is asked, so that no two threads or processes get the last bytes.
    let admitted = process::change(|state, me| if limited { state.reserve(me, size) } else { state.pass() });
    match admitted {
        Some(true) => {}
        Some(false) => return vk::Result::ERROR_OUT_OF_DEVICE_MEMORY,
        None => return vk::Result::ERROR_UNKNOWN,
    }
    // SAFETY: the call is passed on as it came.
    let result = unsafe { (table.allocate)(device, info, allocator, memory) };
    if limited {
        if result == vk::Result::SUCCESS {
            // SAFETY: a successful call has written the memory's handle.
            let made = unsafe { *memory };
            table.sizes.lock().unwrap_or_else(PoisonError::into_inner).insert(made, size);
        } else {
            let _ = process::change(|state, me| state.release(me, size));
        }
    }
    result
}

pub(super) unsafe extern "system" fn free(
    device: vk::Device,
    memory: vk::DeviceMemory,
    allocator: *const vk::AllocationCallbacks<'_>,
) {
    let Some(table) = device_of(device) else { return };
    // Removed before the driver frees it: another thread may get the same handle as soon as this one is gone.
    let size = table.sizes.lock().unwrap_or_else(PoisonError::into_inner).remove(&memory);
    // SAFETY: the call is passed on as it came.
    unsafe { (table.free)(device, memory, allocator) };
    if let Some(size) = size {
        let _ = process::change(|state, me| state.release(me, size));
    }
}

/// Where an upload begins: a buffer that is only copied from.
pub(super) unsafe extern "system" fn create_buffer(
    device: vk::Device,
    info: *const vk::BufferCreateInfo<'_>,
    allocator: *const vk::AllocationCallbacks<'_>,
    buffer: *mut vk::Buffer,
) -> vk::Result {
    let Some(table) = device_of(device) else { return vk::Result::ERROR_UNKNOWN };
    // SAFETY: the caller's structure, which lives during the call.
    let usage = unsafe { (*info).usage };
    if usage == vk::BufferUsageFlags::TRANSFER_SRC {
        match process::change(|state, _| state.admit_upload()) {
            Some(true) => {}
            Some(false) => return vk::Result::ERROR_OUT_OF_DEVICE_MEMORY,
            None => return vk::Result::ERROR_UNKNOWN,
        }
    }
    // SAFETY: the call is passed on as it came.
    unsafe { (table.create_buffer)(device, info, allocator, buffer) }
}
