//! [`Window`]: what was seen over some time.

use super::history::Reading;
use super::peak::Peak;
use crate::bytes::ByteCount;
use crate::sample::MemorySample;

/// The samples of some time, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Window {
    samples: Vec<MemorySample>,
    failures: usize,
}

impl Window {
    pub(super) fn of<'a>(readings: impl Iterator<Item = &'a Reading>) -> Self {
        let mut window = Window::default();
        for reading in readings {
            match &reading.outcome {
                Ok(sample) => window.samples.push(*sample),
                Err(_) => window.failures += 1,
            }
        }
        window
    }

    /// The samples.
    pub fn samples(&self) -> &[MemorySample] {
        &self.samples
    }

    /// How often the monitor failed meanwhile.
    pub fn failures(&self) -> usize {
        self.failures
    }

    /// How the use of everyone on the device was spread. `None`: no sample told.
    pub fn used(&self) -> Option<Spread> {
        Spread::of(self.samples.iter().filter_map(MemorySample::used))
    }

    /// How this process's use was spread. `None`: no sample told.
    pub fn process_used(&self) -> Option<Spread> {
        Spread::of(self.samples.iter().filter_map(MemorySample::process_used))
    }

    /// The most of each.
    pub fn peak(&self) -> Peak {
        let mut peak = Peak::default();
        self.samples.iter().for_each(|sample| peak.observe(sample));
        peak
    }
}

/// How values were spread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread {
    /// In rising order, one at least.
    sorted: Vec<ByteCount>,
    min: ByteCount,
    max: ByteCount,
}

impl Spread {
    fn of(values: impl Iterator<Item = ByteCount>) -> Option<Self> {
        let mut sorted: Vec<ByteCount> = values.collect();
        sorted.sort_unstable();
        let (&min, &max) = (sorted.first()?, sorted.last()?);
        Some(Spread { sorted, min, max })
    }

    /// How many values there were.
    pub fn count(&self) -> usize {
        self.sorted.len()
    }

    /// The least.
    pub fn min(&self) -> ByteCount {
        self.min
    }

    /// The most.
    pub fn max(&self) -> ByteCount {
        self.max
    }

    /// The mean, rounded down. Each value counts the same, however long it stood.
    pub fn mean(&self) -> ByteCount {
        let sum: u128 = self.sorted.iter().map(|value| u128::from(value.get())).sum();
        // A mean of 64-bit numbers is one.
        ByteCount::new((sum / self.sorted.len() as u128) as u64)
    }

    /// The value that this percentage of the values is at or below: 50 is the median. Between two values it is on the
    /// straight line between them. Anything outside 0 to 100 is taken as the nearer of both, and what is no number as 100.
    pub fn percentile(&self, percent: f64) -> ByteCount {
        let share = if percent.is_nan() { 1.0 } else { (percent / 100.0).clamp(0.0, 1.0) };
        let rank = share * (self.sorted.len() - 1) as f64;
        let at = |rank: f64| self.sorted.get(rank as usize).copied().unwrap_or(self.max);
        let (low, high) = (at(rank.floor()), at(rank.ceil()));
        let part = (high.saturating_sub(low).get() as f64 * rank.fract()).round();
        low.saturating_add(ByteCount::new(part as u64)).min(high)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spread(values: &[u64]) -> Option<Spread> {
        Spread::of(values.iter().copied().map(ByteCount::new))
    }

    #[test]
    fn a_percentile_is_on_the_line_between_the_closest_ranks() {
        let spread = spread(&[40, 10, 30, 20]).unwrap();
        for (percent, value) in [
            (0.0, 10),
            (25.0, 18),
            (50.0, 25),
            (90.0, 37),
            (100.0, 40),
            (-5.0, 10),
            (500.0, 40),
            (f64::NAN, 40),
            (f64::INFINITY, 40),
        ] {
            assert_eq!(spread.percentile(percent).get(), value, "{percent}");
        }
        assert_eq!(
            (spread.count(), spread.min().get(), spread.max().get(), spread.mean().get()),
            (4, 10, 40, 25)
        );
    }

    #[test]
    fn nothing_has_no_spread() {
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn the_largest_values_have_a_mean_and_percentiles() {
        let spread = spread(&[u64::MAX, u64::MAX, u64::MAX]).unwrap();
        assert_eq!((spread.mean().get(), spread.percentile(33.3).get()), (u64::MAX, u64::MAX));
    }

    proptest! {
        /// In whole numbers: the value at rank p·(n−1)/100, of which the rest of the division is the part of the step.
        #[test]
        fn percentiles_agree_with_whole_number_arithmetic(
            mut values in proptest::collection::vec(0..1_u64 << 50, 1..40), percent in 0..=100_usize,
        ) {
            let seen = spread(&values).unwrap().percentile(percent as f64).get();
            values.sort_unstable();
            let scaled = percent * (values.len() - 1);
            let (low, high) = (values[scaled / 100], values[(scaled / 100 + 1).min(values.len() - 1)]);
            let exact = u128::from(low) + u128::from(high - low) * (scaled % 100) as u128 / 100;
            // The rank is a fraction of binary digits: a part in 10¹² of the step, and the rounding.
            let slack = (high - low) / 1_000_000_000_000 + 1;
            prop_assert!(u128::from(seen).abs_diff(exact) <= u128::from(slack), "{seen} is not {exact}");
        }

        #[test]
        fn percentiles_rise_from_the_least_to_the_most(
            values in proptest::collection::vec(any::<u64>(), 1..40), a in 0.0..=100.0_f64, b in 0.0..=100.0_f64,
        ) {
            let spread = spread(&values).unwrap();
            let (low, high) = (spread.percentile(a.min(b)), spread.percentile(a.max(b)));
            prop_assert!(spread.min() <= low && low <= high && high <= spread.max());
            prop_assert!(spread.min() <= spread.mean() && spread.mean() <= spread.max());
        }
    }
}
