//! [`MemoryMonitor`]: what gives samples.

mod dmem;
mod drm;
mod host;
mod joined;
#[cfg(feature = "nvml")]
mod nvml;
mod process;
mod scripted;
#[cfg(all(feature = "wgpu", not(target_family = "wasm")))]
mod wgpu;

use std::fmt::Debug;
use std::sync::Arc;

pub use self::drm::{CardVendor, DrmCard, DrmMonitor, drm_cards};
pub use self::host::HostMonitor;
pub use self::joined::Joined;
#[cfg(feature = "nvml")]
pub use self::nvml::{CudaMonitor, NvmlLibrary};
pub use self::process::{DeviceProcess, ProcessKind};
pub use self::scripted::ScriptedMonitor;
#[cfg(all(feature = "wgpu", not(target_family = "wasm")))]
pub use self::wgpu::WgpuMonitor;
use crate::error::TelemetryError;
use crate::identity::CardIdentity;
use crate::sample::MemorySample;

/// Gives a device's memory as it is now. May be asked from any thread, at any time.
pub trait MemoryMonitor: Send + Sync + Debug {
    /// What is watched, for people: `host`, or a card's name.
    fn name(&self) -> &str;

    /// The memory now.
    ///
    /// # Errors
    /// The source cannot be read, or contradicts itself.
    fn sample(&self) -> Result<MemorySample, TelemetryError>;

    /// Which card it watches, where it is a card and can be told from others.
    fn identity(&self) -> Option<CardIdentity> {
        None
    }

    /// Whether it watches the host itself, and no card.
    fn is_host(&self) -> bool {
        false
    }

    /// Who uses the device, the greediest first: every process of which driver or system tell, which need not be all.
    ///
    /// # Errors
    /// Nothing tells who uses this device ([`Absent`](crate::TelemetryErrorKind::Absent)), which is not the same as nobody; or
    /// the source fails.
    fn processes(&self) -> Result<Vec<DeviceProcess>, TelemetryError> {
        Err(TelemetryError::absent(format!("{}: nothing here tells which processes use it", self.name())))
    }
}

macro_rules! forward_monitor {
    ($($pointer:ty),+) => {$(
        impl<M: MemoryMonitor + ?Sized> MemoryMonitor for $pointer {
            fn name(&self) -> &str {
                (**self).name()
            }

            fn sample(&self) -> Result<MemorySample, TelemetryError> {
                (**self).sample()
            }

            fn identity(&self) -> Option<CardIdentity> {
                (**self).identity()
            }

            fn is_host(&self) -> bool {
                (**self).is_host()
            }

            fn processes(&self) -> Result<Vec<DeviceProcess>, TelemetryError> {
                (**self).processes()
            }
        }
    )+};
}
forward_monitor!(&M, Box<M>, Arc<M>);
