//! [`Joined`]: two sources that each know a part.

use std::sync::Arc;

use super::{DeviceProcess, MemoryMonitor};
use crate::bytes::ByteCount;
use crate::error::{TelemetryError, TelemetryErrorKind};
use crate::identity::CardIdentity;
use crate::sample::{Field, MemorySample, Reason};

/// A card as its driver sees it, and as a graphics API grants it to this process. Both are believed: the driver sees everyone
/// on the card, the API knows what it grants, and the lower budget counts.
///
/// ```
/// use std::sync::Arc;
///
/// use gpu_telemetry::{ByteCount, Joined, MemoryMonitor, MemorySample, ScriptedMonitor};
///
/// let mib = |count| ByteCount::MIB.saturating_mul(count);
/// let driver = MemorySample::builder().total(mib(100)).used(mib(60)).free(mib(40)).build()?;
/// let graphics = MemorySample::builder().budget(mib(50)).process_used(mib(30)).build()?;
/// let [driver, graphics] = [driver, graphics].map(|sample| Arc::new(ScriptedMonitor::fixed(sample)));
/// assert_eq!(Joined::new(driver, graphics).sample()?.headroom(), Some(mib(20)), "of what is granted");
/// # Ok::<(), gpu_telemetry::TelemetryError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Joined {
    driver: Arc<dyn MemoryMonitor>,
    graphics: Arc<dyn MemoryMonitor>,
}

impl Joined {
    /// Of two monitors of one card.
    pub fn new(driver: Arc<dyn MemoryMonitor>, graphics: Arc<dyn MemoryMonitor>) -> Self {
        Joined { driver, graphics }
    }
}

impl MemoryMonitor for Joined {
    fn name(&self) -> &str {
        self.driver.name()
    }

    /// The driver's sample; what this process uses, and what it is granted, from the graphics API where the driver does
    /// not tell or grants more.
    fn sample(&self) -> Result<MemorySample, TelemetryError> {
        let (driver, graphics) = match (self.driver.sample(), self.graphics.sample()) {
            (Ok(driver), Ok(graphics)) => (driver, graphics),
            // One's word stands alone where the other fails: the device may be lost and the card still there, or the driver
            // may not let this process ask. But a card that is gone is gone.
            (Ok(driver), Err(_)) => return Ok(driver),
            (Err(error), Ok(graphics)) if error.kind() != TelemetryErrorKind::Lost => return Ok(graphics),
            (Err(error), _) => return Err(error),
        };
        let fits = |bytes: &ByteCount| driver.total().is_none_or(|total| *bytes <= total);
        let by_graphics = graphics.process_used();
        let process_used = driver.process_used().or(by_graphics.filter(fits));
        let dropped = by_graphics.is_some_and(|bytes| !fits(&bytes)).then_some(Reason::Contradiction);
        let builder = MemorySample::builder()
            .total(driver.total())
            .used(driver.used())
            .free(driver.free())
            .budget(driver.budget().into_iter().chain(graphics.budget()).min())
            .process_used(process_used)
            .system_reserved(driver.system_reserved())
            .utilization_percent(driver.utilization_percent())
            .source(driver.source());
        let why = |field| dropped.filter(|_| field == Field::ProcessUsed).or(driver.why(field));
        Field::ALL.into_iter().fold(builder, |builder, field| builder.why(field, why(field))).build()
    }

    fn identity(&self) -> Option<CardIdentity> {
        self.driver.identity().or_else(|| self.graphics.identity())
    }

    fn is_host(&self) -> bool {
        self.driver.is_host() && self.graphics.is_host()
    }

    fn processes(&self) -> Result<Vec<DeviceProcess>, TelemetryError> {
        self.driver.processes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::ScriptedMonitor;

    fn mib(count: u64) -> ByteCount {
        ByteCount::MIB.saturating_mul(count)
    }

    fn joined(driver: MemorySample, graphics: Result<MemorySample, TelemetryError>) -> MemorySample {
        let driver = Arc::new(ScriptedMonitor::fixed(driver));
        Joined::new(driver, Arc::new(ScriptedMonitor::new([graphics]))).sample().unwrap()
    }

    #[test]
    fn the_lower_budget_counts_and_the_process_is_told_by_whom_who_knows() {
        let driver = MemorySample::builder().total(mib(100)).used(mib(60)).free(mib(40)).build().unwrap();
        let graphics = MemorySample::builder().budget(mib(50)).process_used(mib(30)).build();
        let seen = joined(driver, graphics);
        assert_eq!((seen.budget(), seen.process_used()), (Some(mib(50)), Some(mib(30))));
        assert_eq!(seen.headroom(), Some(mib(20)), "50 are granted, 30 of them are taken");
        assert_eq!((seen.total(), seen.used(), seen.free()), (driver.total(), driver.used(), driver.free()));
    }

    #[test]
    fn what_only_one_knows_stands_when_the_other_fails_or_cannot_be() {
        let driver = MemorySample::builder().total(mib(100)).used(mib(60)).build().unwrap();
        assert_eq!(joined(driver, Err(TelemetryError::lost("card", "gone"))), driver);
        let more_than_there_is = MemorySample::builder().process_used(mib(200)).build();
        let seen = joined(driver, more_than_there_is);
        assert_eq!((seen.process_used(), seen.used()), (None, Some(mib(60))));
        assert_eq!(seen.why(Field::ProcessUsed), Some(Reason::Contradiction));
    }

    #[test]
    fn why_the_driver_does_not_tell_is_kept() {
        let driver =
            MemorySample::builder().total(mib(100)).why(Field::Used, Reason::Denied).build().unwrap();
        let seen = joined(driver, MemorySample::builder().budget(mib(50)).build());
        assert_eq!((seen.why(Field::Used), seen.why(Field::Budget)), (Some(Reason::Denied), None));
    }

    #[test]
    fn a_driver_that_refuses_leaves_what_the_graphics_api_knows() {
        let graphics = MemorySample::builder().budget(mib(50)).process_used(mib(30)).build().unwrap();
        let beside = |error| {
            let driver = Arc::new(ScriptedMonitor::new([Err(error)]));
            Joined::new(driver, Arc::new(ScriptedMonitor::fixed(graphics))).sample()
        };
        assert_eq!(beside(TelemetryError::denied("card", "its memory")).unwrap(), graphics);
        assert_eq!(
            beside(TelemetryError::lost("card", "gone")).unwrap_err().kind(),
            TelemetryErrorKind::Lost
        );
    }
}
