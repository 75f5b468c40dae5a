//! Devices that are lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gpu_telemetry::{MemoryMonitor, TelemetryErrorKind, WgpuMonitor};
use vulkan_limit::LimitedDevice;

use super::gpu::{MIB, at_once, buffer, on_limited, open};

#[test]
fn a_lost_device_is_told_and_a_new_one_is_watched() {
    let name = "loss::a_lost_device_is_told_and_a_new_one_is_watched";
    on_limited(LimitedDevice::builder(256 * MIB), name, |limited, adapter| {
        let (device, queue) = open(adapter);
        let card = WgpuMonitor::new(adapter).unwrap();
        let watched = WgpuMonitor::new(adapter).unwrap().with_device(&device);
        watched.sample().unwrap();

        limited.lose_device().unwrap();
        queue.write_buffer(&buffer(&device, 256), 0, &[1; 256]);
        queue.submit([]);
        let error = watched.sample().unwrap_err();
        assert_eq!(error.kind(), TelemetryErrorKind::Lost);
        assert!(error.to_string().contains(watched.name()), "{error}");
        card.sample().unwrap();

        let (next, _queue) = open(adapter);
        WgpuMonitor::new(adapter).unwrap().with_device(&next).sample().unwrap();
    });
}

#[test]
fn an_upload_that_is_refused_loses_wgpus_device_and_not_the_card() {
    let name = "loss::an_upload_that_is_refused_loses_wgpus_device_and_not_the_card";
    on_limited(LimitedDevice::builder(256 * MIB), name, |limited, adapter| {
        let (device, queue) = open(adapter);
        let monitor = WgpuMonitor::new(adapter).unwrap().with_device(&device);
        let lost = Arc::new(AtomicBool::new(false));
        device.set_device_lost_callback({
            let lost = Arc::clone(&lost);
            move |_, _| lost.store(true, Ordering::Release)
        });
        let target = buffer(&device, 256);
        limited.fail_next_upload().unwrap();
        let scope = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        queue.write_buffer(&target, 0, &[1; 256]);
        assert!(matches!(at_once(scope.pop()), Some(wgpu::Error::OutOfMemory { .. })));
        assert_eq!((limited.refused_uploads().unwrap(), lost.load(Ordering::Acquire)), (1, true));
        monitor.sample().unwrap();
    });
}
