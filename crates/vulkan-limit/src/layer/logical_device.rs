//! Opening and closing devices.

use std::ffi::{CStr, c_char};
use std::sync::PoisonError;

use ash::{ext, vk};
use ash_layer::{LayerFunction, get_device_chain_info};

use super::chain::next_function;
use super::tables::{DeviceTable, InstanceTable, add_device, instance_of, remove_device};
use super::{extensions, process, properties};

pub(super) unsafe extern "system" fn create(
    physical: vk::PhysicalDevice,
    info: *const vk::DeviceCreateInfo<'_>,
    allocator: *const vk::AllocationCallbacks<'_>,
    device: *mut vk::Device,
) -> vk::Result {
    let Some(instance) = instance_of(physical) else { return vk::Result::ERROR_INITIALIZATION_FAILED };
    // SAFETY: the caller's structure, with the loader's link in its list; the link is this layer's to move on, so that
    // the next one finds its own.
    let next = unsafe {
        let Some(link) = get_device_chain_info(&*info, LayerFunction::LAYER_LINK_INFO) else {
            return vk::Result::ERROR_INITIALIZATION_FAILED;
        };
        let link = &mut *link.as_ptr();
        let here = &*link.u.p_layer_info;
        link.u.p_layer_info = here.p_next;
        here.pfn_next_get_instance_proc_addr.zip(here.pfn_next_get_device_proc_addr)
    };
    let Some((next, next_of_device)) = next else { return vk::Result::ERROR_INITIALIZATION_FAILED };
    let Some(create) = next_function!(next, instance.instance, c"vkCreateDevice" as vk::PFN_vkCreateDevice)
    else {
        return vk::Result::ERROR_INITIALIZATION_FAILED;
    };
    // SAFETY: the caller's structure, which lives during the call, as do the names that it points to.
    let (names, mut passed) = unsafe { (names_for(&instance, physical, &*info), *info) };
    passed.enabled_extension_count = names.len() as u32;
    passed.pp_enabled_extension_names = names.as_ptr();
    // SAFETY: the call is passed on as it came, but for names that the driver does not know.
    let result = unsafe { create(physical, &raw const passed, allocator, device) };
    if result != vk::Result::SUCCESS {
        return result;
    }
    // SAFETY: a successful call has written the device.
    let made = unsafe { *device };
    match table(made, next_of_device, properties::limited_types(&instance, physical)) {
        Some(table) => {
            add_device(table);
            result
        }
        None => vk::Result::ERROR_INITIALIZATION_FAILED,
    }
}

pub(super) unsafe extern "system" fn destroy(
    device: vk::Device,
    allocator: *const vk::AllocationCallbacks<'_>,
) {
    if device == vk::Device::null() {
        return;
    }
    let Some(table) = remove_device(device) else { return };
    // SAFETY: the call is passed on as it came.
    unsafe { (table.destroy)(device, allocator) };
    // What was not freed went with the device.
    let left = table.sizes.lock().unwrap_or_else(PoisonError::into_inner).drain().map(|(_, size)| size).sum();
    let _ = process::change(|state, me| state.release(me, left));
}

/// The extensions to ask the driver for: without the one that only this layer has.
///
/// # Safety
/// The names that `info` points to are there.
unsafe fn names_for(
    instance: &InstanceTable,
    physical: vk::PhysicalDevice,
    info: &vk::DeviceCreateInfo<'_>,
) -> Vec<*const c_char> {
    let (first, count) = (info.pp_enabled_extension_names, info.enabled_extension_count as usize);
    if count == 0 {
        return Vec::new();
    }
    // SAFETY: so many names are there, says the caller.
    let names = unsafe { std::slice::from_raw_parts(first, count) }.iter().copied();
    if extensions::driver_has_budget(instance, physical) {
        return names.collect();
    }
    // SAFETY: each is a string with an end.
    names.filter(|name| unsafe { CStr::from_ptr(*name) } != ext::memory_budget::NAME).collect()
}

fn table(device: vk::Device, get: vk::PFN_vkGetDeviceProcAddr, limited_types: u32) -> Option<DeviceTable> {
    Some(DeviceTable {
        device,
        get_proc_addr: get,
        destroy: next_function!(get, device, c"vkDestroyDevice" as vk::PFN_vkDestroyDevice)?,
        allocate: next_function!(get, device, c"vkAllocateMemory" as vk::PFN_vkAllocateMemory)?,
        free: next_function!(get, device, c"vkFreeMemory" as vk::PFN_vkFreeMemory)?,
        create_buffer: next_function!(get, device, c"vkCreateBuffer" as vk::PFN_vkCreateBuffer)?,
        submit: next_function!(get, device, c"vkQueueSubmit" as vk::PFN_vkQueueSubmit)?,
        fence_status: next_function!(get, device, c"vkGetFenceStatus" as vk::PFN_vkGetFenceStatus)?,
        limited_types,
        sizes: std::sync::Mutex::default(),
        lost: false.into(),
    })
}
