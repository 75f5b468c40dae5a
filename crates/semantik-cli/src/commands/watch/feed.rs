//! [`Feed`]: asks every device, each on a thread of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use semantik::gpu_telemetry::MemoryMonitor;

use super::reading::{Reading, Trouble};

/// Readings of all devices, as they come. A driver that hangs holds up nobody but its own device.
#[derive(Debug)]
pub(super) struct Feed {
    start: Instant,
    arrived: Receiver<Arrival>,
}

/// A reading, whose it is, and when it was asked for.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) device: usize,
    /// Since the feed began, by a clock that never steps and may stand still while the machine sleeps.
    pub(super) at: Duration,
    /// The time of day.
    pub(super) clock: SystemTime,
    pub(super) reading: Reading,
}

impl Feed {
    /// Asks each monitor at once, and then whenever an interval has passed. Dropped, each thread ends at its next reading.
    pub(super) fn start(
        monitors: impl IntoIterator<Item = Arc<dyn MemoryMonitor>>,
        interval: Duration,
    ) -> std::io::Result<Self> {
        let (sender, arrived) = channel();
        let start = Instant::now();
        for (device, monitor) in monitors.into_iter().enumerate() {
            let asker = Asker { device, monitor, start, interval, sender: sender.clone() };
            thread::Builder::new().name(format!("watch-{device}")).spawn(move || asker.run())?;
        }
        Ok(Feed { start, arrived })
    }

    /// How long it has run.
    pub(super) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// The next reading, waited for so long; `None` if there is none.
    pub(super) fn next_within(&self, time: Duration) -> Option<Arrival> {
        match self.arrived.recv_timeout(time) {
            Ok(arrival) => Some(arrival),
            Err(RecvTimeoutError::Timeout) => None,
            // Nobody is left to wait for: without devices time passes all the same.
            Err(RecvTimeoutError::Disconnected) => {
                thread::sleep(time);
                None
            }
        }
    }
}

/// The first beat after a moment: a whole number of intervals since the start.
pub(super) fn next_beat(now: Duration, interval: Duration) -> Duration {
    let beats = now.as_nanos() / interval.as_nanos().max(1);
    interval.saturating_mul(u32::try_from(beats).unwrap_or(u32::MAX).saturating_add(1))
}

#[derive(Debug)]
struct Asker {
    device: usize,
    monitor: Arc<dyn MemoryMonitor>,
    start: Instant,
    interval: Duration,
    sender: Sender<Arrival>,
}

impl Asker {
    fn run(self) {
        loop {
            let at = self.start.elapsed();
            let clock = SystemTime::now();
            let arrival = Arrival { device: self.device, at, clock, reading: self.ask() };
            if self.sender.send(arrival).is_err() {
                return;
            }
            // All devices keep the same beat, and a slow one misses some instead of asking without a break.
            let now = self.start.elapsed();
            thread::sleep(next_beat(now, self.interval).saturating_sub(now));
        }
    }

    fn ask(&self) -> Reading {
        match catch_unwind(AssertUnwindSafe(|| self.monitor.sample())) {
            Ok(sample) => sample.map_err(Trouble::Failed),
            Err(panic) => {
                let said = panic.downcast_ref::<String>().map(String::as_str);
                let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
                Err(Trouble::Panicked(said.unwrap_or("it did not say why").to_owned()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use semantik::gpu_telemetry::{MemorySample, ScriptedMonitor, TelemetryError};

    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    #[derive(Debug)]
    struct Odd(fn());

    impl MemoryMonitor for Odd {
        fn name(&self) -> &'static str {
            "odd"
        }

        fn sample(&self) -> Result<MemorySample, TelemetryError> {
            (self.0)();
            Ok(MemorySample::default())
        }
    }

    #[test]
    fn one_that_hangs_or_panics_holds_up_nobody() {
        let monitors: [Arc<dyn MemoryMonitor>; 3] = [
            Arc::new(Odd(|| thread::sleep(LONG))),
            Arc::new(Odd(|| panic!("the driver's table is empty"))),
            Arc::new(ScriptedMonitor::default()),
        ];
        let feed = Feed::start(monitors, Duration::from_millis(50)).unwrap();
        let mut good = 0;
        let mut panicked = 0;
        while good < 3 || panicked < 3 {
            let arrival = feed.next_within(LONG).unwrap();
            match arrival.reading {
                Ok(_) => good += 1,
                Err(trouble) => {
                    assert!(trouble.to_string().contains("table is empty"), "{trouble}");
                    panicked += 1;
                }
            }
            assert_ne!(arrival.device, 0);
        }
    }

    #[test]
    fn readings_of_a_device_come_in_order_and_no_oftener_than_the_beat() {
        let feed =
            Feed::start([Arc::new(ScriptedMonitor::default()) as _], Duration::from_millis(1)).unwrap();
        let arrivals: Vec<Arrival> = (0..20).map(|_| feed.next_within(LONG).unwrap()).collect();
        let beat = |arrival: &Arrival| arrival.at.as_millis();
        for pair in arrivals.windows(2) {
            assert!(beat(&pair[0]) < beat(&pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn the_next_beat_is_later_and_no_more_than_an_interval() {
        let interval = Duration::from_millis(300);
        for (now, next) in [(0, 300), (1, 300), (299, 300), (300, 600), (1000, 1200)] {
            assert_eq!(next_beat(Duration::from_millis(now), interval), Duration::from_millis(next), "{now}");
        }
    }
}
