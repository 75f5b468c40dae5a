//! [`ScriptedMonitor`]: a monitor that says what it was told.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::MemoryMonitor;
use crate::error::TelemetryError;
use crate::sample::MemorySample;

/// Gives the samples of a script, one a call, and repeats the last: for tests of what depends on memory, and for
/// simulations.
#[derive(Debug, Default)]
pub struct ScriptedMonitor {
    script: Vec<Result<MemorySample, TelemetryError>>,
    next: AtomicUsize,
}

impl ScriptedMonitor {
    /// These samples, or errors, in this order. An empty script knows nothing: each of its samples is empty.
    pub fn new(script: impl IntoIterator<Item = Result<MemorySample, TelemetryError>>) -> Self {
        ScriptedMonitor { script: script.into_iter().collect(), next: AtomicUsize::new(0) }
    }

    /// The same sample each time.
    pub fn fixed(sample: MemorySample) -> Self {
        ScriptedMonitor::new([Ok(sample)])
    }
}

impl MemoryMonitor for ScriptedMonitor {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn sample(&self) -> Result<MemorySample, TelemetryError> {
        let Some(last) = self.script.len().checked_sub(1) else { return Ok(MemorySample::default()) };
        let step = |at: usize| Some(at.saturating_add(1).min(last));
        let at = match self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step) {
            Ok(at) | Err(at) => at,
        };
        self.script[at].clone()
    }
}
