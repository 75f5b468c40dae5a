//! [`Feed`]: what the samplers of all devices say, as it comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use semantik::gpu_telemetry::{DeviceProcess, MemoryMonitor, Sampler, TelemetryError};

use super::reading::{Reading, Trouble};

/// Who uses a device, or why that is not told.
pub(super) type Users = Result<Vec<DeviceProcess>, TelemetryError>;

/// Readings of all devices, as they come. Each device has a sampler, so that a driver that hangs holds up nobody but its own
/// device.
#[derive(Debug)]
pub(super) struct Feed {
    start: Instant,
    arrived: Receiver<Arrival>,
    with_users: Arc<AtomicBool>,
    /// Dropped, they stop.
    _samplers: Vec<Sampler>,
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
    /// Who uses the device, where that is wanted.
    pub(super) users: Option<Users>,
}

impl Feed {
    /// Asks each monitor at once, and then whenever an interval has passed: all devices keep the same beat.
    pub(super) fn start(
        monitors: impl IntoIterator<Item = Arc<dyn MemoryMonitor>>,
        interval: Duration,
    ) -> Result<Self, TelemetryError> {
        let (sender, arrived) = channel();
        let start = Instant::now();
        let with_users = Arc::new(AtomicBool::new(false));
        let sampler = |(device, monitor): (usize, Arc<dyn MemoryMonitor>)| {
            let (sender, with_users) = (sender.clone(), Arc::clone(&with_users));
            let asked = Arc::clone(&monitor);
            Sampler::builder(monitor)
                .interval(interval)
                .in_step_with(start)
                .steady()
                .remember(1)
                .on_reading(move |reading| {
                    // Asked on the sampler's thread, too: it takes as long as the driver likes.
                    let users = with_users.load(Ordering::Relaxed).then(|| asked.processes());
                    // Nobody is left to hear it when the feed is dropped.
                    let _ = sender.send(Arrival {
                        device,
                        at: reading.at.saturating_duration_since(start),
                        clock: reading.clock,
                        reading: reading.outcome.clone().map_err(Trouble::Failed),
                        users,
                    });
                })
                .start()
        };
        let samplers = monitors.into_iter().enumerate().map(sampler).collect::<Result<_, _>>()?;
        Ok(Feed { start, arrived, with_users, _samplers: samplers })
    }

    /// Whether who uses the devices is asked for with each reading from now on.
    pub(super) fn want_users(&self, wanted: bool) {
        self.with_users.store(wanted, Ordering::Relaxed);
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

#[cfg(test)]
mod tests {
    use semantik::gpu_telemetry::{MemorySample, ScriptedMonitor};

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
    fn who_uses_a_device_is_asked_for_only_while_that_is_wanted() {
        let feed =
            Feed::start([Arc::new(ScriptedMonitor::default()) as _], Duration::from_millis(1)).unwrap();
        assert!(feed.next_within(LONG).unwrap().users.is_none());
        feed.want_users(true);
        while feed.next_within(LONG).unwrap().users.is_none() {}
        feed.want_users(false);
        while feed.next_within(LONG).unwrap().users.is_some() {}
    }

    #[test]
    fn the_next_beat_is_later_and_no_more_than_an_interval() {
        let interval = Duration::from_millis(300);
        for (now, next) in [(0, 300), (1, 300), (299, 300), (300, 600), (1000, 1200)] {
            assert_eq!(next_beat(Duration::from_millis(now), interval), Duration::from_millis(next), "{now}");
        }
    }
}
