//! Another device of the adapter of one that was lost.
//!
//! burn registers a device once by its kind, and never forgets it. What can be registered any number of times is a set of
//! handles; so the new device is requested here, with what the framework itself asks of an adapter.

use burn::tensor::Device;
use burn::tensor::wgpu::{WgpuSetup, wgpu};

use super::GraphicsDevice;
use super::adapters::{INSTANCES, at_once};
use super::open::opened;
use crate::backend::open::Open;

/// Opens the adapter of `lost` anew.
///
/// # Errors
/// The text of what the driver or the framework says.
pub(crate) fn open_again(lost: &GraphicsDevice, generation: u64) -> Result<Open, String> {
    let _one_at_a_time = INSTANCES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    // What it holds is of no use to anyone, and may be what the new one has no room for.
    lost.device.destroy();
    let adapter = lost.adapter.clone();
    let (device, queue) = request(&adapter)?;
    let backend = adapter.get_info().backend;
    let setup = WgpuSetup { instance: lost.instance.clone(), adapter, device, queue, backend };
    let device = Device::wgpu_options().setup(setup.clone()).init().map_err(|error| error.to_string())?;
    Ok(opened(device, setup, generation))
}

fn request(adapter: &wgpu::Adapter) -> Result<(wgpu::Device, wgpu::Queue), String> {
    #[cfg(feature = "vulkan")]
    if adapter.get_info().backend == wgpu::Backend::Vulkan {
        let native = at_once(cubecl::wgpu::vulkan::try_request_vulkan_device(adapter));
        // No device: one without what kernels in SPIR-V need. It gets WGSL, as at first.
        if let Some(device) = native.ok_or(LATE)?.map_err(|error| error.to_string())? {
            return Ok(device);
        }
    }
    #[cfg(all(feature = "metal", target_os = "macos"))]
    if adapter.get_info().backend == wgpu::Backend::Metal {
        let native = at_once(cubecl::wgpu::metal::try_request_metal_device(adapter));
        return native.ok_or(LATE)?.map_err(|error| error.to_string());
    }
    let descriptor = descriptor(adapter);
    at_once(adapter.request_device(&descriptor)).ok_or(LATE)?.map_err(|error| error.to_string())
}

const LATE: &str = "the driver did not answer at once";

/// What cubecl-wgpu asks for (`backend/wgsl.rs`): all that the adapter has, and an allocator that takes small blocks.
#[allow(unsafe_code)]
fn descriptor(adapter: &wgpu::Adapter) -> wgpu::DeviceDescriptor<'static> {
    wgpu::DeviceDescriptor {
        label: None,
        required_features: adapter.features().difference(wgpu::Features::MAPPABLE_PRIMARY_BUFFERS),
        required_limits: adapter.limits(),
        memory_hints: wgpu::MemoryHints::MemoryUsage,
        trace: wgpu::Trace::Off,
        // SAFETY: what is asked for is an acknowledgement that experimental features may have defects. Nothing here calls
        // one; the framework does, with kernels that it ran on the lost device under the same acknowledgement of its own.
        experimental_features: unsafe { wgpu::ExperimentalFeatures::enabled() },
    }
}
