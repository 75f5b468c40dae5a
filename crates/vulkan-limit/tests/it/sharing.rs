//! Several processes on one device.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use vulkan_limit::LimitedDevice;

use crate::gpu::Gpu;
use crate::{MIB, gpu, skip};

const NAME: &str = "sharing::processes_share_one_limit_and_a_killed_ones_bytes_come_back";
/// Set for the process that holds; the other takes.
const HOLDS: &str = "VULKAN_LIMIT_TEST_HOLDS";
const READY: &str = "holding";

#[test]
fn processes_share_one_limit_and_a_killed_ones_bytes_come_back() {
    if LimitedDevice::of_test(NAME).unwrap().is_some() {
        return if std::env::var_os(HOLDS).is_some() { hold_until_killed() } else { take() };
    }
    if let Err(reason) = gpu::present() {
        return skip(NAME, &reason);
    }
    let limited = LimitedDevice::builder(64 * MIB).build().unwrap();
    let mut holder = start_holder(&limited);
    assert_eq!(limited.live().unwrap(), 40 * MIB);
    assert_eq!(limited.live_of(holder.id()).unwrap(), 40 * MIB);
    assert_eq!(limited.programs().unwrap(), 1);

    // 40 of 64 are held: 40 more are refused, and after the holder's end given.
    assert!(limited.run_test(NAME).is_err());
    assert_eq!(limited.refused().unwrap(), 1);
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!((limited.live().unwrap(), limited.programs().unwrap()), (0, 0));
    limited.run_test(NAME).unwrap();
    assert_eq!((limited.live().unwrap(), limited.peak().unwrap()), (0, 40 * MIB));
}

fn start_holder(limited: &LimitedDevice) -> Child {
    let mut command = limited.test_command(NAME).unwrap();
    command.env(HOLDS, "1").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut holder = command.spawn().unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with(READY)), "the holder ended before it held anything");
    holder
}

#[allow(clippy::print_stdout)]
fn hold_until_killed() {
    let gpu = Gpu::new();
    let opened = gpu.open(&[]);
    opened.allocate(40 * MIB).unwrap();
    println!("{READY}");
    // Ends with the test that started it, if that fails before it kills this one.
    std::io::stdin().lines().for_each(drop);
}

/// Fails where there is no room, as the driver said before.
fn take() {
    let gpu = Gpu::new();
    let before = gpu.heap();
    let taken = gpu.open(&[]).allocate(40 * MIB);
    let left = before.1 - before.2;
    assert_eq!(taken.is_ok(), left >= 40 * MIB, "what was told is what happened");
    taken.unwrap();
}
