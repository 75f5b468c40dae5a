//! [`Busy`]: how many tokens a batch needs to keep a device busy.

use crate::error::PolicyError;
use crate::exact::Exact;

/// Learns the smallest batch that runs within 3% of the best speed seen: a larger one gains nothing and takes memory.
///
/// Sizes are powers of two of tokens; a batch counts to the nearest. Beginning from a guess, sizes are tried upward while
/// each is more than 3% faster than the one below, then downward while the smallest is within 3% of the best. A size that
/// batches do not reach, for want of memory or of text, is given up. What was learned holds for a thousand batches, then
/// it is learned anew: machines slow down, and are shared. A size's speed is that of its fastest batch, since whatever
/// disturbs a batch makes it slower. Pure: seconds come in as numbers.
///
/// ```
/// use batch_policy::Busy;
///
/// let mut busy = Busy::new(4096);
/// // A device on which each batch costs 1 ms beside 1 µs a token: 4,096 tokens run at 80% of what it can.
/// for _ in 0..100 {
///     let tokens = busy.tokens();
///     busy.observe(tokens, 0.001 + tokens as f64 * 1e-6);
/// }
/// assert_eq!(busy.tokens(), 16384);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Busy {
    speeds: [Speed; SIZES],
    /// The size that batches should have now.
    at: usize,
    /// No larger one is tried.
    most: usize,
    settled: bool,
    /// Batches since the size changed.
    since: u32,
    /// The last speed of all, and 0 before there is one.
    rate: f64,
}

/// Of one size.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Speed {
    /// Tokens a second of the fastest batch.
    best: f64,
    count: u32,
}

/// What a [`Busy`] found, as it is kept from one run to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Size {
    tokens: usize,
    /// Whether it was found, and not only looked for.
    settled: bool,
    /// Batches since then.
    batches: u32,
    /// Tokens a second, and 0 where no speed was seen.
    rate: Exact,
}

impl Size {
    /// Whether it may have been found.
    ///
    /// # Errors
    /// It cannot.
    pub(crate) fn check(&self) -> Result<(), PolicyError> {
        let (least, most) = (1_usize << LEAST, 1_usize << (LEAST as usize + SIZES - 1));
        if !(self.tokens.is_power_of_two() && (least..=most).contains(&self.tokens)) {
            let bound = format_args!("a power of two from {least} to {most}");
            return Err(PolicyError::profile("tokens", self.tokens, bound));
        }
        if self.batches >= HOLDS {
            return Err(PolicyError::profile("batches", self.batches, format_args!("below {HOLDS}")));
        }
        if !(self.rate.0 >= 0.0 && self.rate.0 <= FASTEST) {
            let bound = format_args!("from 0 to {FASTEST} tokens a second");
            return Err(PolicyError::profile("rate", self.rate.0, bound));
        }
        Ok(())
    }

    /// The size that was found, rather than one that was only looked for; the larger of two.
    pub(crate) fn merge(&self, other: &Size) -> Size {
        let weight = |size: &Size| (size.settled, size.tokens, size.batches);
        let better = if weight(self) >= weight(other) { self } else { other };
        Size { rate: Exact(self.rate.0.max(other.rate.0)), ..*better }
    }
}

/// The smallest size is 2^8 tokens, one text of a usual model.
const LEAST: u32 = 8;
/// The largest is 2^20.
const SIZES: usize = 13;
/// A size is known after so many batches. The first compiles and warms, and does not count.
const TRIES: u32 = 4;
/// Speeds within this of the best are as good.
const NEAR: f64 = 0.97;
/// A size that was not reached in so many batches is given up.
const PATIENCE: u32 = 32;
/// What was learned holds for so many batches.
const HOLDS: u32 = 1000;
/// Tokens a second that no computer reaches.
const FASTEST: f64 = 1e12;
/// How much of the overall speed the newest batch makes up.
const NEWEST: f64 = 0.25;

