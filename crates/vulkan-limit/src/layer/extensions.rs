//! Which extensions a device has: the driver's, and the memory budget.

use std::ffi::{CStr, c_char};
use std::ptr;

use ash::{ext, vk};

use super::process;
use super::tables::{InstanceTable, instance_of};

pub(super) unsafe extern "system" fn enumerate(
    physical: vk::PhysicalDevice,
    layer: *const c_char,
    count: *mut u32,
    out: *mut vk::ExtensionProperties,
) -> vk::Result {
    let Some(table) = instance_of(physical) else { return vk::Result::ERROR_INITIALIZATION_FAILED };
    if !layer.is_null() {
        // Another layer's own, or this one's, of which the driver knows nothing.
        // SAFETY: the call is passed on as it came.
        return unsafe { (table.enumerate_extensions)(physical, layer, count, out) };
    }
    let mut found = match of_driver(&table, physical) {
        Ok(found) => found,
        Err(error) => return error,
    };
    let Some(hides_budget) = process::change(|state, _| state.hides_budget != 0) else {
        return vk::Result::ERROR_INITIALIZATION_FAILED;
    };
    if hides_budget {
        found.retain(|extension| !is_budget(extension));
    } else if !found.iter().any(is_budget) {
        found.push(budget());
    }
    // SAFETY: the caller's number, and its room for so many if there is any.
    unsafe { give(&found, count, out) }
}

/// Whether the driver itself tells budgets.
pub(super) fn driver_has_budget(table: &InstanceTable, physical: vk::PhysicalDevice) -> bool {
    of_driver(table, physical).is_ok_and(|found| found.iter().any(is_budget))
}

fn of_driver(
    table: &InstanceTable,
    physical: vk::PhysicalDevice,
) -> Result<Vec<vk::ExtensionProperties>, vk::Result> {
    loop {
        let mut count = 0;
        // SAFETY: a number to fill, and no room for more.
        let counted =
            unsafe { (table.enumerate_extensions)(physical, ptr::null(), &raw mut count, ptr::null_mut()) };
        if counted != vk::Result::SUCCESS {
            return Err(counted);
        }
        let mut found = vec![vk::ExtensionProperties::default(); count as usize];
        // SAFETY: room for as many as the number says.
        let filled = unsafe {
            (table.enumerate_extensions)(physical, ptr::null(), &raw mut count, found.as_mut_ptr())
        };
        match filled {
            vk::Result::SUCCESS => {
                found.truncate(count as usize);
                return Ok(found);
            }
            // There are more now than were counted.
            vk::Result::INCOMPLETE => {}
            error => return Err(error),
        }
    }
}

/// Answers as Vulkan's lists are answered: with their length, or with as many as there is room for.
///
/// # Safety
/// `count` is the caller's number; `out` is null or has room for as many.
unsafe fn give(
    found: &[vk::ExtensionProperties],
    count: *mut u32,
    out: *mut vk::ExtensionProperties,
) -> vk::Result {
    // SAFETY: as the caller says.
    unsafe {
        if out.is_null() {
            *count = found.len() as u32;
            return vk::Result::SUCCESS;
        }
        let given = found.len().min(*count as usize);
        ptr::copy_nonoverlapping(found.as_ptr(), out, given);
        *count = given as u32;
        if given < found.len() { vk::Result::INCOMPLETE } else { vk::Result::SUCCESS }
    }
}

fn is_budget(extension: &vk::ExtensionProperties) -> bool {
    extension.extension_name_as_c_str().is_ok_and(|name: &CStr| name == ext::memory_budget::NAME)
}

fn budget() -> vk::ExtensionProperties {
    let budget = vk::ExtensionProperties::default().spec_version(ext::memory_budget::SPEC_VERSION);
    // The name fits, as every extension's does.
    budget.extension_name(ext::memory_budget::NAME).unwrap_or(budget)
}
