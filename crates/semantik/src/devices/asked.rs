//! A monitor that is asked once, by whom cannot wait for ever.

use std::sync::Arc;
use std::time::Duration;

use gpu_telemetry::{MemoryMonitor, MemorySample, Sampler, TelemetryError};

/// How long a device may take to answer when it is listed: some drivers take seconds to wake a card that sleeps.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a monitor says now, or that it has not answered for five seconds.
pub(super) fn asked(monitor: &Arc<dyn MemoryMonitor>) -> Result<MemorySample, TelemetryError> {
    // The host has no driver that could hang.
    if monitor.is_host() {
        return monitor.sample();
    }
    within(monitor, PATIENCE)
}

fn within(monitor: &Arc<dyn MemoryMonitor>, patience: Duration) -> Result<MemorySample, TelemetryError> {
    // Asked once, and not again before it is dropped.
    let sampler =
        Sampler::builder(Arc::clone(monitor)).interval(patience * 1000).deadline(patience).start()?;
    sampler.first()
}

#[cfg(test)]
mod tests {
    use gpu_telemetry::{ScriptedMonitor, TelemetryErrorKind};

    use super::*;

    /// Never answers.
    #[derive(Debug)]
    struct Hanging;

    impl MemoryMonitor for Hanging {
        fn name(&self) -> &'static str {
            "card"
        }

        fn sample(&self) -> Result<MemorySample, TelemetryError> {
            loop {
                std::thread::park();
            }
        }
    }

    #[test]
    fn a_driver_that_hangs_does_not_hang_the_list() {
        let hanging: Arc<dyn MemoryMonitor> = Arc::new(Hanging);
        let error = within(&hanging, Duration::from_millis(20)).unwrap_err();
        assert_eq!(error.kind(), TelemetryErrorKind::Stale);
        let answering: Arc<dyn MemoryMonitor> = Arc::new(ScriptedMonitor::default());
        assert_eq!(asked(&answering).unwrap(), MemorySample::default());
    }
}
