//! [`Level`]: how near a device is to its limit.

use semantik::gpu_telemetry::Watermarks;

/// Where a [usage](semantik::gpu_telemetry::MemorySample::usage) stands between the watermarks at which the share of batches
/// changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Below the low watermark: batches have their whole share of the memory.
    Normal,
    /// Between the watermarks: the share stays what it is.
    Raised,
    /// Above the high watermark: where others use so much, batches have half of it.
    High,
}

impl Level {
    pub(super) fn of(usage: f64) -> Self {
        let watermarks = Watermarks::default();
        if usage > watermarks.high() {
            Level::High
        } else if usage < watermarks.low() {
            Level::Normal
        } else {
            Level::Raised
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Level::Normal => "normal",
            Level::Raised => "raised",
            Level::High => "high",
        }
    }

    /// What it means for the work on the device.
    pub(super) const fn meaning(self) -> &'static str {
        match self {
            Level::Normal => "below the low watermark, whole share of memory",
            Level::Raised => "between the watermarks, share of memory stays",
            Level::High => "above the high watermark, half share of memory",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watermarks_themselves_are_between() {
        for (usage, level) in [
            (0.0, Level::Normal),
            (0.599, Level::Normal),
            (0.6, Level::Raised),
            (0.8, Level::Raised),
            (0.801, Level::High),
            (1.7, Level::High),
        ] {
            assert_eq!(Level::of(usage), level, "{usage}");
        }
    }
}
