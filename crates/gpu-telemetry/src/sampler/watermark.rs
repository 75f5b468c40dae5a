//! [`Watermarks`]: when use is too high, and when it is low again. Plain data and a step.

use std::time::Instant;

use crate::error::TelemetryError;
use crate::sample::MemorySample;

/// Two shares of a device's memory. Use above the higher is pressure, and stays pressure until it is below the lower: what
/// moves around one mark does not flip with each sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Watermarks {
    low: f64,
    high: f64,
}

impl Watermarks {
    /// Marks of your own, as shares of the memory.
    ///
    /// # Errors
    /// They are not 0 ≤ low ≤ high ≤ 1.
    pub fn new(low: f64, high: f64) -> Result<Self, TelemetryError> {
        if 0.0 <= low && low <= high && high <= 1.0 {
            Ok(Watermarks { low, high })
        } else {
            Err(TelemetryError::watermarks(low, high))
        }
    }

    /// The lower mark.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// The higher mark.
    pub fn high(&self) -> f64 {
        self.high
    }
}

impl Default for Watermarks {
    /// 0.6 and 0.8, where the batch controller grows below and shrinks above.
    fn default() -> Self {
        Watermarks { low: 0.6, high: 0.8 }
    }
}

/// Whether memory is short, with hysteresis: between the marks it is what it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Level {
    /// It is not: use was never above the higher mark, or has been below the lower since.
    #[default]
    Relaxed,
    /// Use was above the higher mark and has not been below the lower since.
    Pressed,
}

/// A watermark was crossed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    /// What it is now.
    pub level: Level,
    /// When the sample was asked for that showed it.
    pub at: Instant,
    /// The share that is used, as [`MemorySample::usage`] has it.
    pub usage: f64,
    /// The sample.
    pub sample: MemorySample,
}

/// The level after a value, where it is another than before.
pub(super) fn step(marks: &Watermarks, level: Level, usage: f64) -> Option<Level> {
    match level {
        Level::Relaxed if usage > marks.high => Some(Level::Pressed),
        Level::Pressed if usage < marks.low => Some(Level::Relaxed),
        Level::Relaxed | Level::Pressed => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marks() -> impl Strategy<Value = Watermarks> {
        (0.0..=1.0_f64, 0.0..=1.0_f64).prop_map(|(a, b)| Watermarks::new(a.min(b), a.max(b)).unwrap())
    }

    proptest! {
        /// The last value that was outside of both marks decides; before any, memory is not short.
        #[test]
        fn the_level_is_that_of_the_last_value_outside_the_marks(
            marks in marks(), values in proptest::collection::vec(0.0..=1.2_f64, 0..40),
        ) {
            let mut level = Level::default();
            for (turn, &value) in values.iter().enumerate() {
                let crossed = step(&marks, level, value);
                prop_assert_ne!(crossed, Some(level), "a crossing changes the level");
                level = crossed.unwrap_or(level);
                let decisive = values[..=turn].iter().rev().find(|&&value| value < marks.low() || value > marks.high());
                let pressed = decisive.is_some_and(|&value| value > marks.high());
                prop_assert_eq!(level == Level::Pressed, pressed);
            }
        }

        #[test]
        fn what_stays_between_the_marks_crosses_nothing(
            marks in marks(), shares in proptest::collection::vec(0.0..=1.0_f64, 0..40), pressed: bool,
        ) {
            let level = if pressed { Level::Pressed } else { Level::Relaxed };
            for share in shares {
                let value = (marks.low() + share * (marks.high() - marks.low())).clamp(marks.low(), marks.high());
                prop_assert_eq!(step(&marks, level, value), None);
            }
        }
    }

    #[test]
    fn marks_are_shares_in_order() {
        for (low, high) in [(0.8, 0.6), (-0.1, 0.5), (0.5, 1.1), (f64::NAN, 0.5), (0.5, f64::NAN)] {
            let error = Watermarks::new(low, high).unwrap_err();
            assert!(error.to_string().contains("low <= high"), "{error}");
        }
        assert_eq!(Watermarks::new(0.6, 0.8).unwrap(), Watermarks::default());
        assert!(Watermarks::new(0.0, 0.0).is_ok() && Watermarks::new(1.0, 1.0).is_ok());
    }
}
