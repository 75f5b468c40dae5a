//! [`BatchCounts`]: what an embedder's batches came to.

use std::time::{Duration, Instant};

/// What batches came to since their embedder was loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchCounts {
    /// Batches that ran.
    pub batches: u64,
    /// Texts in them.
    pub texts: u64,
    /// Tokens of these, padding not counted.
    pub tokens: u64,
    /// Tokens that the device computed, padding included.
    pub computed_tokens: u64,
    /// The tokens that they would have had if each had kept the device busy.
    pub busy_tokens: u64,
    /// How often the device had no room for a batch, or was lost for want of memory.
    pub out_of_memory: u64,
    /// How long others used so much of the memory that batches were made smaller.
    pub pressure: Duration,
}

impl BatchCounts {
    /// What was counted since an earlier moment.
    #[must_use]
    pub fn since(&self, earlier: &BatchCounts) -> Self {
        BatchCounts {
            batches: self.batches.saturating_sub(earlier.batches),
            texts: self.texts.saturating_sub(earlier.texts),
            tokens: self.tokens.saturating_sub(earlier.tokens),
            computed_tokens: self.computed_tokens.saturating_sub(earlier.computed_tokens),
            busy_tokens: self.busy_tokens.saturating_sub(earlier.busy_tokens),
            out_of_memory: self.out_of_memory.saturating_sub(earlier.out_of_memory),
            pressure: self.pressure.saturating_sub(earlier.pressure),
        }
    }

    /// The share of what was computed that is padding, from 0 to 1; `None` where nothing was computed.
    pub fn padding(&self) -> Option<f64> {
        let computed = (self.computed_tokens > 0).then_some(self.computed_tokens as f64)?;
        Some(1.0 - (self.tokens as f64 / computed).min(1.0))
    }

    /// How full the batches were: the tokens computed, as a share of those that keep the device busy. Above 1 where the
    /// smallest batch that the limits allow has more; `None` where nothing was computed.
    pub fn fill(&self) -> Option<f64> {
        (self.busy_tokens > 0).then(|| self.computed_tokens as f64 / self.busy_tokens as f64)
    }
}

/// [`BatchCounts`] that go on, with the pressure of the moment.
#[derive(Debug, Default)]
pub(super) struct Counting {
    counts: BatchCounts,
    /// Since when there is pressure.
    pressed: Option<Instant>,
}

impl Counting {
    /// A batch ran: so many texts of so many tokens, of which with padding so many were computed, where so many keep the
    /// device busy.
    pub(super) fn ran(&mut self, texts: usize, tokens: usize, computed: usize, busy: usize) {
        let counts = &mut self.counts;
        counts.batches += 1;
        counts.texts += texts as u64;
        counts.tokens += tokens as u64;
        counts.computed_tokens += computed as u64;
        counts.busy_tokens += busy as u64;
    }

    /// There was no room for a batch.
    pub(super) fn ran_out(&mut self) {
        self.counts.out_of_memory += 1;
    }

    /// Whether there is pressure, as of this moment.
    pub(super) fn pressed(&mut self, is_pressed: bool, now: Instant) {
        match (is_pressed, self.pressed) {
            (true, None) => self.pressed = Some(now),
            (false, Some(since)) => {
                self.counts.pressure += now.saturating_duration_since(since);
                self.pressed = None;
            }
            _ => {}
        }
    }

    /// All until this moment.
    pub(super) fn counts(&self, now: Instant) -> BatchCounts {
        let going_on = self.pressed.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        BatchCounts { pressure: self.counts.pressure + going_on, ..self.counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_what_was_computed_and_unknown_where_nothing_was() {
        let mut counting = Counting::default();
        let now = Instant::now();
        assert_eq!((counting.counts(now).padding(), counting.counts(now).fill()), (None, None));
        counting.ran(2, 30, 40, 100);
        let first = counting.counts(now);
        counting.ran(3, 90, 120, 100);
        counting.ran_out();
        let all = counting.counts(now);
        assert_eq!((all.padding(), all.fill()), (Some(0.25), Some(0.8)));
        let second = all.since(&first);
        assert_eq!((second.batches, second.texts, second.tokens, second.out_of_memory), (1, 3, 90, 1));
        assert_eq!((second.padding(), second.fill()), (Some(0.25), Some(1.2)));
    }

    #[test]
    fn pressure_is_counted_from_its_beginning_to_its_end_and_while_it_lasts() {
        let mut counting = Counting::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        counting.pressed(false, at(0));
        counting.pressed(true, at(1));
        counting.pressed(true, at(2));
        assert_eq!(counting.counts(at(4)).pressure, Duration::from_secs(3));
        counting.pressed(false, at(6));
        assert_eq!(counting.counts(at(9)).pressure, Duration::from_secs(5));
        counting.pressed(true, at(10));
        assert_eq!(counting.counts(at(11)).pressure, Duration::from_secs(6));
    }
}
