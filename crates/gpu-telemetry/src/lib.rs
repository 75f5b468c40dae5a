//! What memory a device has: monitors and samples, measured and never guessed.
//!
//! A [`MemoryMonitor`] gives a [`MemorySample`] each time it is asked. Every field of a sample is an `Option`: a platform
//! that cannot tell says so by its absence, and a sample that contradicts itself is an error instead of a number.
//!
//! # Monitors
//!
//! - [`HostMonitor`]: the host's memory as this process may use it. Limits of cgroups (containers, systemd slices) are
//!   honoured. For work on the CPU, and for GPUs whose memory is the host's.
//! - [`ScriptedMonitor`]: what it was told to say, for tests and simulations.
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
pub mod export;
mod identity;
mod leak;
mod monitor;
mod pool;
mod sample;
mod sampler;

pub use crate::bytes::ByteCount;
pub use crate::error::{TelemetryError, TelemetryErrorKind};
pub use crate::identity::{CardIdentity, PciAddress};
pub use crate::leak::{LeakCheck, LeakMeasure, LeakReport};
pub use crate::monitor::{CardVendor, DrmCard, DrmMonitor, drm_cards};
pub use crate::monitor::{HostMonitor, MemoryMonitor, ScriptedMonitor};
pub use crate::pool::PoolUsage;
pub use crate::sample::{MemorySample, MemorySampleBuilder, MemorySource};
pub use crate::sampler::{
    Crossing, Crossings, Level, Peak, Reading, Sampler, SamplerBuilder, Spread, Watermarks, Window, WorkMark,
    WorkReport,
};
