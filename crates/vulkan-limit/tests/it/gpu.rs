//! A device opened through Vulkan's own calls.

use std::ffi::CStr;
use std::sync::{Mutex, PoisonError};

use ash::{Device, Entry, Instance, vk};

/// Held while instances are made or dropped: Vulkan's loader crashes when several threads do so at once.
static INSTANCES: Mutex<()> = Mutex::new(());

/// An instance and its first physical device.
pub(crate) struct Gpu {
    // Keeps the loader's library.
    _entry: Entry,
    instance: Instance,
    physical: vk::PhysicalDevice,
}

/// A device, and the type of memory that is its own.
pub(crate) struct Opened {
    pub(crate) device: Device,
    pub(crate) local: u32,
    queue: vk::Queue,
}

/// Why there is no device.
pub(crate) fn present() -> Result<(), String> {
    Gpu::try_new().map(drop)
}

impl Gpu {
    pub(crate) fn new() -> Self {
        Gpu::try_new().unwrap()
    }

    fn try_new() -> Result<Self, String> {
        let _one_at_a_time = INSTANCES.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = unsafe { Entry::load() }.map_err(|error| error.to_string())?;
        let application = vk::ApplicationInfo::default().api_version(vk::API_VERSION_1_2);
        let info = vk::InstanceCreateInfo::default().application_info(&application);
        let instance = unsafe { entry.create_instance(&info, None) }.map_err(|error| error.to_string())?;
        let found = unsafe { instance.enumerate_physical_devices() }.unwrap_or_default();
        let Some(&physical) = found.first() else {
            unsafe { instance.destroy_instance(None) };
            return Err("Vulkan has no device".to_owned());
        };
        Ok(Gpu { _entry: entry, instance, physical })
    }

    /// Opens a device with these extensions.
    pub(crate) fn open(&self, extensions: &[&CStr]) -> Opened {
        let names: Vec<_> = extensions.iter().map(|name| name.as_ptr()).collect();
        let queues = [vk::DeviceQueueCreateInfo::default().queue_priorities(&[1.0])];
        let info =
            vk::DeviceCreateInfo::default().queue_create_infos(&queues).enabled_extension_names(&names);
        let device = unsafe { self.instance.create_device(self.physical, &info, None) }.unwrap();
        let types = self.memory().memory_types_as_slice().to_vec();
        let is_local =
            |kind: &vk::MemoryType| kind.property_flags.contains(vk::MemoryPropertyFlags::DEVICE_LOCAL);
        let local = types.iter().position(is_local).unwrap() as u32;
        let queue = unsafe { device.get_device_queue(0, 0) };
        Opened { device, local, queue }
    }

    pub(crate) fn memory(&self) -> vk::PhysicalDeviceMemoryProperties {
        unsafe { self.instance.get_physical_device_memory_properties(self.physical) }
    }

    /// Size, budget and use of the first heap of the device's own.
    pub(crate) fn heap(&self) -> (u64, u64, u64) {
        let mut budget = vk::PhysicalDeviceMemoryBudgetPropertiesEXT::default();
        let mut properties = vk::PhysicalDeviceMemoryProperties2::default().push_next(&mut budget);
        unsafe { self.instance.get_physical_device_memory_properties2(self.physical, &mut properties) };
        let heaps = properties.memory_properties.memory_heaps_as_slice().to_vec();
        let own = |heap: &vk::MemoryHeap| heap.flags.contains(vk::MemoryHeapFlags::DEVICE_LOCAL);
        let at = heaps.iter().position(own).unwrap();
        (heaps[at].size, budget.heap_budget[at], budget.heap_usage[at])
    }

    pub(crate) fn has(&self, extension: &CStr) -> bool {
        let found = unsafe { self.instance.enumerate_device_extension_properties(self.physical) }.unwrap();
        found.iter().filter(|known| known.extension_name_as_c_str() == Ok(extension)).count() == 1
    }

    /// Whether the device says that it has the memory model and the addresses that kernels in SPIR-V need, in the newer
    /// and in the older structures.
    pub(crate) fn spirv(&self) -> [bool; 4] {
        let mut all = vk::PhysicalDeviceVulkan12Features::default();
        let mut features = vk::PhysicalDeviceFeatures2::default().push_next(&mut all);
        unsafe { self.instance.get_physical_device_features2(self.physical, &mut features) };
        let mut model = vk::PhysicalDeviceVulkanMemoryModelFeatures::default();
        let mut address = vk::PhysicalDeviceBufferDeviceAddressFeatures::default();
        let mut features =
            vk::PhysicalDeviceFeatures2::default().push_next(&mut model).push_next(&mut address);
        unsafe { self.instance.get_physical_device_features2(self.physical, &mut features) };
        [
            all.vulkan_memory_model,
            all.buffer_device_address,
            model.vulkan_memory_model,
            address.buffer_device_address,
        ]
        .map(|value| value == vk::TRUE)
    }
}

impl Drop for Gpu {
    fn drop(&mut self) {
        let _one_at_a_time = INSTANCES.lock().unwrap_or_else(PoisonError::into_inner);
        unsafe { self.instance.destroy_instance(None) };
    }
}

impl Opened {
    pub(crate) fn allocate(&self, bytes: u64) -> Result<vk::DeviceMemory, vk::Result> {
        let info = vk::MemoryAllocateInfo::default().allocation_size(bytes).memory_type_index(self.local);
        unsafe { self.device.allocate_memory(&info, None) }
    }

    pub(crate) fn free(&self, memory: vk::DeviceMemory) {
        unsafe { self.device.free_memory(memory, None) };
    }

    pub(crate) fn buffer(&self, usage: vk::BufferUsageFlags) -> Result<(), vk::Result> {
        let info = vk::BufferCreateInfo::default().size(256).usage(usage);
        let buffer = unsafe { self.device.create_buffer(&info, None) }?;
        unsafe { self.device.destroy_buffer(buffer, None) };
        Ok(())
    }

    pub(crate) fn submit(&self) -> Result<(), vk::Result> {
        unsafe { self.device.queue_submit(self.queue, &[], vk::Fence::null()) }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        unsafe { self.device.destroy_device(None) };
    }
}
