//! Hiding the features that kernels in SPIR-V need.

use ash::vk;

use super::chain::each;
use super::process;
use super::tables::instance_of;

pub(super) unsafe extern "system" fn get2(
    physical: vk::PhysicalDevice,
    out: *mut vk::PhysicalDeviceFeatures2<'_>,
) {
    let Some(table) = instance_of(physical) else { return };
    let Some(next) = table.features2 else { return };
    // SAFETY: the call is passed on as it came.
    unsafe { next(physical, out) };
    if process::change(|state, _| state.hides_spirv != 0) != Some(true) {
        return;
    }
    // SAFETY: the driver has filled the caller's list, which nobody else uses during the call; each structure in it has
    // the type that it says it has.
    unsafe {
        each((*out).p_next, |kind, at| match kind {
            vk::StructureType::PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES => {
                let features = &mut *at.cast::<vk::PhysicalDeviceVulkanMemoryModelFeatures<'_>>();
                features.vulkan_memory_model = vk::FALSE;
                features.vulkan_memory_model_device_scope = vk::FALSE;
                features.vulkan_memory_model_availability_visibility_chains = vk::FALSE;
            }
            vk::StructureType::PHYSICAL_DEVICE_BUFFER_DEVICE_ADDRESS_FEATURES => {
                let features = &mut *at.cast::<vk::PhysicalDeviceBufferDeviceAddressFeatures<'_>>();
                features.buffer_device_address = vk::FALSE;
                features.buffer_device_address_capture_replay = vk::FALSE;
                features.buffer_device_address_multi_device = vk::FALSE;
            }
            vk::StructureType::PHYSICAL_DEVICE_VULKAN_1_2_FEATURES => {
                let features = &mut *at.cast::<vk::PhysicalDeviceVulkan12Features<'_>>();
                features.vulkan_memory_model = vk::FALSE;
                features.vulkan_memory_model_device_scope = vk::FALSE;
                features.vulkan_memory_model_availability_visibility_chains = vk::FALSE;
                features.buffer_device_address = vk::FALSE;
                features.buffer_device_address_capture_replay = vk::FALSE;
                features.buffer_device_address_multi_device = vk::FALSE;
            }
            _ => {}
        });
    }
}
