//! When a monitor is asked again. Plain data and a step.

use std::time::{Duration, Instant};

/// Beats, an interval apart, of which errors in a row leave out more and more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    start: Instant,
    interval: Duration,
    /// Whether errors leave the interval as it is.
    is_steady: bool,
    errors: u32,
}

/// A source that fails is asked this rarely at most, unless the interval is longer: often enough to notice within a
/// minute that a card is back.
const LONGEST: Duration = Duration::from_secs(10);

/// What no monitor answers faster than; keeps an interval of zero from taking a whole core.
const SHORTEST: Duration = Duration::from_millis(1);

/// How old the latest of answers that come at an interval may be: three times that. What is older says nothing of now, and
/// [`Sampler`](super::Sampler) neither shows nor exports it.
pub fn stale_after(interval: Duration) -> Duration {
    interval.saturating_mul(3)
}

impl Pace {
    pub(super) fn new(start: Instant, interval: Duration, is_steady: bool) -> Self {
        Pace { start, interval: interval.max(SHORTEST), is_steady, errors: 0 }
    }

    /// Takes in how an answer went that came at `now` and gives the time of the next question. All that began at the same moment
    /// keep the same beat, and who is slow misses some of it instead of asking without a break.
    pub(super) fn next(&mut self, failed: bool, now: Instant) -> Instant {
        self.errors = if failed && !self.is_steady { self.errors.saturating_add(1) } else { 0 };
        let since = now.saturating_duration_since(self.start);
        let beats = u32::try_from(since.as_nanos() / self.interval.as_nanos()).unwrap_or(u32::MAX);
        let beat = self.start + self.interval.saturating_mul(beats.saturating_add(1));
        // The beat that is next is one interval of those that are waited for.
        beat + self.wait().saturating_sub(self.interval)
    }

    /// The time from one question to the next, as it is now: the interval, doubled for each error in a row.
    pub(super) fn wait(&self) -> Duration {
        let doubled = 1_u32.checked_shl(self.errors).and_then(|factor| self.interval.checked_mul(factor));
        let longest = LONGEST.max(self.interval);
        doubled.unwrap_or(longest).min(longest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pace(millis: u64) -> (Pace, Instant) {
        let start = Instant::now();
        (Pace::new(start, Duration::from_millis(millis), false), start)
    }

    #[test]
    fn errors_in_a_row_double_the_wait_up_to_ten_seconds() {
        let (mut pace, start) = pace(100);
        let waits: Vec<u128> = (0..9)
            .map(|_| {
                pace.next(true, start);
                pace.wait().as_millis()
            })
            .collect();
        assert_eq!(waits, [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
        assert_eq!(pace.next(false, start) - start, Duration::from_millis(100), "one answer is enough");
        let mut steady = Pace { is_steady: true, ..pace };
        assert_eq!(steady.next(true, start) - start, Duration::from_millis(100));
    }

    #[test]
    fn the_next_beat_is_later_and_no_more_than_an_interval() {
        let (mut pace, start) = pace(300);
        for (now, next) in [(0, 300), (1, 300), (299, 300), (300, 600), (1000, 1200)] {
            let at = pace.next(false, start + Duration::from_millis(now));
            assert_eq!((at - start).as_millis(), next, "{now}");
        }
    }

    proptest! {
        #[test]
        fn a_wait_is_never_shorter_than_the_interval_nor_without_bound(
            interval in 0_u64..100_000, outcomes in proptest::collection::vec(any::<bool>(), 0..80),
        ) {
            let (mut pace, start) = pace(interval);
            let interval = Duration::from_millis(interval);
            let mut before = Duration::ZERO;
            for failed in outcomes {
                pace.next(failed, start);
                let wait = pace.wait();
                prop_assert!(wait >= interval.max(SHORTEST) && wait <= LONGEST.max(interval));
                prop_assert!(!failed || wait >= before, "more errors never shorten it");
                before = wait;
            }
        }
    }
}
