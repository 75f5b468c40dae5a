//! The layer under Vulkan's own calls, on whatever driver there is.

// A test that cannot get what it needs should fail where it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unsafe_code)]

mod gpu;
mod limit;
mod orders;
mod reports;
mod sharing;
mod threads;

use std::io::Write;

use vulkan_limit::{LimitedDevice, LimitedDeviceBuilder};

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

/// Tells that a test could not run.
fn skip(test: &str, reason: &str) {
    let line = format!("SKIPPED-WGPU: {test}: {reason}");
    assert!(std::env::var("SEMANTIK_REQUIRE_WGPU").as_deref() != Ok("1"), "{line}");
    eprintln!("{line}");
    if let Some(log) = std::env::var_os("SEMANTIK_SKIP_LOG") {
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        writeln!(log, "{line}").unwrap();
    }
}
