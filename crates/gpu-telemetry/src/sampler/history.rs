//! [`History`]: what was seen, the newest of it in full. Plain data; it cannot tell the time.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant, SystemTime};

use super::peak::Peak;
use super::window::Window;
use crate::error::TelemetryError;
use crate::sample::MemorySample;

/// One answer of a monitor.
#[derive(Clone, Debug)]
pub struct Reading {
    /// When it was asked, by a clock that never steps.
    pub at: Instant,
    /// The time of day at which it was asked.
    pub clock: SystemTime,
    /// What it said.
    pub outcome: Result<MemorySample, TelemetryError>,
}

impl Reading {
    /// How old it is now.
    pub fn age(&self) -> Duration {
        self.at.elapsed()
    }
}

/// The newest readings, as many as fit; and the peak of all there were, and of each piece of work that is under way.
#[derive(Debug)]
pub(super) struct History {
    readings: VecDeque<Reading>,
    capacity: NonZeroUsize,
    peak: Peak,
    samples: u64,
    failures: u64,
    works: Vec<Work>,
    next_work: u64,
}

/// A piece of work whose peak is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    id: u64,
    pub(super) from: Instant,
    pub(super) peak: Peak,
    pub(super) samples: u64,
    pub(super) failures: u64,
}

impl History {
    pub(super) fn new(capacity: NonZeroUsize) -> Self {
        History {
            readings: VecDeque::new(),
            capacity,
            peak: Peak::default(),
            samples: 0,
            failures: 0,
            works: Vec::new(),
            next_work: 0,
        }
    }

    /// Takes a reading in; the oldest goes if there is no room.
    pub(super) fn push(&mut self, reading: Reading) {
        // A reading that was asked for before the work began may show what was freed for it.
        let works = self.works.iter_mut().filter(|work| work.from <= reading.at);
        if let Ok(sample) = &reading.outcome {
            self.samples += 1;
            self.peak.observe(sample);
            works.for_each(|work| {
                work.samples += 1;
                work.peak.observe(sample);
            });
        } else {
            self.failures += 1;
            works.for_each(|work| work.failures += 1);
        }
        if self.readings.len() >= self.capacity.get() {
            self.readings.pop_front();
        }
        self.readings.push_back(reading);
    }

    pub(super) fn latest(&self) -> Option<&Reading> {
        self.readings.back()
    }

    pub(super) fn peak(&self) -> Peak {
        self.peak
    }

    pub(super) fn reset_peak(&mut self) {
        self.peak = Peak::default();
    }

