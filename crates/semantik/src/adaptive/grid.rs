//! [`Grid`]: which shapes of batch are replayed, and the table that comes of it.

use std::collections::HashMap;

use batch_policy::{Bytes, PolicyError, Table};
use embed_burn::Replayed;

/// Numbers of texts, each twice the one before, by lengths, two for each power of two. Those of no more than `reach` tokens are
/// replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    reach: usize,
    items: Vec<usize>,
    tokens: Vec<usize>,
}

/// The shortest length of a grid; shorter texts count as this long.
const SHORTEST: usize = 16;

impl Grid {
    /// For batches of up to `reach` tokens, of texts of up to `longest`; both are at least 1.
    pub(super) fn new(reach: usize, longest: usize) -> Self {
        let longest = longest.min(reach).max(1);
        let shortest = SHORTEST.min(longest);
        let doubled = |least: usize| std::iter::successors(Some(least), |place| place.checked_mul(2));
        let lengths = doubled(shortest).flat_map(|place| [place, place.saturating_add(place / 2)]);
        let most = (reach / shortest).max(1);
        Grid { reach, items: ending_with(most, doubled(1)), tokens: ending_with(longest, lengths) }
    }

    /// That of a table which such a grid gave, as far as `reach` goes.
    pub(super) fn of_table(table: &Table, reach: usize) -> Self {
        let (items, tokens) = (table.items().to_vec(), table.tokens().to_vec());
        let most =
            items.last().zip(tokens.first()).map_or(0, |(items, tokens)| items.saturating_mul(*tokens));
        Grid { reach: reach.min(most), items, tokens }
    }

    pub(super) fn reach(&self) -> usize {
        self.reach
    }

    /// Whether a table of this grid would not go much further than one that there is.
    pub(super) fn is_within(&self, table: &Table) -> bool {
        let there = Grid::of_table(table, usize::MAX);
        let longest = |grid: &Grid| grid.tokens.last().copied().unwrap_or(0);
        !is_worth(there.reach, self.reach) && !is_worth(longest(&there), longest(self))
    }

    /// The shapes that are replayed, by numbers of texts.
    pub(super) fn rows(&self) -> impl Iterator<Item = Vec<(usize, usize)>> {
        let fits = |&(items, tokens): &(usize, usize)| items.saturating_mul(tokens) <= self.reach;
        let row =
            move |&items: &usize| self.tokens.iter().map(|&tokens| (items, tokens)).filter(fits).collect();
        self.items.iter().map(row)
    }

    /// The shape that is replayed first, since pages get the size that it needs: of those whose largest tensor has no more than
    /// `cap` bytes, the one with the largest.
    pub(super) fn largest(&self, tensor: impl Fn(usize, usize) -> u64, cap: u64) -> Option<(usize, usize)> {
        let sized = self.rows().flatten().map(|shape| (tensor(shape.0, shape.1), shape));
        sized.filter(|(tensor, _)| *tensor <= cap).max().map(|(_, shape)| shape)
    }

    /// The table of what was replayed. A shape that was not counts as so many batches of the most texts of its length that
    /// were, or as `predicted` without a table, if that is less; `page` is how far pages are from each other.
    ///
    /// # Errors
    /// A reach of 0, which has no shapes.
    pub(super) fn table(
        &self,
        replayed: &[Replayed],
        predicted: impl Fn(usize, usize) -> Bytes,
        page: Bytes,
    ) -> Result<Table, PolicyError> {
        let known: HashMap<(usize, usize), u64> =
            replayed.iter().map(|row| ((row.items, row.tokens), row.bytes)).collect();
        let in_parts = |items: usize, tokens: usize| {
            let mut fewer = self.items.iter().rev().filter(|&&fewer| fewer < items);
            let of = |&fewer: &usize| Some((fewer, *known.get(&(fewer, tokens))?));
            let (fewer, bytes) = fewer.find_map(of)?;
            Some(Bytes::new(bytes).saturating_mul(items.div_ceil(fewer) as u64))
        };
        let peak = |items: usize, tokens: usize| match known.get(&(items, tokens)) {
            Some(&bytes) => Bytes::new(bytes),
            None => in_parts(items, tokens)
                .map_or(Bytes::new(u64::MAX), |peak| peak)
                .min(predicted(items, tokens)),
        };
        let shapes =
            self.items.iter().flat_map(|&items| self.tokens.iter().map(move |&tokens| (items, tokens)));
        let peaks = shapes.map(|(items, tokens)| peak(items, tokens)).collect();
        Table::new(self.items.clone(), self.tokens.clone(), peaks, page)
    }
}

