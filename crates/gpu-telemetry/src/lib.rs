//! What memory a device has: monitors, samples and peaks, measured and never guessed.
//!
//! A [`MemoryMonitor`] gives a [`MemorySample`] each time it is asked. Every field of a sample is an `Option`: a platform
//! that cannot tell says so by its absence, and a sample that contradicts itself is an error instead of a number.
//! Everything here is `Send + Sync`.
//!
//! ```
//! for card in gpu_telemetry::cards()? {
//!     println!("{card}: {:?}", card.sample()?);
//! }
//! # Ok::<(), gpu_telemetry::TelemetryError>(())
//! ```
//!
//! # Parts, and when to use them
//!
//! [`cards`] lists the host and every card, whichever library knows it; [`Discovery`] says where to look, and each [`Card`] has
//! its memory and [who uses it](Card::processes).
//!
//! Monitors, of which one belongs to a device:
//!
//! - [`HostMonitor`]: the host's memory as this process may use it. Limits of cgroups (containers, systemd slices) are
//!   honoured. For work on the CPU, and for GPUs whose memory is the host's.
//! - [`DrmMonitor`]: a card of AMD or Intel on Linux, as the kernel's driver tells of it; [`drm_cards`] lists what there
//!   is. Needs no library. For NVIDIA's own driver the kernel tells nothing.
//! - `CudaMonitor` (feature `nvml`, on by default): a card of NVIDIA, or an instance of one in MIG mode, as the management
//!   library of its driver tells. Its page has where each field comes from and what it leaves out on each platform.
//! - `WgpuMonitor` (feature `wgpu`): what a card's graphics API tells through a wgpu adapter, on any system. The budget of
//!   this process and what it uses; not what everyone uses.
//! - [`Joined`]: two of them for one card, its driver's and a graphics API's.
//! - [`ScriptedMonitor`]: what it was told to say, for tests and simulations.
//!
//! What is made of samples:
//!
//! - [`Sampler`]: asks any monitor at an interval, on a thread of its own, and remembers. For peaks of a piece of work, spreads
//!   over a window, to be told when memory gets short, and where a driver that hangs must hold up nobody.
//! - [`LeakCheck`]: whether memory came back after something was unloaded.
//! - [`export`]: samples for Prometheus, as JSON, or to the `metrics` facade (feature `metrics`).
//!
//! Words they share: [`ByteCount`], an amount that reads and shows itself in both systems of units; [`CardIdentity`], which
//! card a device is, whoever asks; [`PoolUsage`], what a framework's own allocator holds.
//!
//! # Where each number comes from
//!
//! [`MemorySample::source`] says which row it is. What no column names is absent.
//!
//! | source | total | used | free | budget | `process_used` |
//! |---|---|---|---|---|---|
//! | [`Host`](MemorySource::Host) (Linux) | `MemTotal`, or the tightest cgroup's limit | total − free | `MemAvailable` and what ZFS's cache has above its minimum, or what that cgroup has left | that limit: the least of `memory.max` and `memory.high`, or of version 1's | resident memory |
//! | [`HostEstimated`](MemorySource::HostEstimated) | the same | the same | `MemFree` and what can be reclaimed, less what the kernel keeps | the same | the same |
//! | [`Nvml`](MemorySource::Nvml) | `nvmlDeviceGetMemoryInfo_v2`, or a cgroup's limit | total − free | the same call, and file cache where the card is a NUMA node | cgroup, multi-process service | NVML's lists |
//! | [`NvmlV1`](MemorySource::NvmlV1) | the first version of that call | the same | the same | the same | the same |
//! | [`NvmlUnified`](MemorySource::NvmlUnified) | as the host | as the host | as the host | as the host, multi-process service | NVML's lists |
//! | [`Sysfs`](MemorySource::Sysfs) (Linux: amdgpu) | VRAM, or that of a partition | VRAM in use | total − used | | VRAM of fdinfo, or of KFD |
//! | [`Fdinfo`](MemorySource::Fdinfo) (Linux: i915, xe) | where the kernel states it | | | | own memory of fdinfo |
//! | [`DrmUnified`](MemorySource::DrmUnified) (Linux, inside the processor) | AMD: GTT; Intel: as the host | AMD: GTT in use; Intel: as the host | the same, at most what the host has available | Intel: as the host | host memory of fdinfo |
//!
//! What they do not include:
//!
//! - `free` of the host counts what the kernel would take back: file cache, slabs, ZFS's cache; and no swap.
//! - `used` of a card includes what driver, firmware and other processes hold; `process_used` does not, and counts memory
//!   that two openings of a card share twice. What ROCm holds is in it outside of containers.
//! - Resident memory counts pages that are shared with other processes in each of them.
//! - `process_used` that is more than the total is dropped, whichever monitor it is of.
//! - Of a card of Intel with memory of its own, and of a partition on most kernels, nobody tells what everyone uses.
//! - A limit that was set in the multi-process service itself is seen only where this process computes on the card already.
//!
//! What is absent says why, as far as that is known: [`MemorySample::why`].
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
mod cards;
mod error;
pub mod export;
#[cfg(feature = "nvml")]
mod files;
mod identity;
mod leak;
mod monitor;
mod pool;
mod sample;
mod sampler;
#[cfg(feature = "nvml")]
mod visible;

pub use crate::bytes::ByteCount;
pub use crate::cards::{Card, CardKind, Discovery, cards};
pub use crate::error::{TelemetryError, TelemetryErrorKind};
pub use crate::identity::{CardIdentity, PciAddress};
pub use crate::leak::{LeakCheck, LeakMeasure, LeakReport};
#[cfg(all(feature = "wgpu", not(target_family = "wasm")))]
pub use crate::monitor::WgpuMonitor;
pub use crate::monitor::{CardVendor, DrmCard, DrmMonitor, drm_cards};
pub use crate::monitor::{DeviceProcess, HostMonitor, Joined, MemoryMonitor, ProcessKind, ScriptedMonitor};
pub use crate::pool::PoolUsage;
pub use crate::sample::{Field, MemorySample, MemorySampleBuilder, MemorySource, Reason};
pub use crate::sampler::{
    Crossing, Crossings, Level, Peak, Reading, Sampler, SamplerBuilder, Spread, Watermarks, Window, WorkMark,
    WorkReport, stale_after,
};

#[cfg(feature = "nvml")]
pub use crate::files::DriverFiles;
#[cfg(feature = "nvml")]
pub use crate::monitor::{CudaMonitor, NvmlLibrary};
#[cfg(feature = "nvml")]
pub use crate::visible::{CardOrder, VisibleCard, VisibleCards};
