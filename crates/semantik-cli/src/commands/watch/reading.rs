//! [`Reading`]: what a device's monitor said, once.

use std::fmt;
use std::time::Duration;

use semantik::gpu_telemetry::{MemorySample, TelemetryError, TelemetryErrorKind};

use super::words;
use crate::text::one_line;

/// A sample, or why there is none.
pub(super) type Reading = Result<MemorySample, Trouble>;

/// Why there is no sample.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// The monitor said so.
    Failed(TelemetryError),
    /// The monitor has been silent for this long.
    Silent(Duration),
}

impl Trouble {
    /// Whether the device is no longer there.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self, Trouble::Failed(error) if error.kind() == TelemetryErrorKind::Lost)
    }

    /// The same in the words of whoever reads samples.
    pub(super) fn to_error(&self, device: &str) -> TelemetryError {
        match self {
            Trouble::Failed(error) => error.clone(),
            Trouble::Silent(time) => TelemetryError::stale(device, *time),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Failed(error) => f.write_str(&one_line(&error.to_string())),
            Trouble::Silent(time) => write!(f, "no answer for {}", words::time(*time)),
        }
    }
}
