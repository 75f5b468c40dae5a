//! A few queries beside a block of keys: their scores, softmax and sums.

use std::ops::Range;

use super::{Head, Sight};
use crate::cpu::aligned::LINE;
use crate::cpu::arith::Arith;
use crate::cpu::distances::Bias;
use crate::cpu::exp::exp;
use crate::cpu::sum::sum;

/// A head's keys and values in panels, and room for the scores of a few rows.
pub(super) struct Block<'a> {
    pub(super) keys: &'a [f32],
    pub(super) values: &'a [f32],
    pub(super) bias: Option<Bias<'a>>,
    pub(super) scores: &'a mut [f32],
    /// For each row its largest score in earlier blocks, and the sum of the exponentials; nothing where one block is all.
    pub(super) kept: &'a mut [f32],
    /// The tokens whose keys and values these are.
    pub(super) seen: Range<usize>,
    pub(super) sight: Sight,
    /// Of the whole text.
    pub(super) tokens: usize,
    pub(super) head: Head,
}

/// What is done to a row's sums over this block.
#[derive(Clone, Copy)]
enum Join {
    /// It is the first that the row sees: they are scaled.
    Begin(f32),
    /// The row's output so far is scaled, the sums are added, and then all is scaled.
    Add(f32, f32),
}

impl Block<'_> {
    /// The queries `first..first + ROWS`, each of which sees some of the block.
    #[inline(always)]
    pub(super) fn rows<A: Arith, const ROWS: usize, const COLUMNS: usize>(
        &mut self,
        input: &[f32],
        first: usize,
        output: &mut [f32],
        stride: usize,
    ) {
        let (all, width) = (self.head.heads.all(), self.head.heads.width);
        // Panels of keys of which any of these rows sees one.
        let (from, to) = (self.here(first), self.here(first + ROWS - 1));
        let panels = from.start / COLUMNS..to.end.div_ceil(COLUMNS);
        let span = panels.len() * COLUMNS;
        let left = panels.start * COLUMNS;
        let queries: [&[f32]; ROWS] =
            std::array::from_fn(|row| &input[(first + row) * all + self.head.query()..]);
        for (index, panel) in panels.enumerate() {
            let keys = self.keys[panel * COLUMNS * width..][..COLUMNS * width].as_chunks().0;
            let sums = A::tile::<ROWS, COLUMNS>(queries, keys, &[]);
            for (row, sums) in sums.iter().enumerate() {
                self.scores[row * span + index * COLUMNS..][..COLUMNS].copy_from_slice(sums);
            }
        }
        // Not by a closure: it would be compiled by itself, without the processor's instructions.
        let mut joins = [Join::Begin(1.0); ROWS];
        for (row, join) in joins.iter_mut().enumerate() {
            *join = self.softmax::<A>(first + row, row * span..(row + 1) * span, left);
        }
        let tokens = span.min(self.seen.len() - left);
        let scores: [&[f32]; ROWS] = std::array::from_fn(|row| &self.scores[row * span..][..tokens]);
        for panel in 0..width.div_ceil(COLUMNS) {
            let values = &self.values[panel * COLUMNS * self.seen.len()..][..COLUMNS * self.seen.len()];
            let values = values[left * COLUMNS..][..tokens * COLUMNS].as_chunks().0;
            let sums = A::tile::<ROWS, COLUMNS>(scores, values, &[]);
            let columns = COLUMNS.min(width - panel * COLUMNS);
            for (row, (sums, join)) in sums.iter().zip(joins).enumerate() {
                let output = &mut output[(first + row) * stride + panel * COLUMNS..][..columns];
                let both = output.iter_mut().zip(sums);
                match join {
                    Join::Begin(share) => both.for_each(|(output, sum)| *output = sum * share),
                    Join::Add(keep, share) => {
                        both.for_each(|(output, sum)| *output = A::fma(*output, keep, *sum) * share);
                    }
                }
            }
        }
    }

    /// What a row sees of the block, counted from its first key.
    fn here(&self, row: usize) -> Range<usize> {
        let seen = self.sight.of(row, self.tokens);
        let within = |token: usize| token.clamp(self.seen.start, self.seen.end) - self.seen.start;
        within(seen.start)..within(seen.end)
    }

    /// Turns a row's scores, at `place` and of the keys from `left` on, into e^(score - largest), and those of keys that it
    /// does not see into zeros.
    #[inline(always)]
    fn softmax<A: Arith>(&mut self, row: usize, place: Range<usize>, left: usize) -> Join {
        let (here, sight) = (self.here(row), self.sight.of(row, self.tokens));
        let scores = &mut self.scores[place];
        let here = here.start - left..here.end - left;
        if let Some(bias) = self.bias {
            bias.add(&mut scores[here.clone()], row, self.seen.start + left + here.start);
        }
        // Whole lines around what is seen: sums have the same order whatever the panels' width.
        let lines = here.start / LINE * LINE..here.end.next_multiple_of(LINE);
        scores[..lines.start].fill(0.0);
        scores[lines.end..].fill(0.0);
        scores[lines.start..here.start].fill(f32::NEG_INFINITY);
        scores[here.end..lines.end].fill(f32::NEG_INFINITY);
        let own = &mut scores[lines.clone()];
        let (is_first, is_last) = (sight.start >= self.seen.start, sight.end <= self.seen.end);
        let largest = largest(own);
        if is_first && is_last {
            let total = exponentials::<A>(own, largest, here.start - lines.start..here.end - lines.start);
            return Join::Begin(1.0 / total);
        }
        let [before, sum_before] = &mut self.kept.as_chunks_mut::<2>().0[row];
        let largest = if is_first || *before < largest { largest } else { *before };
        let total = exponentials::<A>(own, largest, here.start - lines.start..here.end - lines.start);
        let keep = exp::<A>(*before - largest);
        let total = if is_first { total } else { A::fma(*sum_before, keep, total) };
        (*before, *sum_before) = (largest, total);
        let share = if is_last { 1.0 / total } else { 1.0 };
        if is_first { Join::Begin(share) } else { Join::Add(keep, share) }
    }
}

#[inline(always)]
fn largest(scores: &[f32]) -> f32 {
    let mut largest = [f32::NEG_INFINITY; LINE];
    for line in scores.as_chunks::<LINE>().0 {
        for (largest, &score) in largest.iter_mut().zip(line) {
            *largest = if *largest < score { score } else { *largest };
        }
    }
    largest.iter().fold(f32::NEG_INFINITY, |a, &b| if a < b { b } else { a })
}

/// Turns the scores `seen` into e^(score - largest) and the others into zeros; returns their sum.
#[inline(always)]
fn exponentials<A: Arith>(scores: &mut [f32], largest: f32, seen: Range<usize>) -> f32 {
    for score in scores.iter_mut() {
        *score = exp::<A>(*score - largest);
    }
    scores[..seen.start].fill(0.0);
    scores[seen.end..].fill(0.0);
    sum(scores, |score| score)
}
