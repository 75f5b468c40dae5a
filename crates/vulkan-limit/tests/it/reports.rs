//! What a program is told.

use ash::ext;
use vulkan_limit::LimitedDevice;

use crate::gpu::Gpu;
use crate::{MIB, on};

#[test]
fn size_budget_and_use_match_what_is_refused() {
    on(LimitedDevice::builder(64 * MIB), "reports::size_budget_and_use_match_what_is_refused", |limited| {
        let gpu = Gpu::new();
        assert_eq!(gpu.heap(), (64 * MIB, 64 * MIB, 0));
        assert_eq!(gpu.memory().memory_heaps_as_slice()[0].size, 64 * MIB, "the older call agrees");
        let opened = gpu.open(&[]);
        let memory = opened.allocate(10 * MIB).unwrap();
        assert_eq!(gpu.heap(), (64 * MIB, 64 * MIB, 10 * MIB), "a budget has in it what is used");

        limited.set_neighbour(30 * MIB).unwrap();
        assert_eq!(gpu.heap(), (64 * MIB, 34 * MIB, 10 * MIB));
        limited.set_limit(50 * MIB).unwrap();
        assert_eq!(gpu.heap(), (64 * MIB, 20 * MIB, 10 * MIB));
        // Exactly what is left of the budget can be had.
        assert!(opened.allocate(10 * MIB + 1).is_err());
        opened.free(opened.allocate(10 * MIB).unwrap());

        limited.set_budget(MIB).unwrap();
        assert_eq!(gpu.heap(), (64 * MIB, MIB, 10 * MIB));
        opened.free(opened.allocate(10 * MIB).unwrap());
        opened.free(memory);
    });
}

#[test]
fn a_hidden_budget_is_neither_offered_nor_told() {
    let builder = LimitedDevice::builder(64 * MIB).hide_budget();
    on(builder, "reports::a_hidden_budget_is_neither_offered_nor_told", |_| {
        let gpu = Gpu::new();
        assert!(!gpu.has(ext::memory_budget::NAME));
        assert_eq!(gpu.heap().0, 64 * MIB);
    });
}

#[test]
fn what_spirv_needs_is_hidden_on_order_only() {
    on(LimitedDevice::builder(64 * MIB), "reports::what_spirv_needs_is_hidden_on_order_only", |_| {
        let seen = Gpu::new().spirv();
        assert_eq!(seen[..2], seen[2..], "both ways to ask");
        assert!(seen.contains(&true), "this driver has neither, and the other test shows nothing");
    });
}

#[test]
fn hidden_features_are_not_told_either_way() {
    let builder = LimitedDevice::builder(64 * MIB).hide_spirv();
    on(builder, "reports::hidden_features_are_not_told_either_way", |_| {
        assert_eq!(Gpu::new().spirv(), [false; 4]);
        // And a device opens all the same.
        drop(Gpu::new().open(&[]));
    });
}
