//! Adapters, devices and buffers of wgpu for tests.

use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use vulkan_limit::{LimitedDevice, LimitedDeviceBuilder, skip};

pub(super) const MIB: u64 = 1 << 20;

/// Held while a test has instances: Vulkan's loader crashes when several threads make or drop them at once.
static INSTANCES: Mutex<()> = Mutex::new(());

/// Calls `inside` with each adapter that Vulkan has here.
pub(super) fn on_each_adapter(test: &str, inside: impl Fn(&wgpu::Adapter)) {
    let _one_at_a_time = INSTANCES.lock().unwrap_or_else(PoisonError::into_inner);
    let adapters = adapters(wgpu::Backends::VULKAN);
    if adapters.is_empty() {
        return skip(test, "Vulkan has no device");
    }
    adapters.iter().for_each(inside);
}

/// Calls `inside` with an adapter on a limited device: here it makes the device and runs the test `name` of this module
/// again, there it is called.
pub(super) fn on_limited(
    builder: LimitedDeviceBuilder,
    name: &str,
    inside: impl FnOnce(&LimitedDevice, &wgpu::Adapter),
) {
    let _one_at_a_time = INSTANCES.lock().unwrap_or_else(PoisonError::into_inner);
    let name = &format!("wgpu_monitor::{name}");
    let found = adapters(wgpu::Backends::VULKAN).into_iter().next();
    if let Some(limited) = LimitedDevice::of_test(name).unwrap() {
        limited.require_programs().unwrap();
        return inside(
            &limited,
            &found.expect("there is no adapter with the layer, and there is one without"),
        );
    }
    if found.is_none() {
        return skip(name, "Vulkan has no device");
    }
    let limited = builder.build().unwrap();
    limited.run_test(name).unwrap_or_else(|error| panic!("{error}"));
}

/// The adapters of some APIs.
pub(super) fn adapters(backends: wgpu::Backends) -> Vec<wgpu::Adapter> {
    let descriptor =
        wgpu::InstanceDescriptor { backends, ..wgpu::InstanceDescriptor::new_without_display_handle() };
    at_once(wgpu::Instance::new(descriptor).enumerate_adapters(backends))
}

/// Opens a device whose allocator takes small blocks, as the framework's does.
pub(super) fn open(adapter: &wgpu::Adapter) -> (wgpu::Device, wgpu::Queue) {
    let descriptor = wgpu::DeviceDescriptor {
        required_limits: adapter.limits(),
        memory_hints: wgpu::MemoryHints::MemoryUsage,
        ..wgpu::DeviceDescriptor::default()
    };
    at_once(adapter.request_device(&descriptor)).unwrap()
}

/// The most that such a device's allocator takes for something small.
pub(super) const BLOCK: u64 = 64 * MIB;

/// A buffer on the device.
pub(super) fn buffer(device: &wgpu::Device, size: u64) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size,
        usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

/// Whether a buffer is refused for want of memory.
pub(super) fn is_refused(device: &wgpu::Device, size: u64) -> bool {
    let scope = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    drop(buffer(device, size));
    matches!(at_once(scope.pop()), Some(wgpu::Error::OutOfMemory { .. }))
}

/// Waits until what was dropped is gone.
pub(super) fn settle(device: &wgpu::Device) {
    device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
}

/// What a future of wgpu gives.
pub(super) fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("wgpu's futures are ready at once outside browsers"),
    }
}
