//! A Vulkan layer that gives any device a small memory, for tests of what happens at its end.
//!
//! Drivers in software never refuse an allocation, and a real card is full only after gigabytes. With this layer between a
//! program and its driver, any device has the memory that a test wants: allocations past a limit fail with the error that
//! a full card gives, size, budget and use are reported to match, and a neighbour comes and goes. The program itself is
//! not touched, so what is tested is the real thing from Vulkan upwards.
//!
//! - As a library of Rust: [`LimitedDevice`] makes such a device and steers it while programs run.
//! - As a library of C: the layer, which Vulkan's loader puts into the programs that have the device's environment.
//!
//! ```no_run
//! # fn main() -> std::io::Result<()> {
//! let device = vulkan_limit::LimitedDevice::builder(256 << 20).build()?;
//! let mut program = std::process::Command::new("vulkaninfo").envs(device.environment()).spawn()?;
//! device.set_neighbour(64 << 20)?;
//! program.wait()?;
//! println!("{} bytes at most, {} refused", device.peak()?, device.refused()?);
//! # Ok(())
//! # }
//! ```
//!
//! # What is limited
//!
//! The memory types that lie in a heap of the device: its own memory on a card, all of it on a driver in software. Every
//! such heap has the limited size, and all of them share it, as all devices of the machine do. Memory of the host beside
//! a card is counted for [`LimitedDevice::fail_after`] and not limited.
//!
//! Reported to a process are its own use, and as its budget the limit less what others hold, a neighbour and the other
//! processes: what drivers do that know what is free. A driver without `VK_EXT_memory_budget` has it under the layer.
//!
//! # When not to use it
//!
//! For speed: each allocation locks and writes a small file. For drivers that evict memory instead of refusing it: that is
//! not imitated.

mod control;
mod layer;
mod library;
mod limited_device;
mod skip;

pub use crate::library::library;
pub use crate::limited_device::{LimitedDevice, LimitedDeviceBuilder};
pub use crate::skip::skip;
