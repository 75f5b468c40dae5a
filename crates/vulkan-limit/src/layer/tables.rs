//! The next one's functions, by instance and by device.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, RwLock};

use ash::vk::{self, Handle};

/// An instance that a program made, and what comes after this layer.
pub(super) struct InstanceTable {
    pub(super) instance: vk::Instance,
    pub(super) get_proc_addr: vk::PFN_vkGetInstanceProcAddr,
    pub(super) destroy: vk::PFN_vkDestroyInstance,
    pub(super) enumerate_extensions: vk::PFN_vkEnumerateDeviceExtensionProperties,
    pub(super) memory_properties: vk::PFN_vkGetPhysicalDeviceMemoryProperties,
    /// From Vulkan 1.1 on, or with an extension.
    pub(super) memory_properties2: Option<vk::PFN_vkGetPhysicalDeviceMemoryProperties2>,
    pub(super) features2: Option<vk::PFN_vkGetPhysicalDeviceFeatures2>,
}

/// A device that a program opened, and what comes after this layer.
pub(super) struct DeviceTable {
    pub(super) device: vk::Device,
    pub(super) get_proc_addr: vk::PFN_vkGetDeviceProcAddr,
    pub(super) destroy: vk::PFN_vkDestroyDevice,
    pub(super) allocate: vk::PFN_vkAllocateMemory,
    pub(super) free: vk::PFN_vkFreeMemory,
    pub(super) create_buffer: vk::PFN_vkCreateBuffer,
    pub(super) submit: vk::PFN_vkQueueSubmit,
    pub(super) fence_status: vk::PFN_vkGetFenceStatus,
    /// One bit a memory type: whether its memory is limited.
    pub(super) limited_types: u32,
    /// The limited allocations that live.
    pub(super) sizes: Mutex<HashMap<vk::DeviceMemory, u64>>,
    /// Whether it was told to be lost.
    pub(super) lost: AtomicBool,
}

/// By the loader's key.
type Tables<T> = LazyLock<RwLock<HashMap<usize, Arc<T>>>>;
static INSTANCES: Tables<InstanceTable> = LazyLock::new(RwLock::default);
static DEVICES: Tables<DeviceTable> = LazyLock::new(RwLock::default);

/// The table of an instance, or of the instance of a physical device.
pub(super) fn instance_of(handle: impl Handle) -> Option<Arc<InstanceTable>> {
    let key = key(handle)?;
    INSTANCES.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
}

pub(super) fn add_instance(table: InstanceTable) {
    if let Some(key) = key(table.instance) {
        INSTANCES.write().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::new(table));
    }
}

/// The table of an instance that is about to end.
pub(super) fn remove_instance(instance: vk::Instance) -> Option<Arc<InstanceTable>> {
    let key = key(instance)?;
    INSTANCES.write().unwrap_or_else(PoisonError::into_inner).remove(&key)
}

/// The table of a device, or of the device of a queue.
pub(super) fn device_of(handle: impl Handle) -> Option<Arc<DeviceTable>> {
    let key = key(handle)?;
    DEVICES.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
}

pub(super) fn add_device(table: DeviceTable) {
    if let Some(key) = key(table.device) {
        DEVICES.write().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::new(table));
    }
}

/// The table of a device that is about to end.
pub(super) fn remove_device(device: vk::Device) -> Option<Arc<DeviceTable>> {
    let key = key(device)?;
    DEVICES.write().unwrap_or_else(PoisonError::into_inner).remove(&key)
}

/// What an instance and its physical devices have in common, and a device and its queues: the loader puts a pointer to its
/// own table at the start of each such object.
fn key(handle: impl Handle) -> Option<usize> {
    let object = usize::try_from(handle.as_raw()).ok().filter(|object| *object != 0)?;
    // SAFETY: instances, physical devices, devices and queues are dispatchable handles: pointers to objects that begin
    // with the loader's pointer. Programs may pass only handles that live, and so do callers here.
    Some(unsafe { *(object as *const usize) })
}
