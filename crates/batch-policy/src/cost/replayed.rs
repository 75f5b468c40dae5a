//! [`Replayed`]: a batch's cost from a table of shapes whose peaks are known.

use alloc::vec::Vec;

use super::CostModel;
use crate::bytes::Bytes;
use crate::error::PolicyError;

/// A grid of batches of known peaks, from a dry run or from measurements, and bounds for every shape between and beyond.
///
/// - A shape of the grid has its own peak.
/// - Between shapes the peak is at most that of the next shape that is as large. It is also at most the value on the
///   straight line between its neighbours, in each direction, and a page more: before an allocator rounds to pages, the
///   peak is the largest of several sums, each of which grows with the items as a line and with the tokens as a parabola,
///   so that it is nowhere above a chord. The lesser of both is taken.
/// - Beyond the grid, a batch takes no more than the batches of the grid that it could be cut into, side by side: twice
///   the items twice as much, twice the tokens four times.
///
/// The largest tensor is another model's: a dry run does not tell it.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed<C> {
    items: Vec<usize>,
    tokens: Vec<usize>,
    /// Of each number of items, those of each number of tokens.
    peaks: Vec<Bytes>,
    page: Bytes,
    tensors: C,
}

impl<C: CostModel> Replayed<C> {
    /// The peaks of batches of each of `items` with each of `tokens`: first all of the first number of items. A peak below
    /// that of a smaller batch is raised to it. `page` is what an allocator rounds up to.
    ///
    /// # Errors
    /// `items` or `tokens` is empty or does not rise from at least 1, or there is not one peak for each pair.
    pub fn new(
        items: Vec<usize>,
        tokens: Vec<usize>,
        mut peaks: Vec<Bytes>,
        page: Bytes,
        tensors: C,
    ) -> Result<Self, PolicyError> {
        for (field, axis) in [("items", &items), ("tokens", &tokens)] {
            if axis.first().is_none_or(|&first| first == 0) || !axis.is_sorted_by(|a, b| a < b) {
                return Err(PolicyError::config(field, format_args!("{axis:?}"), "rising, from at least 1"));
            }
        }
        let pairs = items.len().saturating_mul(tokens.len());
        if peaks.len() != pairs {
            return Err(PolicyError::config(
                "peaks",
                peaks.len(),
                format_args!("one for each of {pairs} pairs"),
            ));
        }
        let width = tokens.len();
        for at in 0..pairs {
            let fewer_items = at.checked_sub(width).map(|before| peaks[before]);
            let fewer_tokens = (at % width > 0).then(|| peaks[at - 1]);
            peaks[at] = [fewer_items, fewer_tokens].into_iter().flatten().fold(peaks[at], Bytes::max);
        }
        Ok(Replayed { items, tokens, peaks, page, tensors })
    }

    fn at(&self, item: usize, token: usize) -> Bytes {
        self.peaks[item * self.tokens.len() + token]
    }

    /// For a shape of no more than the last of each axis.
    fn within(&self, items: usize, tokens: usize) -> Bytes {
        let (above_item, item_share) = place(&self.items, items);
        let (above_token, token_share) = place(&self.tokens, tokens);
        let next = self.at(above_item, above_token);
        let below =
            |above: usize, share: Share| if share.is_whole() { above } else { above.saturating_sub(1) };
        let (below_item, below_token) = (below(above_item, item_share), below(above_token, token_share));
        if (below_item, below_token) == (above_item, above_token) {
            return next;
        }
        let along = |item: usize| token_share.between(self.at(item, below_token), self.at(item, above_token));
        let line = item_share.between(along(below_item), along(above_item));
        next.min(line.saturating_add(self.page))
    }
}

impl<C: CostModel> CostModel for Replayed<C> {
    fn peak(&self, items: usize, tokens: usize) -> Bytes {
        let last = |axis: &[usize]| axis.last().copied().unwrap_or(1);
        let (most_items, most_tokens) = (last(&self.items), last(&self.tokens));
        let beside = items.div_ceil(most_items).max(1) as u64;
        let behind = tokens.div_ceil(most_tokens).max(1) as u64;
        let inside = |count: usize, parts: u64, most: usize| if parts > 1 { most } else { count };
        self.within(inside(items, beside, most_items), inside(tokens, behind, most_tokens))
            .saturating_mul(beside)
            .saturating_mul(behind)
            .saturating_mul(behind)
    }

    fn largest_tensor(&self, items: usize, tokens: usize) -> Bytes {
        self.tensors.largest_tensor(items, tokens)
    }
}

/// How far a number is from one place of an axis to the next.
#[derive(Clone, Copy)]
struct Share {
    part: usize,
    of: usize,
}

impl Share {
    fn is_whole(self) -> bool {
        self.part == self.of
    }

    /// The number that is as far from `low` to `high`, rounded up. `low` is no more than `high`.
    fn between(self, low: Bytes, high: Bytes) -> Bytes {
        let rise = u128::from(high.saturating_sub(low).get());
        let share = (rise * self.part as u128).div_ceil(self.of as u128);
        // A part of a rise that has a place in 64 bits has one too.
        low.saturating_add(Bytes::new(u64::try_from(share).unwrap_or(u64::MAX)))
    }
}

/// The first place of an axis that is not below `value`, and how far the value is on the way to it. Before the first place
/// there is none to come from, and the first counts.
fn place(axis: &[usize], value: usize) -> (usize, Share) {
    let above = axis.partition_point(|&place| place < value).min(axis.len() - 1);
    let share = match above.checked_sub(1) {
        Some(below) => Share { part: value - axis[below], of: axis[above] - axis[below] },
        None => Share { part: 1, of: 1 },
    };
    (above, share)
}
