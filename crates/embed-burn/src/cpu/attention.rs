//! Attention of one head over one text.
//!
//! Keys and values are taken [`KEYS`] at a time: packed, they stay in a core's own cache while all queries that see any of
//! them pass by. What a query sees of other blocks is joined by the largest score and the sum so far. So the working memory
//! of a text grows with its length and not with the square of it; and what no query of a tile sees is not computed.

mod pack;
mod rows;

use std::ops::Range;

use self::pack::{pack_keys, pack_values};
use self::rows::Block;
use super::aligned::whole_lines;
use super::arith::Arith;
use super::distances::Bias;
use super::isa::{Isa, Work};
use super::scratch::Carve;
use crate::folder::Heads;

/// `output[row] = softmax(query[row] · keysᵀ + bias[row]) · values`, over the keys that the row sees. The queries hold the
/// scale 1/√width already, if there is one.
///
/// Rows of `input` are `[queries of all heads, keys of all heads, values of all heads]`, as one product makes them.
pub(crate) struct Attention<'a> {
    /// The text's rows.
    pub(crate) input: &'a [f32],
    pub(crate) head: Head,
    pub(crate) sight: Sight,
    pub(crate) bias: Option<Bias<'a>>,
    /// The first row's place for this head.
    pub(crate) output: &'a mut [f32],
    /// From one row of the output to the next.
    pub(crate) stride: usize,
    /// At least [`workspace`] numbers, whatever they are.
    pub(crate) workspace: &'a mut [f32],
}

/// A head of queries among its sisters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) index: usize,
    pub(crate) heads: Heads,
}

impl Head {
    /// Where its queries begin in a row.
    pub(crate) fn query(self) -> usize {
        self.index * self.heads.width
    }

    /// Where the keys that serve it begin.
    pub(crate) fn key(self) -> usize {
        let Heads { queries, keys, width } = self.heads;
        (queries + self.index / (queries / keys)) * width
    }

    /// Where the values that serve it begin.
    pub(crate) fn value(self) -> usize {
        self.key() + self.heads.keys * self.heads.width
    }
}

/// How far a token sees: so many tokens that stand before it, and so many behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) before: usize,
    pub(crate) behind: usize,
}

impl Sight {
    /// The whole text.
    pub(crate) const ALL: Sight = Sight { before: usize::MAX, behind: usize::MAX };
    /// A token, and those before it.
    pub(crate) const CAUSAL: Sight = Sight { before: usize::MAX, behind: 0 };

    /// That of all layers of an encoder, and of those whose tokens see no further than `reach`, if there are any.
    pub(crate) fn of_layers(causal: bool, reach: Option<usize>) -> (Self, Option<Self>) {
        let all = if causal { Sight::CAUSAL } else { Sight::ALL };
        (all, reach.map(|reach| all.within(reach)))
    }

    /// Of what it sees, what is no further away than `reach`.
    fn within(self, reach: usize) -> Self {
        Sight { before: self.before.min(reach), behind: self.behind.min(reach) }
    }

    /// The tokens that the one at `place` of so many sees.
    fn of(self, place: usize, tokens: usize) -> Range<usize> {
        place.saturating_sub(self.before)..place.saturating_add(self.behind).saturating_add(1).min(tokens)
    }

    /// The tokens of so many that see any of these.
    fn seeing(self, seen: &Range<usize>, tokens: usize) -> Range<usize> {
        seen.start.saturating_sub(self.behind)..seen.end.saturating_add(self.before).min(tokens)
    }
}

/// Keys that are packed at once. With their values, heads of 64 numbers are 256 KiB of them: that is what a core's second
/// cache has room for.
const KEYS: usize = 512;

/// Rows of scores that are at hand at once: no fewer than any tile's.
const SCORES: usize = 12;

/// Numbers that attention over `tokens` tokens works in.
pub(crate) fn workspace(isa: Isa, tokens: usize, width: usize) -> usize {
    sizes(isa.columns(), tokens, width).map(whole_lines).iter().sum()
}

/// Of keys, values, scores, and of what is kept of each row from block to block.
fn sizes(columns: usize, tokens: usize, width: usize) -> [usize; 4] {
    let keys = tokens.min(KEYS);
    let padded = keys.next_multiple_of(columns);
    let kept = if tokens > KEYS { 2 * tokens } else { 0 };
    [padded * width, keys * width.next_multiple_of(columns), SCORES * padded, kept]
}

impl Work for Attention<'_> {
    #[inline(always)]
    fn run<A: Arith, const ROWS: usize, const COLUMNS: usize>(self) {
        let Attention { input, head, sight, bias, output, stride, workspace } = self;
        let width = head.heads.width;
        let tokens = input.len() / head.heads.all();
        let mut carve = Carve(workspace);
        let [keys, values, scores, kept] = sizes(COLUMNS, tokens, width).map(|len| carve.take(len));
        for first in (0..tokens).step_by(KEYS) {
            let seen = first..(first + KEYS).min(tokens);
            let padded = seen.len().next_multiple_of(COLUMNS);
            pack_keys::<COLUMNS>(input, head, &seen, &mut keys[..padded * width]);
            let packed = seen.len() * width.next_multiple_of(COLUMNS);
            pack_values::<COLUMNS>(input, head, &seen, &mut values[..packed]);
            let rows = sight.seeing(&seen, tokens);
            let mut block = Block { keys, values, bias, scores, kept, seen, sight, tokens, head };
            let mut row = rows.start;
            for tiles in (1..=rows.len().div_ceil(ROWS)).rev() {
                let count = (rows.end - row).div_ceil(tiles);
                match count {
                    1 => block.rows::<A, 1, COLUMNS>(input, row, output, stride),
                    2 => block.rows::<A, 2, COLUMNS>(input, row, output, stride),
                    3 => block.rows::<A, 3, COLUMNS>(input, row, output, stride),
                    4 => block.rows::<A, 4, COLUMNS>(input, row, output, stride),
                    5 => block.rows::<A, 5, COLUMNS>(input, row, output, stride),
                    6 => block.rows::<A, 6, COLUMNS>(input, row, output, stride),
                    7 => block.rows::<A, 7, COLUMNS>(input, row, output, stride),
                    8 => block.rows::<A, 8, COLUMNS>(input, row, output, stride),
                    9 => block.rows::<A, 9, COLUMNS>(input, row, output, stride),
                    10 => block.rows::<A, 10, COLUMNS>(input, row, output, stride),
                    11 => block.rows::<A, 11, COLUMNS>(input, row, output, stride),
                    _ => block.rows::<A, ROWS, COLUMNS>(input, row, output, stride),
                }
                row += count;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sees_whom_is_the_same_from_both_sides() {
        for sight in
            [Sight::ALL, Sight::CAUSAL, Sight { before: 3, behind: 3 }, Sight { before: 2, behind: 0 }]
        {
            for (first, last) in [(0, 4), (4, 8), (8, 9)] {
                let seeing = sight.seeing(&(first..last), 9);
                for place in 0..9 {
                    let seen = sight.of(place, 9);
                    let any = seen.start < last && first < seen.end;
                    assert_eq!(any, seeing.contains(&place), "{sight:?}: {place} and {first}..{last}");
                }
            }
        }
    }

    #[test]
    fn heads_that_share_keys_read_the_same() {
        let heads = Heads { queries: 6, keys: 2, width: 5 };
        let places = |index| {
            let head = Head { index, heads };
            (head.query(), head.key(), head.value())
        };
        assert_eq!(places(0), (0, 30, 40));
        assert_eq!(places(2), (10, 30, 40));
        assert_eq!(places(3), (15, 35, 45));
    }
}
