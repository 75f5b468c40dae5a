//! [`Fence`]: how a device is asked whether it is still there, without giving it work.

use ash::vk;
use wgpu::hal::api::Vulkan;

use crate::error::TelemetryError;

/// A fence that nothing will ever signal: asking for it costs nothing, and a lost device says so.
#[derive(Debug)]
pub(super) struct Fence {
    device: wgpu::Device,
    fence: vk::Fence,
}

impl Fence {
    /// Of a device, if it can be had.
    pub(super) fn new(device: &wgpu::Device) -> Option<Self> {
        // SAFETY: the device is used for an object of our own, which is destroyed before it.
        let hal = unsafe { device.as_hal::<Vulkan>() }?;
        // SAFETY: the device lives as long as the guard.
        let fence = unsafe { hal.raw_device().create_fence(&vk::FenceCreateInfo::default(), None) }.ok()?;
        drop(hal);
        Some(Fence { device: device.clone(), fence })
    }

    /// Fails if the device is lost.
    pub(super) fn check(&self, name: &str) -> Result<(), TelemetryError> {
        // SAFETY: the device is only asked about a fence of our own.
        let Some(hal) = (unsafe { self.device.as_hal::<Vulkan>() }) else { return Ok(()) };
        // SAFETY: the fence was made by this device and lives as long as `self`; asking needs no lock.
        match unsafe { hal.raw_device().get_fence_status(self.fence) } {
            Ok(_) => Ok(()),
            Err(vk::Result::ERROR_DEVICE_LOST) => {
                Err(TelemetryError::lost(name, "its driver gave the device up; open it again"))
            }
            Err(error) => Err(TelemetryError::driver(name, "the device's state", error.to_string())),
        }
    }
}

impl Drop for Fence {
    fn drop(&mut self) {
        // SAFETY: as in `check`.
        if let Some(hal) = unsafe { self.device.as_hal::<Vulkan>() } {
            // SAFETY: the fence was made by this device, no work refers to it, and nobody else has it.
            unsafe { hal.raw_device().destroy_fence(self.fence, None) };
        }
    }
}
