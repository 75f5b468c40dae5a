//! Failures on order.

use ash::vk::{self, BufferUsageFlags};
use vulkan_limit::LimitedDevice;

use crate::gpu::Gpu;
use crate::{MIB, on};

#[test]
fn the_nth_allocation_fails_and_the_next_does_not() {
    on(
        LimitedDevice::builder(64 * MIB),
        "orders::the_nth_allocation_fails_and_the_next_does_not",
        |limited| {
            let gpu = Gpu::new();
            let opened = gpu.open(&[]);
            limited.fail_after(3).unwrap();
            let results: Vec<bool> = (0..5).map(|_| opened.allocate(4096).is_ok()).collect();
            assert_eq!(results, [true, true, false, true, true]);
            limited.fail_after(1).unwrap();
            limited.fail_after(0).unwrap();
            assert!(opened.allocate(4096).is_ok(), "the order was taken back");
            assert_eq!(limited.refused().unwrap(), 1);
        },
    );
}

#[test]
fn one_upload_fails_and_other_buffers_do_not() {
    on(LimitedDevice::builder(64 * MIB), "orders::one_upload_fails_and_other_buffers_do_not", |limited| {
        let gpu = Gpu::new();
        let opened = gpu.open(&[]);
        limited.fail_next_upload().unwrap();
        opened.buffer(BufferUsageFlags::STORAGE_BUFFER | BufferUsageFlags::TRANSFER_SRC).unwrap();
        opened.buffer(BufferUsageFlags::TRANSFER_DST).unwrap();
        let refused = opened.buffer(BufferUsageFlags::TRANSFER_SRC).unwrap_err();
        assert_eq!(refused, vk::Result::ERROR_OUT_OF_DEVICE_MEMORY);
        opened.buffer(BufferUsageFlags::TRANSFER_SRC).unwrap();
        assert_eq!((limited.refused_uploads().unwrap(), limited.refused().unwrap()), (1, 0));
    });
}

#[test]
fn a_lost_device_stays_lost_and_a_new_one_works() {
    on(LimitedDevice::builder(64 * MIB), "orders::a_lost_device_stays_lost_and_a_new_one_works", |limited| {
        let gpu = Gpu::new();
        let (first, second) = (gpu.open(&[]), gpu.open(&[]));
        first.submit().unwrap();
        limited.lose_device().unwrap();
        for _ in 0..2 {
            assert_eq!(first.submit().unwrap_err(), vk::Result::ERROR_DEVICE_LOST);
        }
        second.submit().unwrap();
        drop(first);
        gpu.open(&[]).submit().unwrap();
    });
}
