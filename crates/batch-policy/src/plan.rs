//! [`plan`]: which texts run together.

use alloc::vec::Vec;

use crate::bytes::Bytes;
use crate::cost::CostModel;
use crate::limits::Limits;

/// What one batch may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes at its peak, beyond the weights.
    pub bytes: Bytes,
    /// Padded tokens: texts × the longest of them. More than keeps the device busy gains nothing.
    pub tokens: usize,
    /// The most bytes of one tensor, where the device has such a limit.
    pub largest_tensor: Option<Bytes>,
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

    /// The length that all are padded to: that of the longest, and at least 1.
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

/// Packs texts of these lengths, in tokens, into batches.
///
/// Texts are sorted by length, longest first: neighbours are padded least, and the largest shape comes when a failure
/// costs least. Each batch takes texts while it stays
/// - within `budget.bytes` by `cost`, unless it is a single text: the budget is an estimate, and a text alone is worth
///   trying, since nothing smaller exists;
/// - within `budget.largest_tensor`, always: a text that alone is over it is in no batch, see [`Plan::oversized`];
/// - within `budget.tokens`, unless it has fewer than `limits.min_batch()` texts;
/// - within `limits.max_batch()` and `max_batch_now`, what the controller allows at the moment, whichever is less.
///
/// Time grows as `n log n`, and depends on nothing but the arguments.
pub fn plan(
    lengths: &[usize],
    budget: &Budget,
    cost: &(impl CostModel + ?Sized),
    limits: &Limits,
    max_batch_now: Option<usize>,
) -> Plan {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&index| core::cmp::Reverse(lengths[index]));
    let most = limits.max_batch().into_iter().chain(max_batch_now).min().unwrap_or(usize::MAX).max(1);
    let fits = |items: usize, tokens: usize| {
        let tensor = budget.largest_tensor.is_none_or(|cap| cost.largest_tensor(items, tokens) <= cap);
        let busy = items.saturating_mul(tokens) <= budget.tokens || items <= limits.min_batch();
        items <= most && tensor && busy && cost.peak(items, tokens) <= budget.bytes
    };

    let mut plan = Plan::default();
    let mut rest = &order[..];
    while let Some(&longest) = rest.first() {
        let tokens = lengths[longest].max(1);
        if let Some(cap) = budget.largest_tensor {
            let needed = cost.largest_tensor(1, tokens);
            if needed > cap {
                plan.oversized.push(Oversized { item: longest, tokens, needed, cap });
                rest = &rest[1..];
                continue;
            }
        }
        // Costs do not fall as items grow, so what fits is a prefix, and its end is found by bisection.
        let (mut known, mut over) = (1, rest.len() + 1);
        while over - known > 1 {
            let middle = known + (over - known) / 2;
            if fits(middle, tokens) {
                known = middle;
            } else {
                over = middle;
            }
        }
        let (batch, later) = rest.split_at(known);
        plan.batches.push(Batch { items: batch.to_vec(), tokens });
        rest = later;
    }
    plan
}
