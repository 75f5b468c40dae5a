//! The layer under Vulkan's own calls, on whatever driver there is.

// A test that cannot get what it needs should fail where it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unsafe_code)]

mod gpu;
mod limit;
mod orders;
mod reports;
mod sharing;
mod threads;

use vulkan_limit::{LimitedDevice, LimitedDeviceBuilder, skip};

const MIB: u64 = 1 << 20;

/// Runs `inside` on a limited device: here it makes the device and runs the test `name` again, there it is called.
fn on(builder: LimitedDeviceBuilder, name: &str, inside: impl FnOnce(&LimitedDevice)) {
    if let Some(device) = LimitedDevice::of_test(name).unwrap() {
        return inside(&device);
    }
    if let Err(reason) = gpu::present() {
        return skip(name, &reason);
    }
    builder.build().unwrap().run_test(name).unwrap_or_else(|error| panic!("{error}"));
}
