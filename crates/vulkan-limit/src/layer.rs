//! The layer: what stands between a program and its driver.
//!
//! The loader asks the library for two functions, and these for all others by name. A name that is not ours is passed on
//! to the next layer or the driver.

// Every function here is called by the loader or a program, with pointers whose meaning Vulkan's specification gives.
#![allow(unsafe_code)]

mod chain;
mod extensions;
mod features;
mod instance;
mod logical_device;
mod loss;
mod memory;
mod process;
mod properties;
mod tables;

use std::ffi::{CStr, c_char};

use ash::vk;
use ash_layer::NegotiateLayerInterface;

use self::tables::{device_of, instance_of};

/// The version of the interface between loader and layer that this is written for.
const INTERFACE_VERSION: u32 = 2;

/// What the loader calls first.
///
/// # Safety
/// `interface` is null or points to the loader's structure.
#[unsafe(no_mangle)]
#[allow(non_snake_case)]
pub(crate) unsafe extern "system" fn vkNegotiateLoaderLayerInterfaceVersion(
    interface: *mut NegotiateLayerInterface,
) -> vk::Result {
    // SAFETY: null or the loader's structure, which nobody else uses during the call.
    let Some(interface) = (unsafe { interface.as_mut() }) else {
        return vk::Result::ERROR_INITIALIZATION_FAILED;
    };
    if interface.loader_layer_interface_version < INTERFACE_VERSION {
        return vk::Result::ERROR_INITIALIZATION_FAILED;
    }
    interface.loader_layer_interface_version = INTERFACE_VERSION;
    interface.pfn_get_instance_proc_addr = Some(get_instance_proc_addr);
    interface.pfn_get_device_proc_addr = Some(get_device_proc_addr);
    interface.pfn_get_physical_device_proc_addr = None;
    vk::Result::SUCCESS
}

/// A function of ours as the untyped pointer that the loader wants. The type is checked against Vulkan's.
macro_rules! ours {
    ($function:path as $type:ty) => {{
        let typed: $type = $function;
        // SAFETY: both are pointers to functions; whoever asked by name calls it with the name's type.
        unsafe { std::mem::transmute::<$type, vk::PFN_vkVoidFunction>(typed) }
    }};
}

unsafe extern "system" fn get_instance_proc_addr(
    instance: vk::Instance,
    name: *const c_char,
) -> vk::PFN_vkVoidFunction {
    // SAFETY: names are strings with an end.
    let wanted = unsafe { CStr::from_ptr(name) }.to_bytes();
    match wanted {
        b"vkGetInstanceProcAddr" => {
            return ours!(get_instance_proc_addr as vk::PFN_vkGetInstanceProcAddr);
        }
        b"vkCreateInstance" => return ours!(instance::create as vk::PFN_vkCreateInstance),
        _ => {}
    }
    let table = instance_of(instance)?;
    // SAFETY: the next one's function, called as it was called here.
    let next = unsafe { (table.get_proc_addr)(table.instance, name) };
    // What the driver does not have is not there: an extension's function without the extension.
    next?;
    match wanted {
        b"vkDestroyInstance" => ours!(instance::destroy as vk::PFN_vkDestroyInstance),
        b"vkCreateDevice" => ours!(logical_device::create as vk::PFN_vkCreateDevice),
        b"vkEnumerateDeviceExtensionProperties" => {
            ours!(extensions::enumerate as vk::PFN_vkEnumerateDeviceExtensionProperties)
        }
        b"vkGetPhysicalDeviceMemoryProperties" => {
            ours!(properties::get as vk::PFN_vkGetPhysicalDeviceMemoryProperties)
        }
        b"vkGetPhysicalDeviceMemoryProperties2" | b"vkGetPhysicalDeviceMemoryProperties2KHR" => {
            ours!(properties::get2 as vk::PFN_vkGetPhysicalDeviceMemoryProperties2)
        }
        b"vkGetPhysicalDeviceFeatures2" | b"vkGetPhysicalDeviceFeatures2KHR" => {
            ours!(features::get2 as vk::PFN_vkGetPhysicalDeviceFeatures2)
        }
        _ => of_device(wanted).or(next),
    }
}

unsafe extern "system" fn get_device_proc_addr(
    device: vk::Device,
    name: *const c_char,
) -> vk::PFN_vkVoidFunction {
    // SAFETY: names are strings with an end.
    let wanted = unsafe { CStr::from_ptr(name) }.to_bytes();
    let table = device_of(device)?;
    // SAFETY: the next one's function, called as it was called here.
    let next = unsafe { (table.get_proc_addr)(table.device, name) };
    next?;
    of_device(wanted).or(next)
}

/// The functions of a device that are ours.
fn of_device(name: &[u8]) -> vk::PFN_vkVoidFunction {
    match name {
        b"vkGetDeviceProcAddr" => ours!(get_device_proc_addr as vk::PFN_vkGetDeviceProcAddr),
        b"vkDestroyDevice" => ours!(logical_device::destroy as vk::PFN_vkDestroyDevice),
        b"vkAllocateMemory" => ours!(memory::allocate as vk::PFN_vkAllocateMemory),
        b"vkFreeMemory" => ours!(memory::free as vk::PFN_vkFreeMemory),
        b"vkCreateBuffer" => ours!(memory::create_buffer as vk::PFN_vkCreateBuffer),
        b"vkQueueSubmit" => ours!(loss::submit as vk::PFN_vkQueueSubmit),
        b"vkGetFenceStatus" => ours!(loss::fence_status as vk::PFN_vkGetFenceStatus),
        _ => None,
    }
}
