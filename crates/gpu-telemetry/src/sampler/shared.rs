//! What the thread that samples and those who ask have in common.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::crossings::Inbox;
use super::history::{History, Reading};
use super::pace::Pace;
use super::watermark::{Crossing, Level, Watermarks, step};
use crate::error::TelemetryError;
use crate::monitor::MemoryMonitor;

#[derive(Debug)]
pub(super) struct Shared {
    monitor: Box<dyn MemoryMonitor>,
    state: Mutex<State>,
    /// The thread should stop, or has.
    changed: Condvar,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) history: History,
    pub(super) level: Level,
    marks: Watermarks,
    receivers: Vec<Weak<Inbox>>,
    stop: bool,
    runs: bool,
}

impl Shared {
    pub(super) fn new(monitor: Box<dyn MemoryMonitor>, history: History, marks: Watermarks) -> Self {
        let level = Level::default();
        let state = State { history, level, marks, receivers: Vec::new(), stop: false, runs: true };
        Shared { monitor, state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(super) fn monitor(&self) -> &dyn MemoryMonitor {
        &*self.monitor
    }

    /// Samples until told to stop.
    pub(super) fn run(&self, mut pace: Pace) {
        let _told = Ended(self);
        let mut state = self.lock();
        while !state.stop {
            drop(state);
            let reading = self.take();
            let wait = pace.step(reading.outcome.is_err());
            // From when it was asked: a slow answer does not make the interval longer, and is not caught up with.
            let rest = wait.saturating_sub(reading.at.elapsed());
            let waited = self.changed.wait_timeout_while(self.lock(), rest, |state| !state.stop);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Asks the monitor and takes in what it says. The lock is not held meanwhile.
    pub(super) fn take(&self) -> Reading {
        let at = Instant::now();
        let asked = catch_unwind(AssertUnwindSafe(|| self.monitor.sample()));
        let panicked =
            |_| Err(TelemetryError::driver(self.monitor.name(), "a sample", "the monitor panicked"));
        let reading = Reading { at, outcome: asked.unwrap_or_else(panicked) };
        let mut state = self.lock();
        state.history.push(reading.clone());
        state.watch(&reading);
        reading
    }

    pub(super) fn receive(&self, inbox: Weak<Inbox>) {
        self.lock().receivers.push(inbox);
    }

    /// Tells the thread to stop, and waits for it at most this long. Whether it did.
    pub(super) fn stop(&self, patience: Duration) -> bool {
        let mut state = self.lock();
        state.stop = true;
        self.changed.notify_all();
        let waited = self.changed.wait_timeout_while(state, patience, |state| state.runs);
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