impl Busy {
    /// Begins with batches of `tokens`, to the nearest size that there is.
    pub fn new(tokens: usize) -> Self {
        Busy {
            speeds: [Speed::default(); SIZES],
            at: size_of(tokens),
            most: SIZES - 1,
            settled: false,
            since: 0,
            rate: 0.0,
        }
    }

    /// What is to be kept.
    pub(crate) fn size(&self) -> Size {
        Size {
            tokens: self.tokens(),
            settled: self.settled,
            batches: if self.settled { self.since } else { 0 },
            rate: Exact(self.rate),
        }
    }

    /// Begins with what was found before.
    pub(crate) fn with_size(size: &Size) -> Self {
        let since = if size.settled { size.batches } else { 0 };
        Busy { settled: size.settled, since, rate: size.rate.0, ..Busy::new(size.tokens) }
    }

    /// The tokens that the next batch should have.
    pub fn tokens(&self) -> usize {
        1 << (LEAST as usize + self.at)
    }

    /// Whether there is nothing to try at the moment.
    pub fn is_settled(&self) -> bool {
        self.settled
    }

    /// Tokens a second, lately; `None` before a second batch.
    pub fn rate(&self) -> Option<f64> {
        (self.rate > 0.0).then_some(self.rate)
    }

    /// Takes in how long a batch took. `tokens` is what the device computed, padding included.
    pub fn observe(&mut self, tokens: usize, seconds: f64) {
        if tokens == 0 || !(seconds > 0.0 && seconds.is_finite()) {
            return;
        }
        let speed = &mut self.speeds[size_of(tokens)];
        speed.count = speed.count.saturating_add(1);
        if speed.count > 1 {
            // No computer is as fast: where a clock stood still, nothing is known.
            let rate = (tokens as f64 / seconds).min(FASTEST);
            speed.best = speed.best.max(rate);
            self.rate = if self.rate > 0.0 { self.rate + NEWEST * (rate - self.rate) } else { rate };
        }
        self.since += 1;
        if self.settled {
            if self.since >= HOLDS {
                let rate = self.rate;
                *self = Busy { rate, ..Busy::new(self.tokens()) };
            }
        } else if self.speeds[self.at].count >= TRIES {
            self.step();
        } else if self.since >= PATIENCE {
            self.give_up();
        }
    }

    /// The size is known: goes to the next.
    fn step(&mut self) {
        let known = |size: &usize| self.speeds[*size].count >= TRIES;
        let lowest = (0..self.at).rev().take_while(known).last().unwrap_or(self.at);
        let highest = (self.at + 1..SIZES).take_while(known).last().unwrap_or(self.at);
        let rate = |size: usize| self.speeds[size].best;
        let best = (lowest..=highest).map(rate).fold(0.0, f64::max);
        let grows = lowest == highest || rate(highest) * NEAR > rate(highest - 1);
        if grows && highest < self.most {
            self.go(highest + 1);
        } else if lowest > 0 && rate(lowest) >= NEAR * best {
            self.go(lowest - 1);
        } else {
            let size = (lowest..=highest).find(|&size| rate(size) >= NEAR * best);
            self.go(size.unwrap_or(self.at));
            self.settled = true;
        }
    }

    /// Batches do not come to this size.
    fn give_up(&mut self) {
        let known = |size: &usize| self.speeds[*size].count >= TRIES;
        match (0..self.at).rev().find(known) {
            Some(below) => {
                self.most = below;
                self.at = below;
                self.step();
            }
            // Small batches all the time: there is nothing to learn from them yet.
            None => self.since = 0,
        }
    }

    fn go(&mut self, size: usize) {
        (self.at, self.since) = (size, 0);
    }
}

/// The nearest size: from three quarters of it on, a batch counts to the larger.
fn size_of(tokens: usize) -> usize {
    let above = tokens.saturating_add(tokens / 3).max(1).ilog2().saturating_sub(LEAST);
    (above as usize).min(SIZES - 1)
}
