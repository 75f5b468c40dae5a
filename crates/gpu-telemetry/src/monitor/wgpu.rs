//! [`WgpuMonitor`]: a card's memory, through a wgpu adapter.

#[cfg(windows)]
mod dxgi;
#[cfg(target_vendor = "apple")]
mod metal;
#[cfg(not(target_vendor = "apple"))]
mod vulkan;

use wgpu::{Backend, DeviceType};

use super::MemoryMonitor;
#[cfg(not(target_vendor = "apple"))]
use crate::bytes::ByteCount;
use crate::error::TelemetryError;
use crate::identity::CardIdentity;
use crate::sample::MemorySample;

/// The memory of a card that wgpu reaches, as its graphics API tells it. No device is opened for it.
///
/// | | Vulkan | Vulkan without `VK_EXT_memory_budget` | DirectX 12 | Metal |
/// |---|---|---|---|---|
/// | total | size of the heap | size of the heap | `DedicatedVideoMemory`, if the card has its own | – |
/// | used | – | – | – | – |
/// | free | budget − this process's use | – | budget − this process's use | – |
/// | budget | `heapBudget` | – | `Budget` | `recommendedMaxWorkingSetSize` |
/// | `process_used` | `heapUsage` | with a device: what its allocator reserved | `CurrentUsage` | `currentAllocatedSize` |
///
/// - **The heap** of Vulkan is the largest of the device's own, which is where wgpu's allocator puts buffers; memory of the
///   host that the card reads over the bus is not in it. With DirectX 12 it is the local segment group.
/// - **What everyone uses is told by none of these.** Budgets follow it: when others take memory, a budget shrinks, and so
///   does what is free here, which is what this process may still take and not all that lies unused. How closely differs.
///   Mesa's driver for AMD gives size − everyone's use + this process's use. Its drivers for Intel and for cards without
///   memory of their own keep a tenth of what is available back. NVIDIA does not document its own, and Windows divides
///   memory among programs as it sees fit. A sum made from these would be made up.
/// - **`process_used`** is the whole process, not one device or framework. What a device's allocator reserved counts its
///   blocks for uploads, which on a card lie in the host's memory, and not what was allocated beside it.
/// - On AMD, wgpu itself ignores the budget, because of wrong sums in Mesa; it is read here all the same. Where sysfs tells
///   the card's memory, that is the better source.
/// - Metal's numbers are what the program should keep to; what other programs take is not in them.
///
/// A driver in software tells little of a memory that is the host's: Mesa 22.3 names 2 GiB and no use, and Mesa 25 the
/// whole host with everyone's use as this process's. Such an adapter is told by [`WgpuMonitor::is_software`], and
/// [`HostMonitor`](crate::HostMonitor) is the monitor for it; [`WgpuMonitor::new`] does not overrule a caller who wants to
/// know what the driver says.
///
/// A monitor keeps its adapter and its device, and so the instance of both. Vulkan's loader crashes when threads make and
/// drop instances at the same time, so drop the monitor where an instance may be dropped.
#[derive(Debug)]
pub struct WgpuMonitor {
    name: String,
    identity: Option<CardIdentity>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    #[cfg(not(target_vendor = "apple"))]
    Vulkan(vulkan::Heap),
    #[cfg(windows)]
    Dxgi(dxgi::Segment),
    #[cfg(target_vendor = "apple")]
    Metal(metal::WorkingSet),
}

impl WgpuMonitor {
    /// Of an adapter's card.
    ///
    /// # Errors
    /// [`Absent`](crate::TelemetryErrorKind::Absent): the adapter's API does not tell, as OpenGL and browsers do not.
    /// [`Driver`](crate::TelemetryErrorKind::Driver): the driver does not answer.
    pub fn new(adapter: &wgpu::Adapter) -> Result<Self, TelemetryError> {
        let info = adapter.get_info();
        let name = if info.name.is_empty() { format!("{} adapter", info.backend) } else { info.name };
        let (source, identity) = match info.backend {
            #[cfg(not(target_vendor = "apple"))]
            Backend::Vulkan => {
                let heap = vulkan::Heap::new(adapter, &name)?;
                let identity = heap.identity(&info.device_pci_bus_id);
                (Source::Vulkan(heap), identity)
            }
            #[cfg(windows)]
            Backend::Dx12 => {
                let segment = dxgi::Segment::new(adapter, &name)?;
                let identity = segment.identity();
                (Source::Dxgi(segment), identity)
            }
            #[cfg(target_vendor = "apple")]
            Backend::Metal => {
                let set = metal::WorkingSet::new(adapter, &name)?;
                let identity = set.identity();
                (Source::Metal(set), identity)
            }
            other => {
                return Err(TelemetryError::absent(format!(
                    "{name} is reached through {other}, which does not tell its memory; reach it through Vulkan, \
                     DirectX 12 or Metal"
                )));
            }
        };
        // A driver in software has no card, whatever it says.
        let identity = (!is_cpu(info.device_type) && identity != CardIdentity::default()).then_some(identity);
        Ok(WgpuMonitor { name, identity, source })
    }

    /// Watches a device of the same adapter too: whether it is lost, and, where the driver tells no use, what its allocator
    /// holds. On DirectX 12 and Metal the adapter tells what there is to tell.
    ///
    /// A device that wgpu itself gave up, because an upload was refused, is not lost to its driver and not told here; the
    /// device's own callback tells it.
    #[must_use]
    pub fn with_device(mut self, device: &wgpu::Device) -> Self {
        match &mut self.source {
            #[cfg(not(target_vendor = "apple"))]
            Source::Vulkan(heap) => heap.watch(device),
            #[cfg(windows)]
            Source::Dxgi(_) => {}
            #[cfg(target_vendor = "apple")]
            Source::Metal(_) => {
                let _ = device;
            }
        }
        self
    }

    /// Whether an adapter is a driver in software, whose memory is the host's.
    pub fn is_software(adapter: &wgpu::Adapter) -> bool {
        is_cpu(adapter.get_info().device_type)
    }
}

impl MemoryMonitor for WgpuMonitor {
    fn name(&self) -> &str {
        &self.name
    }

    fn sample(&self) -> Result<MemorySample, TelemetryError> {
        match &self.source {
            #[cfg(not(target_vendor = "apple"))]
            Source::Vulkan(heap) => heap.sample(&self.name),
            #[cfg(windows)]
            Source::Dxgi(segment) => segment.sample(&self.name),
            #[cfg(target_vendor = "apple")]
            Source::Metal(set) => set.sample(&self.name),
        }
    }

    fn identity(&self) -> Option<CardIdentity> {
        self.identity
    }
}

fn is_cpu(kind: DeviceType) -> bool {
    kind == DeviceType::Cpu
}

/// What is left for a process of its budget, and no more than the device has beside what the process uses: a budget may
/// count memory of the host.
#[cfg(not(target_vendor = "apple"))]
fn left(total: Option<ByteCount>, budget: ByteCount, used: ByteCount) -> ByteCount {
    let limit = total.map_or(budget, |total| total.min(budget));
    limit.saturating_sub(used)
}

/// An adapter whose API is not what its description says.
fn unlike(name: &str) -> TelemetryError {
    TelemetryError::driver(name, "its adapter", "wgpu does not give the adapter of the API that it names")
}
