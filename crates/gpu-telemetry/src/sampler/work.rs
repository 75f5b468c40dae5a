//! [`WorkMark`]: the peak during a piece of work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::peak::Peak;
use super::shared::Shared;
use crate::bytes::ByteCount;
use crate::error::TelemetryError;
use crate::sample::MemorySample;

/// A piece of work that is under way. One sample was taken when it began, one is taken when it ends, whatever the interval,
/// and each that comes between counts. Dropped, nothing is reported.
#[derive(Debug)]
pub struct WorkMark {
    shared: Arc<Shared>,
    id: u64,
    began: Instant,
    before: Result<MemorySample, TelemetryError>,
}

impl WorkMark {
    pub(super) fn begin(shared: &Arc<Shared>) -> Self {
        let began = Instant::now();
        let id = shared.lock().history.begin(began);
        let mark = |before| WorkMark { shared: Arc::clone(shared), id, began, before };
        mark(shared.take())
    }

    /// The peak so far.
    pub fn peak(&self) -> Peak {
        self.shared.lock().history.work(self.id).map(|work| work.peak).unwrap_or_default()
    }

    /// Takes the last sample and reports.
    pub fn end(self) -> WorkReport {
        let after = self.shared.take();
        let elapsed = self.began.elapsed();
        let work = self.shared.lock().history.work(self.id);
        let (peak, samples, failures) =
            work.map(|work| (work.peak, work.samples, work.failures)).unwrap_or_default();
        WorkReport { before: self.before.clone(), after, peak, samples, failures, elapsed }
    }
}

impl Drop for WorkMark {
    fn drop(&mut self) {
        self.shared.lock().history.end(self.id);
    }
}

/// What was seen during a piece of work.
#[derive(Clone, Debug)]
pub struct WorkReport {
    /// The sample when it began.
    pub before: Result<MemorySample, TelemetryError>,
    /// The sample when it ended.
    pub after: Result<MemorySample, TelemetryError>,
    /// The most of any sample, these two among them. What rose and fell between two samples was not seen.
    pub peak: Peak,
    /// How many samples there were.
    pub samples: u64,
    /// How often the monitor failed.
    pub failures: u64,
    /// How long it took.
    pub elapsed: Duration,
}

impl WorkReport {
    /// How far the peak is above the beginning. Absent where one of both is not known.
    pub fn rise(&self) -> Peak {
        let rise = |peak: Option<ByteCount>, before: Option<ByteCount>| {
            peak.zip(before).map(|(peak, before)| peak.saturating_sub(before))
        };
        let before = self.before.as_ref().ok();
        Peak {
            used: rise(self.peak.used, before.and_then(MemorySample::used)),
            process_used: rise(self.peak.process_used, before.and_then(MemorySample::process_used)),
        }
    }
}
