//! [`Model`]: what the view shows, as plain data and a step.

use std::time::Duration;

use semantik::gpu_telemetry::{MemorySample, PoolUsage, stale_after};
use semantik::ledger::Holder;

use super::device::Device;
use super::feed::Users;
use super::history::{History, Window};
use super::reading::{Reading, Trouble};

/// All that the view shows, and what keys change of it.
#[derive(Clone, Debug)]
pub(super) struct Model {
    rows: Vec<Row>,
    selected: usize,
    span: usize,
    interval: Duration,
    now: Duration,
    /// When the picture was stopped.
    paused: Option<Duration>,
    /// Whether who uses the selected device is shown in place of its graph.
    shows_users: bool,
}

/// One device.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) device: Device,
    /// What a framework's pool holds of it, where this process has one.
    pub(super) pool: Option<PoolUsage>,
    /// Who uses it, where that was asked for.
    pub(super) users: Option<Users>,
    /// This user's own processes that embed there, as far as that was asked for.
    pub(super) ours: Vec<Holder>,
    history: History,
    latest: Option<News>,
    /// What was the latest when the picture was stopped.
    stopped: Option<News>,
}

/// A reading, and when it came.
#[derive(Clone, Debug)]
pub(super) struct News {
    pub(super) at: Duration,
    /// Since when readings have failed, if this one did.
    pub(super) failing_since: Option<Duration>,
    pub(super) reading: Reading,
}

/// What happens.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Read { device: usize, at: Duration, reading: Reading },
    Users { device: usize, users: Users },
    Ours { device: usize, ours: Vec<Holder> },
    Time(Duration),
    Key(Key),
}

/// What a person wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Quit,
    Interrupt,
    Pause,
    Next,
    Previous,
    Span,
    Users,
}

/// What comes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    GoOn,
    Quit,
    Interrupted,
}

/// What the graph can look back on.
const SPANS: [Duration; 5] = [
    Duration::from_mins(1),
    Duration::from_mins(10),
    Duration::from_hours(1),
    Duration::from_hours(6),
    Duration::from_hours(24),
];

impl Model {
    /// These devices; nothing is known of them yet.
    pub(super) fn new(devices: impl IntoIterator<Item = Device>, interval: Duration) -> Self {
        let row = |device| Row {
            device,
            pool: None,
            users: None,
            ours: Vec::new(),
            history: History::default(),
            latest: None,
            stopped: None,
        };
        // The first span with enough samples to be a curve.
        let span = SPANS.iter().position(|span| *span >= interval * 30).unwrap_or(SPANS.len() - 1);
        Model {
            rows: devices.into_iter().map(row).collect(),
            selected: 0,
            span,
            interval,
            now: Duration::ZERO,
            paused: None,
            shows_users: false,
        }
    }

    pub(super) fn step(&mut self, event: Event) -> Outcome {
        match event {
            Event::Read { device, at, reading } => self.read(device, at, reading),
            Event::Users { device, users } => {
                // What is shown while the picture is stopped stays.
                if let Some(row) = self.rows.get_mut(device).filter(|_| self.paused.is_none()) {
                    row.users = Some(users);
                }
            }
            Event::Ours { device, ours } => {
                if let Some(row) = self.rows.get_mut(device).filter(|_| self.paused.is_none()) {
                    row.ours = ours;
                }
            }
            Event::Time(now) => self.now = now.max(self.now),
            Event::Key(Key::Quit) => return Outcome::Quit,
            Event::Key(Key::Interrupt) => return Outcome::Interrupted,
            Event::Key(Key::Pause) => self.pause(),
            Event::Key(Key::Next) => self.select(1),
            Event::Key(Key::Previous) => self.select(self.rows.len().saturating_sub(1)),
            Event::Key(Key::Span) => self.span = (self.span + 1) % SPANS.len(),
            Event::Key(Key::Users) => self.shows_users = !self.shows_users,
        }
        Outcome::GoOn
    }

    fn read(&mut self, device: usize, at: Duration, reading: Reading) {
        self.now = at.max(self.now);
        let Some(row) = self.rows.get_mut(device) else { return };
        row.history.push(at, reading.as_ref().ok().and_then(MemorySample::usage));
        let before = row.latest.as_ref().and_then(|news| news.failing_since);
        let failing_since = reading.is_err().then(|| before.unwrap_or(at));
        row.latest = Some(News { at, failing_since, reading });
    }

    fn pause(&mut self) {
        self.paused = if self.paused.is_some() { None } else { Some(self.now) };
        for row in &mut self.rows {
            row.stopped = row.latest.clone();
        }
    }

    fn select(&mut self, further: usize) {
        self.selected = (self.selected + further) % self.rows.len().max(1);
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(super) fn selected(&self) -> usize {
        self.selected
    }

    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    pub(super) fn span(&self) -> Duration {
        SPANS[self.span]
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    pub(super) fn shows_users(&self) -> bool {
        self.shows_users
    }

    /// The moment that is shown.
    pub(super) fn shown_at(&self) -> Duration {
        self.paused.unwrap_or(self.now)
    }

    /// What is shown of a device: the latest news, or that they have stopped coming; `None` before the first.
    pub(super) fn shown(&self, row: &Row) -> Option<News> {
        let news = if self.paused.is_some() { &row.stopped } else { &row.latest };
        let last = news.as_ref().map_or(Duration::ZERO, |news| news.at);
        let silence = self.shown_at().saturating_sub(last);
        if silence > patience(self.interval) {
            let reading = Err(Trouble::Silent(silence));
            return Some(News { at: last, failing_since: Some(last), reading });
        }
        news.clone()
    }

    /// The usage of a device over the span, in so many parts.
    pub(super) fn graph(&self, row: &Row, columns: usize) -> Vec<Option<f64>> {
        let holds = self.interval.mul_f64(2.5);
        row.history.columns(Window { until: self.shown_at(), span: self.span(), columns, holds })
    }
}

/// How long a device may be silent before it is said: as everywhere three intervals, and a second at least, which threads of a
/// busy machine may be late.
pub(super) fn patience(interval: Duration) -> Duration {
    stale_after(interval).max(Duration::from_secs(1))
}

#[cfg(test)]
mod tests;
