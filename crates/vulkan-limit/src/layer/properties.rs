//! What a program is told of its memory: sizes, budgets and use that match the limit.

use ash::vk;

use super::chain::each;
use super::process;
use super::tables::{InstanceTable, instance_of};

/// What is reported now.
#[derive(Clone, Copy)]
struct Report {
    size: u64,
    budget: u64,
    usage: u64,
    hides_budget: bool,
}

pub(super) unsafe extern "system" fn get(
    physical: vk::PhysicalDevice,
    out: *mut vk::PhysicalDeviceMemoryProperties,
) {
    let Some(table) = instance_of(physical) else { return };
    // SAFETY: the call is passed on as it came.
    unsafe { (table.memory_properties)(physical, out) };
    if let Some(report) = report() {
        // SAFETY: the driver has filled the caller's structure, which nobody else uses during the call.
        shrink(unsafe { &mut *out }, report);
    }
}

pub(super) unsafe extern "system" fn get2(
    physical: vk::PhysicalDevice,
    out: *mut vk::PhysicalDeviceMemoryProperties2<'_>,
) {
    let Some(table) = instance_of(physical) else { return };
    let Some(next) = table.memory_properties2 else { return };
    // SAFETY: the call is passed on as it came.
    unsafe { next(physical, out) };
    let Some(report) = report() else { return };
    // SAFETY: the driver has filled the caller's structure, which nobody else uses during the call.
    let properties = unsafe { &mut (*out).memory_properties };
    shrink(properties, report);
    // SAFETY: as above, for the list that begins in it.
    unsafe {
        each((*out).p_next, |kind, at| {
            if kind == vk::StructureType::PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT && !report.hides_budget
            {
                fill(&mut *at.cast(), properties, report);
            }
        });
    }
}

/// One bit for each memory type whose memory is limited.
pub(super) fn limited_types(table: &InstanceTable, physical: vk::PhysicalDevice) -> u32 {
    let mut properties = vk::PhysicalDeviceMemoryProperties::default();
    // SAFETY: the device is the caller's, and the structure is filled during the call.
    unsafe { (table.memory_properties)(physical, &raw mut properties) };
    let types = properties.memory_types_as_slice().iter().zip(0..);
    types
        .filter(|(kind, _)| is_limited(&properties, kind.heap_index as usize))
        .fold(0, |bits, (_, at)| bits | 1_u32 << at)
}

fn report() -> Option<Report> {
    process::change(|state, me| Report {
        size: state.total,
        budget: state.budget_of(me),
        usage: state.live_of(me),
        hides_budget: state.hides_budget != 0,
    })
}

fn shrink(properties: &mut vk::PhysicalDeviceMemoryProperties, report: Report) {
    for at in 0..properties.memory_heap_count as usize {
        if is_limited(properties, at) {
            let size = &mut properties.memory_heaps[at].size;
            *size = report.size.min(*size);
        }
    }
}

fn fill(
    out: &mut vk::PhysicalDeviceMemoryBudgetPropertiesEXT<'_>,
    properties: &vk::PhysicalDeviceMemoryProperties,
    report: Report,
) {
    for at in 0..properties.memory_heap_count as usize {
        let size = properties.memory_heaps[at].size;
        if is_limited(properties, at) {
            out.heap_budget[at] = report.budget.min(size);
            out.heap_usage[at] = report.usage;
        } else if out.heap_budget[at] == 0 {
            // A driver without budgets has left it as it was.
            out.heap_budget[at] = size;
        }
    }
}

/// Whether a heap is the device's own.
fn is_limited(properties: &vk::PhysicalDeviceMemoryProperties, heap: usize) -> bool {
    let heap = properties.memory_heaps.get(heap);
    heap.is_some_and(|heap| heap.flags.contains(vk::MemoryHeapFlags::DEVICE_LOCAL))
}
