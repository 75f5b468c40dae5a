//! What the thread that samples and those who ask have in common.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime};

use super::crossings::Inbox;
use super::history::{History, Reading};
use super::pace::{Pace, stale_after};
use super::watermark::{Crossing, Level, Watermarks, step};
use crate::error::TelemetryError;
use crate::monitor::MemoryMonitor;
use crate::sample::MemorySample;

#[derive(Debug)]
pub(super) struct Shared {
    monitor: Arc<dyn MemoryMonitor>,
    state: Mutex<State>,
    /// The thread should stop or ask, has stopped, or has an answer.
    changed: Condvar,
    began: Instant,
    /// How long who asks waits for the thread's answer.
    deadline: Duration,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) history: History,
    pub(super) level: Level,
    marks: Watermarks,
    receivers: Vec<Weak<Inbox>>,
    /// How many answers were asked for beside the beat, and up to which of them there was one.
    wanted: u64,
    served: u64,
    /// When the question was asked that is not answered yet.
    asking: Option<Instant>,
    /// The time from one question to the next, as it is now.
    wait: Duration,
    stop: bool,
    runs: bool,
}

/// Who wants each reading as it comes.
pub(super) type Receive = Box<dyn FnMut(&Reading) + Send>;

impl Shared {
    pub(super) fn new(
        monitor: Arc<dyn MemoryMonitor>,
        history: History,
        marks: Watermarks,
        interval: Duration,
        deadline: Duration,
    ) -> Self {
        let state = State {
            history,
            level: Level::default(),
            marks,
            receivers: Vec::new(),
            wanted: 0,
            served: 0,
            asking: None,
            wait: interval,
            stop: false,
            runs: true,
        };
        let state = Mutex::new(state);
        Shared { monitor, state, changed: Condvar::new(), began: Instant::now(), deadline }
    }

    pub(super) fn monitor(&self) -> &dyn MemoryMonitor {
        &*self.monitor
    }

    /// Samples until told to stop.
    pub(super) fn run(&self, mut pace: Pace, mut receive: Option<Receive>) {
        let _told = Ended(self);
        let mut state = self.lock();
        while !state.stop {
            let up_to = state.wanted;
            let at = Instant::now();
            state.asking = Some(at);
            drop(state);
            let reading = self.ask(at);
            if let Some(receive) = &mut receive {
                receive(&reading);
            }
            let next = pace.next(reading.outcome.is_err(), Instant::now());
            state = self.lock();
            state.asking = None;
            state.wait = pace.wait();
            state.history.push(reading.clone());
            state.watch(&reading);
            state.served = up_to;
            self.changed.notify_all();
            let rest = next.saturating_duration_since(Instant::now());
            let idle = |state: &mut State| !state.stop && state.wanted <= state.served;
            let waited = self.changed.wait_timeout_while(state, rest, idle);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Asks the monitor, on this thread.
    fn ask(&self, at: Instant) -> Reading {
        let clock = SystemTime::now();
        let asked = catch_unwind(AssertUnwindSafe(|| self.monitor.sample()));
        let panicked = |panic: Box<dyn Any + Send>| {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no word of why");
            Err(TelemetryError::driver(
                self.monitor.name(),
                "a sample",
                format!("the monitor panicked: {said}"),
            ))
        };
        Reading { at, clock, outcome: asked.unwrap_or_else(panicked) }
    }

    /// Has the monitor asked now by the thread that asks it, and waits for the answer until the deadline; then the latest
    /// answer has to do. Where a question has been out for longer already, nothing is waited for.
    pub(super) fn take(&self) -> Result<MemorySample, TelemetryError> {
        let mut state = self.lock();
        let hangs = state.asking.is_some_and(|asked| asked.elapsed() >= self.deadline);
        if state.runs && !hangs {
            state.wanted += 1;
            let mine = state.wanted;
            self.changed.notify_all();
            let waits = |state: &mut State| state.served < mine && state.runs && !state.stop;
            let waited = self.changed.wait_timeout_while(state, self.deadline, waits);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        self.current(&state).unwrap_or_else(|| Err(self.silent(&state)))
    }

    /// The latest answer, once there is one, waited for until the deadline.
    pub(super) fn first(&self) -> Result<MemorySample, TelemetryError> {
        let waits = |state: &mut State| state.history.latest().is_none() && state.runs && !state.stop;
        let waited = self.changed.wait_timeout_while(self.lock(), self.deadline, waits);
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        self.current(&state).unwrap_or_else(|| Err(self.silent(&state)))
    }

    /// What the monitor said last, or that it has been silent for too long. `None`: it has had no time to answer yet.
    pub(super) fn current(&self, state: &State) -> Option<Result<MemorySample, TelemetryError>> {
        if self.silence(state) > stale_after(state.wait) {
            return Some(Err(self.silent(state)));
        }
        state.history.latest().map(|reading| reading.outcome.clone())
    }

    /// How old the latest answer is; before there is one, how long it has been waited for.
    pub(super) fn silence(&self, state: &State) -> Duration {
        state.history.latest().map_or(self.began, |reading| reading.at).elapsed()
    }

    fn silent(&self, state: &State) -> TelemetryError {
        TelemetryError::stale(self.monitor.name(), self.silence(state))
    }

    pub(super) fn receive(&self, inbox: Weak<Inbox>) {
        self.lock().receivers.push(inbox);
    }

    /// Tells the thread to stop, and waits for it at most this long. Whether it did.
    pub(super) fn stop(&self, patience: Duration) -> bool {
        let mut state = self.lock();
        state.stop = true;
        self.changed.notify_all();
        // Who hangs already has had its time.
        let left = state.asking.map_or(patience, |asked| patience.saturating_sub(asked.elapsed()));
        let waited = self.changed.wait_timeout_while(state, left, |state| state.runs);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.receivers.drain(..).filter_map(|inbox| inbox.upgrade()).for_each(|inbox| inbox.close());
        !state.runs
    }

    /// Nothing of others runs under this lock, so a panic leaves nothing half changed.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn watch(&mut self, reading: &Reading) {
        let Ok(sample) = &reading.outcome else { return };
        let Some(usage) = sample.usage() else { return };
        let Some(level) = step(&self.marks, self.level, usage) else { return };
        self.level = level;
        let crossing = Crossing { level, at: reading.at, usage, sample: *sample };
        self.receivers.retain(|inbox| match inbox.upgrade() {
            Some(inbox) => {
                inbox.put(crossing);
                true
            }
            None => false,
        });
    }
}

/// Says that the thread has ended, however it did.
struct Ended<'a>(&'a Shared);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.lock().runs = false;
        self.0.changed.notify_all();
    }
}
