//! How long to wait until a monitor is asked again. Plain data and a step.

use std::time::Duration;

/// The interval, doubled for each error in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    interval: Duration,
    errors: u32,
}

/// A source that fails is asked this rarely at most, unless the interval is longer: often enough to notice within a
/// minute that a card is back.
const LONGEST: Duration = Duration::from_secs(10);

/// What no monitor answers faster than; keeps an interval of zero from taking a whole core.
const SHORTEST: Duration = Duration::from_millis(1);

impl Pace {
    pub(super) fn new(interval: Duration) -> Self {
        Pace { interval: interval.max(SHORTEST), errors: 0 }
    }

    /// Takes in how an answer went and gives the time from when it was asked for to when the next is.
    pub(super) fn step(&mut self, failed: bool) -> Duration {
        self.errors = if failed { self.errors.saturating_add(1) } else { 0 };
        let doubled = 1_u32.checked_shl(self.errors).and_then(|factor| self.interval.checked_mul(factor));
        let longest = LONGEST.max(self.interval);
        doubled.unwrap_or(longest).min(longest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn errors_in_a_row_double_the_wait_up_to_ten_seconds() {
        let mut pace = Pace::new(Duration::from_millis(100));
        let waits: Vec<u128> = (0..9).map(|_| pace.step(true).as_millis()).collect();
        assert_eq!(waits, [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
        assert_eq!(pace.step(false), Duration::from_millis(100), "one answer is enough");
    }

    proptest! {
        #[test]
        fn a_wait_is_never_shorter_than_the_interval_nor_without_bound(
            interval in 0_u64..100_000, outcomes in proptest::collection::vec(any::<bool>(), 0..80),
        ) {
            let interval = Duration::from_millis(interval);
            let mut pace = Pace::new(interval);
            let mut before = Duration::ZERO;
            for failed in outcomes {
                let wait = pace.step(failed);
                prop_assert!(wait >= interval.max(SHORTEST) && wait <= LONGEST.max(interval));
                prop_assert!(!failed || wait >= before, "more errors never shorten it");
                before = wait;
            }
        }
    }
}
