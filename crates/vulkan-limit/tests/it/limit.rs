//! What is refused, and what comes back.

use ash::{ext, vk};
use vulkan_limit::LimitedDevice;

use crate::gpu::Gpu;
use crate::{MIB, gpu, on, skip};

const REFUSED: vk::Result = vk::Result::ERROR_OUT_OF_DEVICE_MEMORY;

#[test]
fn the_last_byte_is_given_and_the_next_refused() {
    on(LimitedDevice::builder(64 * MIB), "limit::the_last_byte_is_given_and_the_next_refused", |limited| {
        let gpu = Gpu::new();
        limited.require_programs().unwrap();
        let opened = gpu.open(&[]);
        let most = opened.allocate(60 * MIB).unwrap();
        assert_eq!(opened.allocate(4 * MIB + 1).unwrap_err(), REFUSED);
        let rest = opened.allocate(4 * MIB).unwrap();
        assert_eq!(opened.allocate(1).unwrap_err(), REFUSED);
        assert_eq!((limited.live().unwrap(), limited.peak().unwrap()), (64 * MIB, 64 * MIB));
        assert_eq!((limited.refused().unwrap(), limited.allocated().unwrap()), (2, 2));

        opened.free(most);
        opened.free(vk::DeviceMemory::null());
        assert_eq!(limited.live().unwrap(), 4 * MIB);
        let again = opened.allocate(60 * MIB).unwrap();
        opened.free(again);
        opened.free(rest);
        assert_eq!((limited.live().unwrap(), limited.peak().unwrap()), (0, 64 * MIB));
    });
}

#[test]
fn what_a_device_leaves_behind_goes_with_it() {
    on(LimitedDevice::builder(64 * MIB), "limit::what_a_device_leaves_behind_goes_with_it", |limited| {
        let gpu = Gpu::new();
        let opened = gpu.open(&[]);
        opened.allocate(40 * MIB).unwrap();
        assert_eq!(limited.live().unwrap(), 40 * MIB);
        drop(opened);
        assert_eq!(limited.live().unwrap(), 0);
    });
}

#[test]
fn a_limit_and_a_neighbour_move_while_the_program_runs() {
    on(
        LimitedDevice::builder(64 * MIB),
        "limit::a_limit_and_a_neighbour_move_while_the_program_runs",
        |limited| {
            let gpu = Gpu::new();
            let opened = gpu.open(&[]);
            let held = opened.allocate(10 * MIB).unwrap();
            limited.set_neighbour(50 * MIB).unwrap();
            assert_eq!(opened.allocate(5 * MIB).unwrap_err(), REFUSED);
            limited.set_neighbour(0).unwrap();
            limited.set_limit(5 * MIB).unwrap();
            assert_eq!(opened.allocate(1).unwrap_err(), REFUSED, "less than is held already");
            limited.set_limit(u64::MAX).unwrap();
            let rest = opened.allocate(54 * MIB).unwrap();
            assert_eq!(opened.allocate(1).unwrap_err(), REFUSED, "a limit does not grow past the heap");
            opened.free(rest);
            opened.free(held);
        },
    );
}

#[test]
fn a_budget_that_only_this_layer_has_can_be_asked_for() {
    let name = "limit::a_budget_that_only_this_layer_has_can_be_asked_for";
    on(LimitedDevice::builder(64 * MIB), name, |_| {
        let gpu = Gpu::new();
        assert!(gpu.has(ext::memory_budget::NAME));
        let opened = gpu.open(&[ext::memory_budget::NAME]);
        let memory = opened.allocate(MIB).unwrap();
        opened.free(memory);
    });
}

#[test]
fn without_its_limited_device_a_program_has_no_vulkan() {
    let name = "limit::without_its_limited_device_a_program_has_no_vulkan";
    // Here it looks for a device that is not there, and must not run without a limit instead.
    if std::env::var_os("VULKAN_LIMIT_FOLDER").is_some_and(|folder| folder == "nowhere") {
        return assert!(gpu::present().is_err());
    }
    if let Err(reason) = gpu::present() {
        return skip(name, &reason);
    }
    let limited = LimitedDevice::builder(64 * MIB).build().unwrap();
    let output = limited.test_command(name).unwrap().env("VULKAN_LIMIT_FOLDER", "nowhere").output().unwrap();
    let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}{told}");
    assert!(told.contains("vulkan-limit: nowhere"), "{told}");
}
