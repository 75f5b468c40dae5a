//! [`Sampler`]: asks a monitor at an interval, and remembers.

mod crossings;
mod history;
mod pace;
mod peak;
mod shared;
mod watermark;
mod window;
mod work;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use self::crossings::Crossings;
use self::history::History;
pub use self::history::Reading;
use self::pace::Pace;
pub use self::peak::Peak;
use self::shared::Shared;
pub use self::watermark::{Crossing, Level, Watermarks};
pub use self::window::{Spread, Window};
pub use self::work::{WorkMark, WorkReport};
use crate::error::TelemetryError;
use crate::monitor::MemoryMonitor;

/// Asks a monitor at an interval, on a thread of its own, and remembers the newest answers, the peak of all, and the peak
/// of each piece of work that is [marked](Sampler::mark).
///
/// A sampler sees what stands when it looks: memory that comes and goes between two samples is not in any peak. Where a
/// framework keeps a high-water mark of its own, that is exact and this is not.
///
/// An error of the monitor is remembered like a sample, and the next question comes later: twice the interval after one,
/// four times after two, up to ten seconds. It ends nothing.
///
/// Dropped, it stops at once, except that it lets a monitor that is answering finish, for a second at most: a driver that
/// hangs does not hang the program with it.
///
/// ```
/// use gpu_telemetry::{HostMonitor, Sampler};
///
/// # fn main() -> Result<(), gpu_telemetry::TelemetryError> {
/// # if !std::path::Path::new("/proc/meminfo").exists() { return Ok(()); }
/// let sampler = Sampler::start(HostMonitor::new())?;
/// let mark = sampler.mark();
/// let work = vec![1_u8; 1 << 20];
/// let report = mark.end();
/// # drop(work);
/// if let Some(rise) = report.rise().process_used {
///     println!("{rise} at the most in {:?}", report.elapsed);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Sampler {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Sampler {
    /// Samples at ten a second, and remembers a minute.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start(monitor: impl MemoryMonitor + 'static) -> Result<Self, TelemetryError> {
        Sampler::builder(monitor).start()
    }

    /// Samples as you say.
    pub fn builder(monitor: impl MemoryMonitor + 'static) -> SamplerBuilder {
        SamplerBuilder {
            monitor: Box::new(monitor),
            interval: Duration::from_millis(100),
            remember: 600,
            watermarks: Watermarks::default(),
        }
    }

    /// What the monitor said last. `None`: it has not answered yet.
    pub fn latest(&self) -> Option<Reading> {
        self.shared.lock().history.latest().cloned()
    }

    /// Asks the monitor now, on this thread.
    ///
    /// # Errors
    /// The monitor's.
    pub fn sample_now(&self) -> Result<crate::MemorySample, TelemetryError> {
        self.shared.take().outcome
    }

    /// The most of any sample since the start, or since it was reset: forgotten samples count.
    pub fn peak(&self) -> Peak {
        self.shared.lock().history.peak()
    }

    /// Begins the peak anew with the next sample. Peaks of marked work stay.
    pub fn reset_peak(&self) {
        self.shared.lock().history.reset_peak();
    }

    /// How many samples there were, and how many errors.
    pub fn counts(&self) -> (u64, u64) {
        self.shared.lock().history.counts()
    }

    /// What is remembered of the time that ends now.
    pub fn last(&self, time: Duration) -> Window {
        let now = Instant::now();
        let state = self.shared.lock();
        match now.checked_sub(time) {
            Some(from) => state.history.window(from, now),
            None => state.history.all(),
        }
    }

    /// What is remembered of the time from one moment to another, both included.
    pub fn between(&self, from: Instant, to: Instant) -> Window {
        self.shared.lock().history.window(from, to)
    }

    /// Work begins. Takes a sample on this thread, now and when the mark is ended.
    pub fn mark(&self) -> WorkMark {
        WorkMark::begin(&self.shared)
    }

    /// Whether memory is short now, by the watermarks.
    pub fn level(&self) -> Level {
        self.shared.lock().level
    }

    /// Receives each crossing of a watermark from now on, of which the newest `room` wait until they are taken; one at
    /// least.
    pub fn crossings(&self, room: usize) -> Crossings {
        let crossings = Crossings::new(at_least_one(room));
        self.shared.receive(Arc::downgrade(crossings.inbox()));
        crossings
    }
}

/// How long a monitor that is answering may take to finish.
const PATIENCE: Duration = Duration::from_secs(1);

impl Drop for Sampler {
    fn drop(&mut self) {
        if self.shared.stop(PATIENCE)
            && let Some(thread) = self.thread.take()
        {
            // It has ended, and what panics in it is caught.
            let _ = thread.join();
        }
    }
}

/// How a [`Sampler`] samples.
#[derive(Debug)]
pub struct SamplerBuilder {
    monitor: Box<dyn MemoryMonitor>,
    interval: Duration,
    remember: usize,
    watermarks: Watermarks,
}

impl SamplerBuilder {
    /// The time from one question to the next: 100 ms unless said, a millisecond at least.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How many answers are remembered: 600 unless said, one at least.
    #[must_use]
    pub fn remember(mut self, answers: usize) -> Self {
        self.remember = answers;
        self
    }

    /// When memory is short: above 0.8, until below 0.6, unless said.
    #[must_use]
    pub fn watermarks(mut self, watermarks: Watermarks) -> Self {
        self.watermarks = watermarks;
        self
    }

    /// Begins to sample.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start(self) -> Result<Sampler, TelemetryError> {
        let name = self.monitor.name().to_owned();
        let history = History::new(at_least_one(self.remember));
        let shared = Arc::new(Shared::new(self.monitor, history, self.watermarks));
        let pace = Pace::new(self.interval);
        let samples = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("memory-sampler".to_owned())
            .spawn(move || samples.run(pace))
            .map_err(|error| TelemetryError::driver(name, "a thread to sample on", error.to_string()))?;
        Ok(Sampler { shared, thread: Some(thread) })
    }
}

fn at_least_one(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN)
}
