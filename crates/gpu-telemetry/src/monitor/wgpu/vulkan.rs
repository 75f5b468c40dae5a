//! A heap of Vulkan and its budget.

// Vulkan's functions are called beside wgpu, on objects that wgpu keeps alive.
#![allow(unsafe_code)]

mod fence;

use std::cmp::Reverse;

use ash::{ext, vk};
use wgpu::hal::api::Vulkan;
use wgpu::hal::vulkan::Adapter;

use self::fence::Fence;
use super::{left, unlike};
use crate::bytes::ByteCount;
use crate::error::TelemetryError;
use crate::identity::CardIdentity;
use crate::sample::{MemorySample, MemorySource};

/// The largest heap of a device's own.
#[derive(Debug)]
pub(super) struct Heap {
    adapter: wgpu::Adapter,
    has_budget: bool,
    luid: Option<[u8; 8]>,
    watched: Option<Watched>,
}

#[derive(Debug)]
struct Watched {
    // Dropped before the device.
    fence: Option<Fence>,
    device: wgpu::Device,
}

/// What the driver says now.
struct Reading {
    size: ByteCount,
    /// Budget and use of this process.
    budget: Option<(ByteCount, ByteCount)>,
}

impl Heap {
    pub(super) fn new(adapter: &wgpu::Adapter, name: &str) -> Result<Self, TelemetryError> {
        // SAFETY: the adapter is only read.
        let hal = unsafe { adapter.as_hal::<Vulkan>() }.ok_or_else(|| unlike(name))?;
        let knows_1_1 = knows_1_1(&hal);
        let has_budget = knows_1_1 && advertises_budget(&hal, name)?;
        let luid = if knows_1_1 { luid(&hal) } else { None };
        drop(hal);
        Ok(Heap { adapter: adapter.clone(), has_budget, luid, watched: None })
    }

    pub(super) fn identity(&self, pci: &str) -> CardIdentity {
        CardIdentity { pci: pci.parse().ok(), luid: self.luid, registry_id: None }
    }

    pub(super) fn watch(&mut self, device: &wgpu::Device) {
        self.watched = Some(Watched { fence: Fence::new(device), device: device.clone() });
    }

    pub(super) fn sample(&self, name: &str) -> Result<MemorySample, TelemetryError> {
        if let Some(fence) = self.watched.as_ref().and_then(|watched| watched.fence.as_ref()) {
            fence.check(name)?;
        }
        let Reading { size, budget } = self.read(name)?;
        let sample = MemorySample::builder().total(size);
        let Some((budget, used)) = budget else {
            let report = self.watched.as_ref().and_then(|watched| watched.device.generate_allocator_report());
            // Blocks in the host's memory are counted too, and may be more than a small heap has.
            let reserved = report.map(|report| ByteCount::new(report.total_reserved_bytes).min(size));
            return sample.process_used(reserved).source(MemorySource::VulkanHeapSize).build();
        };
        sample
            .budget(budget)
            .process_used(used)
            .free(left(Some(size), budget, used))
            .source(MemorySource::VulkanBudget)
            .build()
    }

    fn read(&self, name: &str) -> Result<Reading, TelemetryError> {
        // SAFETY: the adapter is only read.
        let hal = unsafe { self.adapter.as_hal::<Vulkan>() }.ok_or_else(|| unlike(name))?;
        let (instance, physical) = (hal.shared_instance().raw_instance(), hal.raw_physical_device());
        let mut budget = vk::PhysicalDeviceMemoryBudgetPropertiesEXT::default();
        let properties = if self.has_budget {
            let mut properties = vk::PhysicalDeviceMemoryProperties2::default().push_next(&mut budget);
            // SAFETY: instance and physical device live as long as the adapter, both know Vulkan 1.1, and the driver has
            // the extension that the list asks for.
            unsafe { instance.get_physical_device_memory_properties2(physical, &mut properties) };
            properties.memory_properties
        } else {
            // SAFETY: instance and physical device live as long as the adapter.
            unsafe { instance.get_physical_device_memory_properties(physical) }
        };
        let own =
            |(_, heap): &(usize, &vk::MemoryHeap)| heap.flags.contains(vk::MemoryHeapFlags::DEVICE_LOCAL);
        let heaps = properties.memory_heaps_as_slice().iter().enumerate();
        // The first of several that are as large.
        let (at, heap) = heaps.filter(own).min_by_key(|(_, heap)| Reverse(heap.size)).ok_or_else(|| {
            TelemetryError::driver(name, "its memory", "the driver names no heap of the device")
        })?;
        // A budget is never 0, says the extension, so that is no answer.
        let answered = self.has_budget && budget.heap_budget[at] > 0;
        let budget =
            answered.then(|| (ByteCount::new(budget.heap_budget[at]), ByteCount::new(budget.heap_usage[at])));
        Ok(Reading { size: ByteCount::new(heap.size), budget })
    }
}

/// Whether both the instance and the device have what Vulkan 1.1 made part of the core.
fn knows_1_1(hal: &Adapter) -> bool {
    let shared = hal.shared_instance();
    // SAFETY: instance and physical device live as long as the adapter.
    let device = unsafe { shared.raw_instance().get_physical_device_properties(hal.raw_physical_device()) };
    shared.instance_api_version().min(device.api_version) >= vk::API_VERSION_1_1
}

/// Whether the driver itself has the extension: wgpu hides it for some.
fn advertises_budget(hal: &Adapter, name: &str) -> Result<bool, TelemetryError> {
    let (instance, physical) = (hal.shared_instance().raw_instance(), hal.raw_physical_device());
    // SAFETY: instance and physical device live as long as the adapter.
    let extensions = unsafe { instance.enumerate_device_extension_properties(physical) }
        .map_err(|error| TelemetryError::driver(name, "its extensions", error.to_string()))?;
    Ok(extensions.iter().any(|extension| extension.extension_name_as_c_str() == Ok(ext::memory_budget::NAME)))
}

fn luid(hal: &Adapter) -> Option<[u8; 8]> {
    let mut ids = vk::PhysicalDeviceIDProperties::default();
    let mut properties = vk::PhysicalDeviceProperties2::default().push_next(&mut ids);
    let (instance, physical) = (hal.shared_instance().raw_instance(), hal.raw_physical_device());
    // SAFETY: instance and physical device live as long as the adapter, and both know Vulkan 1.1.
    unsafe { instance.get_physical_device_properties2(physical, &mut properties) };
    (ids.device_luid_valid == vk::TRUE).then_some(ids.device_luid)
}
