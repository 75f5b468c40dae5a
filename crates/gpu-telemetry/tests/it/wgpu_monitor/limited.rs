//! With the layer: budgets and use that are known to the byte.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gpu_telemetry::{ByteCount, MemoryMonitor, MemorySample, MemorySource, WgpuMonitor};
use vulkan_limit::LimitedDevice;

use super::gpu::{BLOCK, MIB, buffer, is_refused, on_limited, open, settle};
use crate::conformance::{check, consistent};

const TOTAL: u64 = 512 * MIB;

fn bytes(of: Option<ByteCount>) -> u64 {
    of.unwrap().get()
}

#[test]
fn a_limited_device_conforms() {
    on_limited(LimitedDevice::builder(TOTAL), "limited::a_limited_device_conforms", |limited, adapter| {
        let monitor: Arc<dyn MemoryMonitor> = Arc::new(WgpuMonitor::new(adapter).unwrap());
        check(&monitor);
        let sample = monitor.sample().unwrap();
        assert_eq!(sample.source(), Some(MemorySource::VulkanBudget));
        assert_eq!(
            (bytes(sample.total()), bytes(sample.budget()), bytes(sample.process_used())),
            (TOTAL, TOTAL, 0)
        );
        assert_eq!(sample.headroom(), sample.total());
        limited.set_limit(0).unwrap();
        limited.set_neighbour(u64::MAX).unwrap();
        check(&monitor);
        assert_eq!(monitor.sample().unwrap().headroom().unwrap().get(), 1, "the least budget that there is");
    });
}

#[test]
fn a_buffer_moves_what_this_process_uses_and_its_end_moves_it_back() {
    let name = "limited::a_buffer_moves_what_this_process_uses_and_its_end_moves_it_back";
    on_limited(LimitedDevice::builder(TOTAL), name, |limited, adapter| {
        let monitor = WgpuMonitor::new(adapter).unwrap();
        let (device, queue) = open(adapter);
        let used = || bytes(monitor.sample().unwrap().process_used());
        // One buffer in a block of the allocator's, and one in a block of its own.
        for size in [16 * MIB, 100 * MIB] {
            let before = used();
            let held = buffer(&device, size);
            let during = used();
            assert!((size..=size + BLOCK).contains(&(during - before)), "{size}: {before} to {during}");
            assert_eq!(during, limited.live().unwrap(), "what the driver gave");
            drop(held);
            settle(&device);
            assert!(used() <= before + BLOCK, "{size}: {before} to {}", used());
        }
        drop((device, queue));
        assert_eq!(used(), 0);
    });
}

#[test]
fn a_neighbour_shows_in_what_is_free_and_not_in_what_this_process_uses() {
    let name = "limited::a_neighbour_shows_in_what_is_free_and_not_in_what_this_process_uses";
    on_limited(LimitedDevice::builder(TOTAL), name, |limited, adapter| {
        let monitor = WgpuMonitor::new(adapter).unwrap();
        let (device, _queue) = open(adapter);
        let _held = buffer(&device, 100 * MIB);
        let before = monitor.sample().unwrap();
        limited.set_neighbour(200 * MIB).unwrap();
        let during = monitor.sample().unwrap();
        assert_eq!(bytes(before.free()) - bytes(during.free()), 200 * MIB);
        assert_eq!(bytes(before.headroom()) - bytes(during.headroom()), 200 * MIB);
        assert_eq!(during.process_used(), before.process_used());
        assert_eq!(during.total(), before.total());
        limited.set_neighbour(0).unwrap();
        assert_eq!(monitor.sample().unwrap(), before);
    });
}

#[test]
fn a_budget_that_shrinks_shows_at_once() {
    on_limited(
        LimitedDevice::builder(TOTAL),
        "limited::a_budget_that_shrinks_shows_at_once",
        |limited, adapter| {
            let monitor = WgpuMonitor::new(adapter).unwrap();
            let (device, _queue) = open(adapter);
            let _held = buffer(&device, 100 * MIB);
            for budget in [300 * MIB, 150 * MIB, 50 * MIB, 400 * MIB] {
                limited.set_budget(budget).unwrap();
                let sample = monitor.sample().unwrap();
                let used = bytes(sample.process_used());
                assert!(used >= 100 * MIB);
                assert_eq!((bytes(sample.budget()), bytes(sample.total())), (budget, TOTAL));
                assert_eq!(bytes(sample.headroom()), budget.saturating_sub(used), "{sample:?}");
            }
        },
    );
}

#[test]
fn what_is_free_can_be_had_and_more_is_refused() {
    let name = "limited::what_is_free_can_be_had_and_more_is_refused";
    on_limited(LimitedDevice::builder(TOTAL), name, |limited, adapter| {
        let monitor = WgpuMonitor::new(adapter).unwrap();
        let (device, _queue) = open(adapter);
        limited.set_limit(200 * MIB).unwrap();
        // Large enough for blocks of their own, and of a size that every driver takes as it is.
        let free = bytes(monitor.sample().unwrap().free()) / MIB * MIB;
        assert!(is_refused(&device, free + MIB));
        assert!(limited.refused().unwrap() > 0);
        assert!(!is_refused(&device, free));
        settle(&device);
        assert!(limited.peak().unwrap() <= 200 * MIB);
    });
}

#[test]
fn without_a_budget_the_heap_is_known_and_what_the_device_holds() {
    let name = "limited::without_a_budget_the_heap_is_known_and_what_the_device_holds";
    on_limited(LimitedDevice::builder(TOTAL).hide_budget(), name, |limited, adapter| {
        let (device, _queue) = open(adapter);
        let held = buffer(&device, 100 * MIB);
        let sample = WgpuMonitor::new(adapter).unwrap().sample().unwrap();
        let heap_alone =
            MemorySample::builder().total(ByteCount::new(TOTAL)).source(MemorySource::VulkanHeapSize);
        assert_eq!(sample, heap_alone.build().unwrap());

        let monitor = WgpuMonitor::new(adapter).unwrap().with_device(&device);
        assert_eq!(bytes(monitor.sample().unwrap().process_used()), limited.live().unwrap());
        drop(held);
        settle(&device);
        assert!(bytes(monitor.sample().unwrap().process_used()) <= BLOCK);
    });
}

#[test]
fn no_sample_contradicts_itself_while_everything_moves() {
    let name = "limited::no_sample_contradicts_itself_while_everything_moves";
    on_limited(LimitedDevice::builder(TOTAL), name, |limited, adapter| {
        let (device, _queue) = open(adapter);
        let monitor = WgpuMonitor::new(adapter).unwrap().with_device(&device);
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0..60 {
                    let _buffers =
                        [8 * MIB, round * MIB, 40 * MIB].map(|size| is_refused(&device, size.max(MIB)));
                    limited.set_neighbour(round % 5 * 100 * MIB).unwrap();
                    limited.set_limit((round % 7 + 1) * 73 * MIB).unwrap();
                    settle(&device);
                }
                over.store(true, Ordering::Release);
            });
            let mut samples = 0;
            while !over.load(Ordering::Acquire) || samples < 100 {
                consistent(&monitor.sample().unwrap());
                samples += 1;
            }
        });
    });
}
