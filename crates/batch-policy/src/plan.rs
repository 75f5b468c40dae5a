//! [`plan`]: which texts run together.

mod partition;
mod queue;

use alloc::vec::Vec;

pub use self::queue::Queue;
use crate::bytes::Bytes;
use crate::controller::Allowance;
use crate::cost::CostModel;
use crate::limits::Limits;

/// What one batch may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes at its peak, beyond the weights.
    pub allowed: Allowance,
    /// Padded tokens: texts × the longest of them. More than keeps the device busy gains nothing.
    pub tokens: usize,
    /// The most bytes of one tensor, where the device has such a limit.
    pub largest_tensor: Option<Bytes>,
}

impl Budget {
    /// What a batch costs whatever its size, in tokens that the device could have computed meanwhile: a thirty-second of
    /// the tokens that keep it busy. Busy is where a batch runs at 97% of the best speed, so that what does not grow with
    /// the batch is 3% of it.
    pub fn batch_tokens(&self) -> usize {
        self.tokens / 32
    }
}

/// What becomes of texts that are shorter than the longest of their batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Nothing: the device computes real tokens only, and batches are as few as can be.
    None,
    /// They are padded to it, so that a batch costs its texts × the longest.
    Longest,
    /// As [`Longest`](Padding::Longest), and the longest is itself padded up to one of few lengths, so that shapes repeat
    /// and what the device's pool holds fits the next batch: less than a sixteenth more tokens. Never beyond this most that the
    /// model reads.
    Bucketed {
        /// The most tokens of a text.
        longest: usize,
    },
}

impl Padding {
    /// The length that a text of so many tokens counts with, at least 1.
    fn length(self, tokens: usize) -> usize {
        let tokens = tokens.max(1);
        match self {
            Padding::None | Padding::Longest => tokens,
            Padding::Bucketed { longest } => {
                // Sixteen lengths from one power of two to the next, so that less than a sixteenth is lost.
                let step = (tokens.checked_next_power_of_two().unwrap_or(tokens) / 32).max(1);
                tokens.checked_next_multiple_of(step).unwrap_or(tokens).min(longest.max(tokens))
            }
        }
    }
}

/// Texts that run together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    items: Vec<usize>,
    tokens: usize,
}

impl Batch {
    /// The texts, by their place among the lengths that were given, longest first.
    pub fn items(&self) -> &[usize] {
        &self.items
    }

    /// The length that all count with: that of the longest, or its bucket's, and at least 1.
    pub fn tokens(&self) -> usize {
        self.tokens
    }
}

/// A text that no batch can hold: it alone needs a tensor larger than any that the device allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oversized {
    /// The text, by its place among the lengths that were given.
    pub item: usize,
    /// Its length.
    pub tokens: usize,
    /// The bytes of its largest tensor.
    pub needed: Bytes,
    /// The most that are allowed.
    pub cap: Bytes,
}

/// Batches in the order in which they should run, and what is in none of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    batches: Vec<Batch>,
    oversized: Vec<Oversized>,
}

impl Plan {
    /// The batches, the largest length first.
    pub fn batches(&self) -> &[Batch] {
        &self.batches
    }

    /// The texts that are in no batch, since not even one alone is allowed, longest first.
    pub fn oversized(&self) -> &[Oversized] {
        &self.oversized
    }

    /// The batches, the largest length first.
    pub fn into_batches(self) -> Vec<Batch> {
        self.batches
    }
}

/// Packs texts of these lengths, in tokens, into batches, all within one budget. Where the budget moves while batches run,
/// a [`Queue`] does the same batch by batch.
///
/// Texts are sorted by length, longest first: neighbours are padded least, and the largest shape comes when a failure
/// costs least. Each batch stays
/// - within `budget.allowed` by `cost`, unless it is a single text: the budget is an estimate, and a text alone is worth
///   trying, since nothing smaller exists;
/// - within `budget.largest_tensor`, always: a text that alone is over it is in no batch, see [`Plan::oversized`];
/// - within `budget.tokens`, unless it has at most `limits.min_batch()` texts;
/// - within `limits.max_batch()`.
///
/// Among all batches that keep to that, those are chosen whose padded tokens, with [`Budget::batch_tokens`] for each
/// batch, are fewest; without padding, the fewest batches. Time grows as `n log n`, and depends on nothing but the
/// arguments.
pub fn plan(
    lengths: &[usize],
    padding: Padding,
    budget: &Budget,
    cost: &(impl CostModel + ?Sized),
    limits: &Limits,
) -> Plan {
    let mut queue = Queue::new(lengths, padding);
    let oversized = queue.take_oversized(budget, cost);
    let mut batches = Vec::new();
    while let Some(batch) = queue.next(budget, cost, limits) {
        batches.push(batch);
    }
    Plan { batches, oversized }
}

/// Whether a batch keeps to its bounds; fewer or shorter texts keep to them too.
fn fits(
    items: usize,
    tokens: usize,
    budget: &Budget,
    cost: &(impl CostModel + ?Sized),
    limits: &Limits,
) -> bool {
    items <= limits.max_batch().unwrap_or(usize::MAX)
        && (items.saturating_mul(tokens) <= budget.tokens || items <= limits.min_batch())
        && budget.largest_tensor.is_none_or(|cap| cost.largest_tensor(items, tokens) <= cap)
        && budget.allowed.allows(items, cost.peak(items, tokens))
}
