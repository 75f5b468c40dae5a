//! Several instances, devices and threads.

use vulkan_limit::LimitedDevice;

use crate::gpu::Gpu;
use crate::{MIB, on};

#[test]
fn threads_and_devices_never_get_more_than_there_is() {
    on(
        LimitedDevice::builder(16 * MIB),
        "threads::threads_and_devices_never_get_more_than_there_is",
        |limited| {
            let gpus = [Gpu::new(), Gpu::new()];
            let devices: Vec<_> = gpus.iter().flat_map(|gpu| [gpu.open(&[]), gpu.open(&[])]).collect();
            std::thread::scope(|scope| {
                for opened in &devices {
                    for _ in 0..2 {
                        scope.spawn(|| {
                            for round in 1..100 {
                                let (one, other) = (opened.allocate(3 * MIB), opened.allocate(round * 4096));
                                for memory in one.into_iter().chain(other) {
                                    opened.free(memory);
                                }
                            }
                        });
                    }
                }
            });
            assert_eq!(limited.live().unwrap(), 0);
            assert!(limited.peak().unwrap() <= 16 * MIB, "{}", limited.peak().unwrap());
            let tries = limited.allocated().unwrap() + limited.refused().unwrap();
            assert_eq!(tries, 4 * 2 * 99 * 2);
        },
    );
}

#[test]
fn instances_come_and_go() {
    on(LimitedDevice::builder(16 * MIB), "threads::instances_come_and_go", |limited| {
        for round in 1..=10 {
            let (first, second) = (Gpu::new(), Gpu::new());
            let opened = first.open(&[]);
            let memory = opened.allocate(16 * MIB).unwrap();
            assert_eq!(second.heap().2, 16 * MIB, "round {round}");
            opened.free(memory);
            assert_eq!((limited.live().unwrap(), limited.programs().unwrap()), (0, 1));
        }
    });
}