/// Whether a replay that goes as far as `reach` is worth the time, where there was one as far as `made`: memory is never the
/// same twice.
pub(super) fn is_worth(made: usize, reach: usize) -> bool {
    reach > 0 && reach.saturating_mul(4) >= made.saturating_mul(5)
}

/// The places below `last`, and `last`.
fn ending_with(last: usize, places: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut axis: Vec<usize> = places.take_while(|&place| place < last).collect();
    axis.dedup();
    axis.push(last);
    axis
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes(grid: &Grid) -> Vec<(usize, usize)> {
        grid.rows().flatten().collect()
    }

    fn replayed(grid: &Grid) -> Vec<Replayed> {
        let row = |(items, tokens)| Replayed { items, tokens, bytes: 1000 + 10 * (items * tokens) as u64 };
        shapes(grid).into_iter().map(row).collect()
    }

    #[test]
    fn a_grid_has_no_shape_beyond_its_reach_and_few_in_all() {
        for (reach, longest) in [(16_384, 512), (4096, 48), (300, 512), (1, 1), (7, 3), (1 << 20, 32_768)] {
            let grid = Grid::new(reach, longest);
            let all = shapes(&grid);
            assert!(all.iter().all(|(items, tokens)| items * tokens <= reach), "{reach}: {all:?}");
            assert!(all.contains(&(1, longest.min(reach))), "one of the longest texts: {all:?}");
            assert!(all.len() <= 300, "{reach} × {longest}: {} shapes", all.len());
        }
        assert_eq!(Grid::new(16_384, 512).tokens, [16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512]);
    }

    #[test]
    fn a_table_says_what_was_replayed_and_never_less_for_more() {
        let grid = Grid::new(4096, 512);
        let table = grid.table(&replayed(&grid), |_, _| Bytes::new(1 << 40), Bytes::new(100)).unwrap();
        for row in replayed(&grid) {
            assert_eq!(table.peak(row.items, row.tokens), Bytes::new(row.bytes), "{row:?}");
        }
        // What nobody replayed is bounded by parts that somebody did.
        let (parts, most) = (table.peak(256, 512), 1000 + 10 * 256 * 512);
        assert!((most..2 * most).contains(&parts.get()), "{parts}");
        let told = grid.table(&replayed(&grid), |_, _| Bytes::new(most), Bytes::new(100)).unwrap();
        assert_eq!(told.peak(256, 512), Bytes::new(most), "or by what is predicted without");
    }

    #[test]
    fn a_table_tells_how_far_it_goes() {
        let grid = Grid::new(4096, 512);
        let table = grid.table(&replayed(&grid), |_, _| Bytes::new(1 << 40), Bytes::new(100)).unwrap();
        let tensor = |items: usize, tokens: usize| (items * tokens * tokens) as u64;
        assert_eq!(Grid::of_table(&table, usize::MAX), grid);
        assert!(grid.is_within(&table) && Grid::new(1024, 512).is_within(&table));
        assert!(!Grid::new(8192, 512).is_within(&table));
        // With less memory pages are made for less.
        assert_eq!(Grid::of_table(&table, usize::MAX).largest(tensor, u64::MAX), Some((8, 512)));
        assert_eq!(Grid::of_table(&table, 1024).largest(tensor, u64::MAX), Some((2, 512)));
        let capped = grid.largest(tensor, 512 * 512).map(|(items, tokens)| tensor(items, tokens));
        assert_eq!(capped, Some(512 * 512));
        assert_eq!(grid.largest(tensor, 0), None);
    }
}
