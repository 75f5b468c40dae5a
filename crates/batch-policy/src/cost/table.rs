//! [`Table`]: shapes whose peaks are known.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::bytes::Bytes;
use crate::cost::learned::is_possible;
use crate::error::PolicyError;

/// A grid of batches of known peaks, from a dry run or from measurements, and bounds for every shape between and beyond:
/// see [`Replayed`](crate::Replayed), the cost model that is made of it.
///
/// With the feature `serde` a table can be written and read. What is read is checked as by [`Table::new`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "Grid"))]
pub struct Table {
    items: Vec<usize>,
    tokens: Vec<usize>,
    /// Of each number of items, those of each number of tokens.
    peaks: Vec<Bytes>,
    page: Bytes,
}

/// A table that is not checked yet.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
struct Grid {
    items: Vec<usize>,
    tokens: Vec<usize>,
    peaks: Vec<Bytes>,
    page: Bytes,
}

#[cfg(feature = "serde")]
impl TryFrom<Grid> for Table {
    type Error = PolicyError;

    fn try_from(grid: Grid) -> Result<Self, PolicyError> {
        let table = Table::new(grid.items, grid.tokens, grid.peaks, grid.page)?;
        table.check()?;
        Ok(table)
    }
}

impl Table {
    /// The peaks of batches of each of `items` with each of `tokens`: first all of the first number of items. A peak below
    /// that of a smaller batch is raised to it. `page` is what an allocator rounds up to.
    ///
    /// # Errors
    /// `items` or `tokens` is empty or does not rise from at least 1, or there is not one peak for each pair.
    pub fn new(
        items: Vec<usize>,
        tokens: Vec<usize>,
        peaks: Vec<Bytes>,
        page: Bytes,
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
        let mut table = Table { items, tokens, peaks, page };
        table.raise();
        Ok(table)
    }

    /// The numbers of texts that the grid has.
    pub fn items(&self) -> &[usize] {
        &self.items
    }

    /// The lengths that the grid has.
    pub fn tokens(&self) -> &[usize] {
        &self.tokens
    }

    /// Whether a batch is no larger than the largest of the grid, in either direction.
    pub fn covers(&self, items: usize, tokens: usize) -> bool {
        items <= last(&self.items) && tokens <= last(&self.tokens)
    }

    /// The most bytes that a batch takes.
    pub fn peak(&self, items: usize, tokens: usize) -> Bytes {
        let (most_items, most_tokens) = (last(&self.items), last(&self.tokens));
        let beside = items.div_ceil(most_items).max(1) as u64;
        let behind = tokens.div_ceil(most_tokens).max(1) as u64;
        let inside = |count: usize, parts: u64, most: usize| if parts > 1 { most } else { count };
        self.within(inside(items, beside, most_items), inside(tokens, behind, most_tokens))
            .saturating_mul(beside)
            .saturating_mul(behind)
            .saturating_mul(behind)
    }

    /// The peak of the largest batch of the grid that is no larger than this one, or of the smallest of all.
    pub(crate) fn peak_of_covered(&self, items: usize, tokens: usize) -> Bytes {
        self.within(items.min(last(&self.items)), tokens.min(last(&self.tokens)))
    }

    /// A table that is below neither where both cover a batch, and below the one that covers it where one does.
    ///
    /// Where both are the same, so is what comes of them. Where a grid of all their shapes would be too large to keep, it is
    /// that of the larger one alone.
    #[must_use]
    pub fn merge(&self, other: &Table) -> Table {
        let axis = |a: &[usize], b: &[usize]| -> Vec<usize> {
            a.iter().chain(b).copied().collect::<BTreeSet<_>>().into_iter().collect()
        };
        let (mut items, mut tokens) = (axis(&self.items, &other.items), axis(&self.tokens, &other.tokens));
        if items.len().saturating_mul(tokens.len()) > MOST_SHAPES {
            let larger = if self.peaks.len() >= other.peaks.len() { self } else { other };
            (items, tokens) = (larger.items.clone(), larger.tokens.clone());
        }
        let both = |item: usize, token: usize| {
            let (ours, theirs) = (self.peak(item, token), other.peak(item, token));
            match (self.covers(item, token), other.covers(item, token)) {
                (true, false) => ours,
                (false, true) => theirs,
                _ => ours.max(theirs),
            }
        };
        let peaks = items
            .iter()
            .flat_map(|&item| tokens.iter().map(move |&token| (item, token)))
            .map(|(i, t)| both(i, t));
        let mut table = Table { peaks: peaks.collect(), items, tokens, page: self.page.max(other.page) };
        table.raise();
        table
    }

    /// Whether a device may have given such peaks, and whether it is small enough to be looked into.
    ///
    /// # Errors
    /// A peak is none that a batch can have, or there are too many.
    pub(crate) fn check(&self) -> Result<(), PolicyError> {
        if self.peaks.len() > MOST_SHAPES {
            return Err(PolicyError::profile(
                "table",
                self.peaks.len(),
                format_args!("at most {MOST_SHAPES} shapes"),
            ));
        }
        if let Some(peak) = self.peaks.iter().find(|peak| !is_possible(**peak)) {
            return Err(PolicyError::profile(
                "table",
                peak,
                "what a batch can take, from 1 byte to a pebibyte",
            ));
        }
        if self.page != Bytes::new(0) && !is_possible(self.page) {
            return Err(PolicyError::profile("page", self.page, "at most a pebibyte"));
        }
        Ok(())
    }

    /// No batch's peak is below that of a smaller one.
    fn raise(&mut self) {
        let (width, peaks) = (self.tokens.len(), &mut self.peaks);
        for at in 0..peaks.len() {
            let fewer_items = at.checked_sub(width).map(|before| peaks[before]);
            let fewer_tokens = (at % width > 0).then(|| peaks[at - 1]);
            peaks[at] = [fewer_items, fewer_tokens].into_iter().flatten().fold(peaks[at], Bytes::max);
        }
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

/// Shapes of a table that is read: a grid is some ten by ten.
const MOST_SHAPES: usize = 1 << 16;

/// An axis is never empty.
fn last(axis: &[usize]) -> usize {
    axis.last().copied().unwrap_or(1)
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
