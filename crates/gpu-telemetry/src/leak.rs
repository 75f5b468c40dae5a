//! [`LeakCheck`]: whether memory came back.

use crate::bytes::ByteCount;
use crate::error::TelemetryError;
use crate::monitor::MemoryMonitor;
use crate::pool::PoolUsage;
use crate::sample::MemorySample;

/// Compares what a device holds after some work with what it held before.
///
/// What grows on first use and stays until the program ends is no leak: a context, compiled kernels, the first page of a
/// pool. So begin after the first kernel ran, with whatever is to stay already loaded. From a baseline of zero, everything
/// would be a leak.
///
/// - Memory that the framework's pool [holds idle](PoolUsage::idle) is no leak: it is left out on both sides, and named.
///   Memory that was idle before and is in use after is one, though no monitor sees a difference.
/// - Tolerated are 10% of the baseline *plus* a floor of 2 MiB. The share allows for what comes and goes in proportion to
///   what is loaded. The floor is the size in which drivers take memory from a card, a large page: after a small baseline,
///   one page that fills up would otherwise be a leak.
///
/// ```
/// use gpu_telemetry::{ByteCount, LeakCheck, MemorySample, PoolUsage};
///
/// let mib = |count| ByteCount::MIB.saturating_mul(count);
/// let held = |count| MemorySample::builder().process_used(mib(count)).build();
/// let check = LeakCheck::from_sample(held(300)?, PoolUsage { in_use: mib(80), reserved: mib(100) });
///
/// // 150 MiB more, of which the pool holds 100 ready for the next batch.
/// let report = check.compare(&held(450)?, PoolUsage { in_use: mib(80), reserved: mib(200) })?;
/// assert_eq!((report.grown, report.pool_idle), (mib(50), Some(mib(120))));
/// assert!(report.is_leak(), "28 MiB and 2 are tolerated: {report}");
/// # Ok::<(), gpu_telemetry::TelemetryError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LeakCheck {
    sample: MemorySample,
    pool: Option<PoolUsage>,
    floor: ByteCount,
}

/// What is tolerated whatever the baseline.
const FLOOR: ByteCount = ByteCount::new(2 << 20);

/// One part in so many of the baseline is tolerated.
const SHARE: u64 = 10;

impl LeakCheck {
    /// Takes the baseline now. `pool` is what the framework tells of its own pool; `None` where it does not.
    ///
    /// # Errors
    /// The monitor's.
    pub fn begin(
        monitor: &(impl MemoryMonitor + ?Sized),
        pool: impl Into<Option<PoolUsage>>,
    ) -> Result<Self, TelemetryError> {
        Ok(LeakCheck::from_sample(monitor.sample()?, pool))
    }

    /// With a baseline that was taken before.
    pub fn from_sample(baseline: MemorySample, pool: impl Into<Option<PoolUsage>>) -> Self {
        LeakCheck { sample: baseline, pool: pool.into(), floor: FLOOR }
    }

    /// Tolerates this much whatever the baseline, instead of 2 MiB.
    #[must_use]
    pub fn floor(mut self, floor: ByteCount) -> Self {
        self.floor = floor;
        self
    }

    /// Compares with what the monitor says now. Drop what should be gone, clean the pool and wait for the device before.
    /// The check stays, and may be ended again later.
    ///
    /// # Errors
    /// The monitor's, and those of [`compare`](LeakCheck::compare).
    pub fn end(
        &self,
        monitor: &(impl MemoryMonitor + ?Sized),
        pool: impl Into<Option<PoolUsage>>,
    ) -> Result<LeakReport, TelemetryError> {
        self.compare(&monitor.sample()?, pool)
    }

    /// Compares with a sample that was taken after.
    ///
    /// # Errors
    /// Nothing is known on both sides that could be compared: [`Absent`](crate::TelemetryErrorKind::Absent).
    pub fn compare(
        &self,
        after: &MemorySample,
        pool: impl Into<Option<PoolUsage>>,
    ) -> Result<LeakReport, TelemetryError> {
        let pool = pool.into();
        let both = self.pool.zip(pool);
        let sides = [
            (LeakMeasure::ProcessUsed, self.sample.process_used().zip(after.process_used())),
            (LeakMeasure::Used, self.sample.used().zip(after.used())),
            (LeakMeasure::PoolInUse, both.map(|(before, after)| (before.in_use, after.in_use))),
        ];
        let known = sides.into_iter().find_map(|(measure, sides)| Some((measure, sides?)));
        let Some((measured_by, (before, after))) = known else {
            return Err(TelemetryError::absent(
                "neither the device's memory nor the pool's is known before and after; \
                 a leak check needs a monitor that tells what is used, or the pool's usage on both sides",
            ));
        };
        // What a pool uses is without what it holds idle as it is.
        let idle = both.filter(|_| measured_by != LeakMeasure::PoolInUse);
        let (idle_before, idle_after) =
            idle.map(|(before, after)| (before.idle(), after.idle())).unwrap_or_default();
        let baseline = before.saturating_sub(idle_before);
        Ok(LeakReport {
            baseline,
            grown: after.saturating_sub(idle_after).saturating_sub(baseline),
            tolerated: ByteCount::new(baseline.get() / SHARE).saturating_add(self.floor),
            pool_idle: pool.map(|pool| pool.idle()),
            measured_by,
        })
    }
}

/// What a [`LeakCheck`] went by, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeakMeasure {
    /// What this process uses of the device.
    ProcessUsed,
    /// What everyone uses of the device: what others took or gave back meanwhile is in it.
    Used,
    /// What live tensors use of the framework's pool: what leaks beside the pool is not in it.
    PoolInUse,
}

impl std::fmt::Display for LeakMeasure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            LeakMeasure::ProcessUsed => "this process's use of the device",
            LeakMeasure::Used => "everyone's use of the device",
            LeakMeasure::PoolInUse => "the pool's use",
        })
    }
}

/// What a [`LeakCheck`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeakReport {
    /// What was held before, without what the pool held idle.
    pub baseline: ByteCount,
    /// How much more is held after, without what the pool holds idle.
    pub grown: ByteCount,
    /// How much of it is tolerated.
    pub tolerated: ByteCount,
    /// What the pool holds idle after: no leak, and there for the next batch. `None`: not known.
    pub pool_idle: Option<ByteCount>,
    /// What it was measured by.
    pub measured_by: LeakMeasure,
}

impl LeakReport {
    /// Whether more is held than is tolerated.
    pub fn is_leak(&self) -> bool {
        self.grown > self.tolerated
    }

    /// The bytes that leaked: all that grew, if that is more than is tolerated, else none.
    pub fn leaked(&self) -> ByteCount {
        if self.is_leak() { self.grown } else { ByteCount::ZERO }
    }
}

impl std::fmt::Display for LeakReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let LeakReport { baseline, grown, tolerated, measured_by, .. } = self;
        let verdict = if self.is_leak() { "leaked" } else { "no leak:" };
        write!(f, "{verdict} {grown} over {baseline} by {measured_by}, {tolerated} tolerated")?;
        match self.pool_idle {
            Some(idle) => write!(f, "; the pool holds {idle} idle"),
            None => Ok(()),
        }
    }
}
