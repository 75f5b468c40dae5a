//! What memory a device has: monitors and samples, measured and never guessed.
//!
//! A [`MemoryMonitor`] gives a [`MemorySample`] each time it is asked. Every field of a sample is an `Option`: a platform
//! that cannot tell says so by its absence, and a sample that contradicts itself is an error instead of a number.
//!
//! # Monitors
//!
//! - [`HostMonitor`]: the host's memory as this process may use it. Limits of cgroups (containers, systemd slices) are
//!   honoured. For work on the CPU, and for GPUs whose memory is the host's.
//! - `WgpuMonitor` (feature `wgpu`): what a card's graphics API tells through a wgpu adapter, on any system. The budget of
//!   this process and what it uses; not what everyone uses.
//! - [`ScriptedMonitor`]: what it was told to say, for tests and simulations.
//!
//! ## `WgpuMonitor`, by platform
//!
//! | platform | comes from | does not include | shown by |
//! |---|---|---|---|
//! | Linux and Windows, Vulkan | `VK_EXT_memory_budget` of the device's largest own heap; without it the heap's size alone, and what a device's allocator reserved | what everyone uses; memory of the host that the card reads | tests on Mesa's driver in software, 22.3 (without the extension) and 25.0 (with it), bare and under a layer that makes budgets and losses exact; on no card yet |
//! | Windows, DirectX 12 | `IDXGIAdapter3::QueryVideoMemoryInfo`, local segment group | what everyone uses; the size of a card without memory of its own | type-checked for Windows, never run |
//! | macOS, Metal | `recommendedMaxWorkingSetSize` and `currentAllocatedSize` | total, free, what other programs take | type-checked for macOS, never run |
//!
//! # When not to use this crate
//!
//! To watch temperature, power or utilisation, or to draw graphs of a whole machine: this crate answers one question, how
//! much memory there is for this process, now.
//!
//! # Example
//!
//! ```
//! use gpu_telemetry::{HostMonitor, MemoryMonitor};
//!
//! # fn main() -> Result<(), gpu_telemetry::TelemetryError> {
//! # if !std::path::Path::new("/proc/meminfo").exists() { return Ok(()); }
//! let sample = HostMonitor::new().sample()?;
//! if let Some(headroom) = sample.headroom() {
//!     println!("{headroom} for new work");
//! }
//! # Ok(())
//! # }
//! ```

mod bytes;
mod error;
mod identity;
mod monitor;
mod pool;
mod sample;

pub use crate::bytes::ByteCount;
pub use crate::error::{TelemetryError, TelemetryErrorKind};
pub use crate::identity::{CardIdentity, PciAddress};
#[cfg(all(feature = "wgpu", not(target_family = "wasm")))]
pub use crate::monitor::WgpuMonitor;
pub use crate::monitor::{HostMonitor, MemoryMonitor, ScriptedMonitor};
pub use crate::pool::PoolUsage;
pub use crate::sample::{MemorySample, MemorySampleBuilder, MemorySource};
