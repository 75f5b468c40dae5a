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
pub use self::pace::stale_after;
pub use self::peak::Peak;
use self::shared::{Receive, Shared};
pub use self::watermark::{Crossing, Level, Watermarks};
pub use self::window::{Spread, Window};
pub use self::work::{WorkMark, WorkReport};
use crate::error::TelemetryError;
use crate::export::DeviceReading;
use crate::identity::CardIdentity;
use crate::monitor::{DeviceProcess, MemoryMonitor};
use crate::sample::MemorySample;

/// Asks a monitor at an interval, on a thread of its own, and remembers the newest answers, the peak of all, and the peak
/// of each piece of work that is [marked](Sampler::mark).
///
/// No one else waits for a driver: the monitor is asked by the sampler's thread alone. Who wants a sample now
/// ([`sample_now`](Sampler::sample_now), [`mark`](Sampler::mark)) has it ask, waits for the answer until a deadline, and then
/// gets the latest. An answer that is older than [three intervals](stale_after) is stale: instead of it there is an error that
/// says for how long there has been none.
///
/// A sampler is a [`MemoryMonitor`] itself, for whoever must not be held up by the one that it asks.
///
/// A sampler sees what stands when it looks: memory that comes and goes between two samples is not in any peak. Where a
/// framework keeps a high-water mark of its own, that is exact and this is not.
///
/// An error of the monitor is remembered like a sample, and the next question comes later: twice the interval after one,
/// four times after two, up to ten seconds. It ends nothing.
///
/// Ten samples a second of the host's memory take about a thousandth of one core (`examples/sampler_cost.rs` measures it).
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
            monitor: Arc::new(monitor),
            interval: Duration::from_millis(100),
            deadline: Duration::from_millis(100),
            start: None,
            is_steady: false,
            receive: None,
            remember: 600,
            watermarks: Watermarks::default(),
        }
    }

    /// What the monitor said last, or that it says nothing any more, ready to be [exported](crate::export). `None`: it has had
    /// no time to answer yet.
    pub fn device_reading(&self) -> Option<DeviceReading> {
        let outcome = self.current()?;
        Some(DeviceReading::of(self.shared.monitor(), outcome))
    }

    /// What the monitor said last, with when that was, however long ago. `None`: it has not answered yet.
    pub fn latest(&self) -> Option<Reading> {
        self.shared.lock().history.latest().cloned()
    }

    /// What the monitor said last, and an error of the kind [`Stale`](crate::TelemetryErrorKind::Stale) where that is older than
    /// three intervals. `None`: it has had no time to answer yet. Waits for nothing.
    pub fn current(&self) -> Option<Result<MemorySample, TelemetryError>> {
        self.shared.current(&self.shared.lock())
    }

    /// How old the latest answer is; before there is one, how long it has been waited for.
    pub fn silence(&self) -> Duration {
        self.shared.silence(&self.shared.lock())
    }

    /// The first answer that there is, waited for until the deadline.
    ///
    /// # Errors
    /// The monitor's; [`Stale`](crate::TelemetryErrorKind::Stale) where there is none by then.
    pub fn first(&self) -> Result<MemorySample, TelemetryError> {
        self.shared.first()
    }

    /// Has the monitor asked now, and waits for the answer until the deadline. If there is none by then, or the monitor has been
    /// answering for longer already, the latest answer stands for it.
    ///
    /// # Errors
    /// The monitor's; [`Stale`](crate::TelemetryErrorKind::Stale) where the latest answer is older than three intervals, or
    /// there is none.
    pub fn sample_now(&self) -> Result<MemorySample, TelemetryError> {
        self.shared.take()
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

    /// Work begins. Has a sample taken now and when the mark is ended.
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

impl MemoryMonitor for Sampler {
    fn name(&self) -> &str {
        self.shared.monitor().name()
    }

    /// As [`sample_now`](Sampler::sample_now).
    fn sample(&self) -> Result<MemorySample, TelemetryError> {
        self.sample_now()
    }

    fn identity(&self) -> Option<CardIdentity> {
        self.shared.monitor().identity()
    }

    fn is_host(&self) -> bool {
        self.shared.monitor().is_host()
    }

    /// Asked on this thread, which waits for it.
    fn processes(&self) -> Result<Vec<DeviceProcess>, TelemetryError> {
        self.shared.monitor().processes()
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
pub struct SamplerBuilder {
    monitor: Arc<dyn MemoryMonitor>,
    interval: Duration,
    deadline: Duration,
    start: Option<Instant>,
    is_steady: bool,
    receive: Option<Receive>,
    remember: usize,
    watermarks: Watermarks,
}

impl std::fmt::Debug for SamplerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let SamplerBuilder { monitor, interval, deadline, remember, .. } = self;
        f.debug_struct("SamplerBuilder")
            .field("monitor", monitor)
            .field("interval", interval)
            .field("deadline", deadline)
            .field("remember", remember)
            .finish_non_exhaustive()
    }
}

impl SamplerBuilder {
    /// The time from one question to the next: 100 ms unless said, a millisecond at least.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How long who asks for a sample waits for it at most: 100 ms unless said.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Asks in step with others: whole intervals after this moment.
    #[must_use]
    pub fn in_step_with(mut self, start: Instant) -> Self {
        self.start = Some(start);
        self
    }

    /// Asks at each interval also after errors, for who shows them as they are.
    #[must_use]
    pub fn steady(mut self) -> Self {
        self.is_steady = true;
        self
    }

    /// Gives each reading to `receive` as it comes, on the thread that samples, which waits for it.
    #[must_use]
    pub fn on_reading(mut self, receive: impl FnMut(&Reading) + Send + 'static) -> Self {
        self.receive = Some(Box::new(receive));
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
        let shared = Shared::new(self.monitor, history, self.watermarks, self.interval, self.deadline);
        let shared = Arc::new(shared);
        let pace = Pace::new(self.start.unwrap_or_else(Instant::now), self.interval, self.is_steady);
        let (samples, receive) = (Arc::clone(&shared), self.receive);
        let thread = std::thread::Builder::new()
            .name("memory-sampler".to_owned())
            .spawn(move || samples.run(pace, receive))
            .map_err(|error| {
                TelemetryError::driver(name, "a thread to sample on", error.to_string()).because(error)
            })?;
        Ok(Sampler { shared, thread: Some(thread) })
    }
}

fn at_least_one(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN)
}