    /// How many samples and how many errors there were in all.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.samples, self.failures)
    }

    /// The readings that are still there and were asked for from one moment up to another, both included.
    pub(super) fn window(&self, from: Instant, to: Instant) -> Window {
        // Threads ask in one order and answer in another: the readings are not quite sorted.
        Window::of(self.readings.iter().filter(|reading| (from..=to).contains(&reading.at)))
    }

    /// All that is still there.
    pub(super) fn all(&self) -> Window {
        Window::of(self.readings.iter())
    }

    /// Work begins now.
    pub(super) fn begin(&mut self, now: Instant) -> u64 {
        let id = self.next_work;
        self.next_work += 1;
        self.works.push(Work { id, from: now, peak: Peak::default(), samples: 0, failures: 0 });
        id
    }

    /// What there is of a piece of work so far.
    pub(super) fn work(&self, id: u64) -> Option<Work> {
        self.works.iter().find(|work| work.id == id).copied()
    }

    /// Work is over.
    pub(super) fn end(&mut self, id: u64) {
        self.works.retain(|work| work.id != id);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bytes::ByteCount;

    #[derive(Clone, Debug)]
    enum Step {
        /// Asked for so many milliseconds before now, with what it said.
        Push(u64, Option<(Option<u64>, Option<u64>)>),
        Begin,
        /// The work that is this far in the list of those under way.
        End(usize),
        ResetPeak,
    }

    fn step() -> impl Strategy<Value = Step> {
        let bytes = || proptest::option::of(0..50_u64);
        prop_oneof![
            8 => (0..5_u64, proptest::option::of((bytes(), bytes()))).prop_map(|(ago, said)| Step::Push(ago, said)),
            1 => Just(Step::Begin),
            1 => (0..4_usize).prop_map(Step::End),
            1 => Just(Step::ResetPeak),
        ]
    }

    fn reading(at: Instant, said: Option<(Option<u64>, Option<u64>)>) -> Reading {
        let outcome = match said {
            Some((used, process)) => MemorySample::builder()
                .used(used.map(ByteCount::new))
                .process_used(process.map(ByteCount::new))
                .build(),
            None => Err(TelemetryError::absent("nothing")),
        };
        Reading { at, clock: SystemTime::now(), outcome }
    }

    /// The same by keeping everything and looking at all of it each time.
    fn peak<'a>(readings: &(impl Iterator<Item = &'a Reading> + Clone)) -> Peak {
        let most = |value: fn(&MemorySample) -> Option<ByteCount>| {
            readings.clone().filter_map(|reading| value(reading.outcome.as_ref().ok()?)).max()
        };
        Peak { used: most(MemorySample::used), process_used: most(MemorySample::process_used) }
    }

    proptest! {
        #[test]
        fn it_says_what_all_readings_together_say(
            capacity in 1..6_usize, steps in proptest::collection::vec(step(), 0..60), window in (0..40_u64, 0..40_u64),
        ) {
            let start = Instant::now();
            let ms = Duration::from_millis;
            let mut history = History::new(NonZeroUsize::new(capacity).unwrap());
            let mut all: Vec<Reading> = Vec::new();
            let mut since_reset = 0;
            let mut works: Vec<(u64, Instant, usize)> = Vec::new();
            for (turn, step) in steps.into_iter().enumerate() {
                let at = turn as u64 + 10;
                let now = start + ms(at);
                match step {
                    Step::Push(ago, said) => {
                        let reading = reading(start + ms(at - ago), said);
                        all.push(reading.clone());
                        history.push(reading);
                    }
                    Step::Begin => works.push((history.begin(now), now, all.len())),
                    Step::End(index) if index < works.len() => {
                        let (id, ..) = works.remove(index);
                        history.end(id);
                        prop_assert!(history.work(id).is_none());
                    }
                    Step::End(_) => {}
                    Step::ResetPeak => {
                        since_reset = all.len();
                        history.reset_peak();
                    }
                }
                prop_assert_eq!(history.peak(), peak(&all[since_reset..].iter()));
                for &(id, from, first) in &works {
                    let during = all[first..].iter().filter(|reading| reading.at >= from);
                    let work = history.work(id).unwrap();
                    prop_assert_eq!(work.peak, peak(&during));
                    let good = during.clone().filter(|reading| reading.outcome.is_ok()).count() as u64;
                    prop_assert_eq!((work.samples, work.samples + work.failures), (good, during.count() as u64));
                }
                let good = all.iter().filter(|reading| reading.outcome.is_ok()).count() as u64;
                prop_assert_eq!(history.counts(), (good, all.len() as u64 - good));
                prop_assert_eq!(history.latest().map(|reading| reading.at), all.last().map(|reading| reading.at));

                let kept = &all[all.len().saturating_sub(capacity)..];
                let (from, to) = (start + ms(window.0), start + ms(window.1));
                let within: Vec<_> = kept.iter().filter(|reading| reading.at >= from && reading.at <= to).collect();
                let seen = history.window(from, to);
                let samples: Vec<_> = within.iter().filter_map(|reading| reading.outcome.as_ref().ok().copied()).collect();
                prop_assert_eq!(seen.samples().copied().collect::<Vec<_>>(), samples.clone());
                prop_assert!(seen.readings().iter().map(|reading| reading.at).eq(within.iter().map(|reading| reading.at)));
                prop_assert_eq!(seen.failures(), within.len() - samples.len());
                prop_assert_eq!(seen.peak(), peak(&within.into_iter()));
                prop_assert_eq!(history.all().readings().len(), kept.len());
            }
        }
    }
}
