//! Samples for other programs: as text for Prometheus, as lines of JSON, and to the `metrics` facade.

mod gauge;
mod json;
mod prometheus;
#[cfg(feature = "metrics")]
mod recorder;

pub use self::json::json_line;
pub use self::prometheus::prometheus;
#[cfg(feature = "metrics")]
pub use self::recorder::{describe, record};
use crate::error::TelemetryError;
use crate::identity::CardIdentity;
use crate::monitor::MemoryMonitor;
use crate::sample::MemorySample;

/// What a monitor of a device said, with what tells the device from others.
#[derive(Clone, Debug)]
pub struct DeviceReading {
    /// The device's name.
    pub device: String,
    /// Which card it is, where it is one.
    pub identity: Option<CardIdentity>,
    /// Whether it is the host and no card: its numbers have names of their own, so that a sum over cards leaves them out.
    pub is_host: bool,
    /// What the monitor said.
    pub outcome: Result<MemorySample, TelemetryError>,
}

impl DeviceReading {
    /// Asks a monitor now.
    pub fn take(monitor: &(impl MemoryMonitor + ?Sized)) -> Self {
        DeviceReading::of(monitor, monitor.sample())
    }

    /// What a monitor said before, such as the latest of a sampler.
    pub fn of(
        monitor: &(impl MemoryMonitor + ?Sized),
        outcome: Result<MemorySample, TelemetryError>,
    ) -> Self {
        DeviceReading {
            device: monitor.name().to_owned(),
            identity: monitor.identity(),
            is_host: monitor.is_host(),
            outcome,
        }
    }

    /// With another name for the device.
    #[must_use]
    pub fn named(mut self, device: impl Into<String>) -> Self {
        self.device = device.into();
        self
    }

    /// The device's address on the PCI bus, as text.
    fn pci(&self) -> Option<String> {
        Some(self.identity?.pci?.to_string())
    }
}
