//! Instances: where the layer enters a process.

use ash::vk;
use ash_layer::{LayerFunction, get_instance_chain_info};

use super::chain::next_function;
use super::process;
use super::tables::{InstanceTable, add_instance, remove_instance};

pub(super) unsafe extern "system" fn create(
    info: *const vk::InstanceCreateInfo<'_>,
    allocator: *const vk::AllocationCallbacks<'_>,
    instance: *mut vk::Instance,
) -> vk::Result {
    if !process::attach() {
        return vk::Result::ERROR_INITIALIZATION_FAILED;
    }
    // SAFETY: the caller's structure, with the loader's link in its list; the link is this layer's to move on, so that
    // the next one finds its own.
    let next = unsafe {
        let Some(link) = get_instance_chain_info(&*info, LayerFunction::LAYER_LINK_INFO) else {
            return vk::Result::ERROR_INITIALIZATION_FAILED;
        };
        let link = &mut *link.as_ptr();
        let here = &*link.u.p_layer_info;
        link.u.p_layer_info = here.p_next;
        here.pfn_next_get_instance_proc_addr
    };
    let Some(next) = next else { return vk::Result::ERROR_INITIALIZATION_FAILED };
    let null = vk::Instance::null();
    let Some(create) = next_function!(next, null, c"vkCreateInstance" as vk::PFN_vkCreateInstance) else {
        return vk::Result::ERROR_INITIALIZATION_FAILED;
    };
    // SAFETY: the call is passed on as it came.
    let result = unsafe { create(info, allocator, instance) };
    if result != vk::Result::SUCCESS {
        return result;
    }
    // SAFETY: a successful call has written the instance.
    let made = unsafe { *instance };
    match table(made, next) {
        Some(table) => {
            add_instance(table);
            result
        }
        None => vk::Result::ERROR_INITIALIZATION_FAILED,
    }
}

pub(super) unsafe extern "system" fn destroy(
    instance: vk::Instance,
    allocator: *const vk::AllocationCallbacks<'_>,
) {
    if instance == vk::Instance::null() {
        return;
    }
    // Removed first: another instance may get the same place as soon as this one is gone.
    if let Some(table) = remove_instance(instance) {
        // SAFETY: the call is passed on as it came.
        unsafe { (table.destroy)(instance, allocator) };
    }
}

fn table(instance: vk::Instance, get: vk::PFN_vkGetInstanceProcAddr) -> Option<InstanceTable> {
    Some(InstanceTable {
        instance,
        get_proc_addr: get,
        destroy: next_function!(get, instance, c"vkDestroyInstance" as vk::PFN_vkDestroyInstance)?,
        enumerate_extensions: next_function!(
            get,
            instance,
            c"vkEnumerateDeviceExtensionProperties" as vk::PFN_vkEnumerateDeviceExtensionProperties
        )?,
        memory_properties: next_function!(
            get,
            instance,
            c"vkGetPhysicalDeviceMemoryProperties" as vk::PFN_vkGetPhysicalDeviceMemoryProperties
        )?,
        memory_properties2: next_function!(
            get,
            instance,
            c"vkGetPhysicalDeviceMemoryProperties2" as vk::PFN_vkGetPhysicalDeviceMemoryProperties2
        )
        .or_else(|| {
            next_function!(
                get,
                instance,
                c"vkGetPhysicalDeviceMemoryProperties2KHR" as vk::PFN_vkGetPhysicalDeviceMemoryProperties2
            )
        }),
        features2: next_function!(
            get,
            instance,
            c"vkGetPhysicalDeviceFeatures2" as vk::PFN_vkGetPhysicalDeviceFeatures2
        )
        .or_else(|| {
            next_function!(
                get,
                instance,
                c"vkGetPhysicalDeviceFeatures2KHR" as vk::PFN_vkGetPhysicalDeviceFeatures2
            )
        }),
    })
}
