//! Attention of one head over one text in bf16: scores and values are products of numbers in bf16, shares are made of the
//! scores in f32.

use super::kernel::{Bf16, Lanes, SlotRows, Sums, blocks};
use super::softmax::exponentials;
use super::{COLUMNS, Format, HALF, NarrowIsa, ROWS, STEP};
use crate::cpu::distances::Bias;
use crate::cpu::scratch::Carve;

/// `output[row] = softmax(query[row] · keysᵀ + bias[row]) · values`. The queries hold the scale 1/√width already.
pub(crate) struct NarrowAttention<'a> {
    /// The text's rows, in f32. Each holds queries, keys and values, and more.
    pub(crate) input: &'a [f32],
    pub(crate) places: Places,
    pub(crate) bias: Option<Bias<'a>>,
    /// The first row's place for this head.
    pub(crate) output: &'a mut [f32],
    /// From one row of the output to the next.
    pub(crate) stride: usize,
    /// At least [`workspace`] numbers, whatever they are.
    pub(crate) workspace: &'a mut [f32],
}

/// Where in a row a head's numbers are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    /// From one row to the next.
    pub(crate) stride: usize,
    pub(crate) query: usize,
    pub(crate) key: usize,
    pub(crate) value: usize,
    /// Numbers of each.
    pub(crate) width: usize,
}

/// Numbers that attention over `tokens` tokens works in.
pub(crate) fn workspace(tokens: usize, width: usize) -> usize {
    Sizes::new(tokens, width).all().iter().sum()
}

/// How much there is of everything.
#[derive(Clone, Copy)]
struct Sizes {
    /// Tokens up to whole panels.
    keys: usize,
    /// Slots of a query, and of a row of shares.
    query: usize,
    shares: usize,
    /// Panels of the width.
    panels: usize,
}

impl Sizes {
    fn new(tokens: usize, width: usize) -> Self {
        let (query, shares) = (Format::Bf16.depth(width), Format::Bf16.depth(tokens));
        Sizes { keys: tokens.next_multiple_of(COLUMNS), query, shares, panels: width.div_ceil(COLUMNS) }
    }

    /// Of keys, values, a block's queries, its scores and its shares. All are whole lines of the cache.
    fn all(self) -> [usize; 5] {
        let Sizes { keys, query, shares, panels } = self;
        [keys * query, panels * COLUMNS * shares, ROWS * query, ROWS * keys, ROWS * shares]
    }
}

impl NarrowAttention<'_> {
    /// Computes it with these instructions, which are for bf16.
    pub(crate) fn run(self, isa: NarrowIsa) {
        isa.attend(self);
    }

    /// Computes it.
    #[inline(always)]
    pub(super) fn compute<K: Bf16>(mut self, kernel: K) {
        let tokens = self.input.len() / self.places.stride;
        let sizes = Sizes::new(tokens, self.places.width);
        let mut carve = Carve(std::mem::take(&mut self.workspace));
        let [keys, values, queries, scores, shares] = sizes.all().map(|len| carve.take(len));
        self.pack_keys(kernel, tokens, sizes.query, keys);
        self.pack_values(kernel, tokens, sizes.shares, values);
        let mut sums = Sums::ZERO;
        for (first, count) in blocks(tokens, K::BLOCK, K::TILE) {
            for (row, slots) in queries.chunks_exact_mut(sizes.query).take(count).enumerate() {
                narrow(kernel, self.row(first + row, self.places.query), slots);
            }
            let rows = SlotRows { slots: queries, stride: sizes.query, head: 0 };
            for (panel, keys) in keys.chunks_exact(COLUMNS * sizes.query).enumerate() {
                kernel.block(rows, 0, count, keys, &mut sums);
                for (sums, scores) in sums.0.iter().zip(scores.chunks_exact_mut(sizes.keys)).take(count) {
                    let scores = scores[panel * COLUMNS..].as_chunks_mut().0;
                    for (sums, scores) in sums.as_chunks().0.iter().zip(scores) {
                        kernel.real(sums).store(scores);
                    }
                }
            }
            let mut inverse = [0.0; ROWS];
            let rows = scores.chunks_exact_mut(sizes.keys).zip(shares.chunks_exact_mut(sizes.shares));
            for (row, (scores, shares)) in rows.take(count).enumerate() {
                if let Some(bias) = self.bias {
                    bias.add(&mut scores[..tokens], first + row, 0);
                }
                inverse[row] = 1.0 / exponentials(kernel, scores, tokens);
                // As many lines: both are the tokens up to whole lines of numbers, or of slots.
                for (numbers, slots) in scores.as_chunks().0.iter().zip(shares.as_chunks_mut().0) {
                    kernel.pairs(numbers, slots);
                }
            }
            let rows = SlotRows { slots: shares, stride: sizes.shares, head: 0 };
            for (panel, values) in values.chunks_exact(COLUMNS * sizes.shares).enumerate() {
                kernel.block(rows, 0, count, values, &mut sums);
                let columns = COLUMNS.min(self.places.width - panel * COLUMNS);
                for (row, sums) in sums.0[..count].iter().enumerate() {
                    let output = &mut self.output[(first + row) * self.stride + panel * COLUMNS..];
                    for (half, sums) in sums.as_chunks().0.iter().enumerate() {
                        let line = kernel.real(sums).times(kernel.all(inverse[row]));
                        let from = half * HALF;
                        if columns >= from + HALF
                            && let Some(to) = output[from..].first_chunk_mut()
                        {
                            line.store(to);
                        } else if columns > from {
                            let mut numbers = [0.0; HALF];
                            line.store(&mut numbers);
                            output[from..columns].copy_from_slice(&numbers[..columns - from]);
                        }
                    }
                }
            }
        }
    }

    /// A token's numbers from some place on.
    #[inline(always)]
    fn row(&self, token: usize, place: usize) -> &[f32] {
        &self.input[token * self.places.stride + place..][..self.places.width]
    }

    /// Panels of keys as [`NarrowPanels`](super::NarrowPanels) has them: a key is a column. Zeros where there is none.
    #[inline(always)]
    fn pack_keys<K: Bf16>(&self, kernel: K, tokens: usize, depth: usize, keys: &mut [f32]) {
        let steps = depth / STEP;
        let halves = keys.as_chunks_mut::<HALF>().0.as_chunks_mut::<STEP>().0;
        for (index, half) in halves.iter_mut().enumerate() {
            let (panel, step) = (index / (2 * steps), index / 2 % steps);
            let first = panel * COLUMNS + index % 2 * HALF;
            let mut rows = [[0.0; STEP]; HALF];
            for (token, row) in (first..tokens).zip(&mut rows) {
                pairs(kernel, &self.row(token, self.places.key)[step * 2 * STEP..], row);
            }
            kernel.turned(&rows, half);
        }
    }

    /// Panels of values: a slot holds what two tokens have at the same place. Zeros beyond the last token.
    #[inline(always)]
    fn pack_values<K: Bf16>(&self, kernel: K, tokens: usize, depth: usize, values: &mut [f32]) {
        const NONE: [f32; HALF] = [0.0; HALF];
        for (index, slots) in values.as_chunks_mut::<HALF>().0.iter_mut().enumerate() {
            // Panels, steps, halves, slots.
            let (panel, slot) =
                (index / (2 * depth), index / (2 * STEP) % (depth / STEP) * STEP + index % STEP);
            let column = panel * COLUMNS + index / STEP % 2 * HALF;
            // The width is whole halves, and there are both tokens: nearly always.
            let whole = |token: usize| {
                let row = (token < tokens).then(|| self.row(token, self.places.value))?;
                row.get(column..)?.first_chunk()
            };
            if let (Some(first), Some(second)) = (whole(2 * slot), whole(2 * slot + 1)) {
                kernel.between(first, second, slots);
                continue;
            }
            let padded = |token: usize| {
                if token < tokens && column < self.places.width {
                    padded(&self.row(token, self.places.value)[column..])
                } else {
                    NONE
                }
            };
            kernel.between(&padded(2 * slot), &padded(2 * slot + 1), slots);
        }
    }
}

/// A row of numbers in slots.
#[inline(always)]
fn narrow<K: Bf16>(kernel: K, numbers: &[f32], slots: &mut [f32]) {
    for (step, slots) in slots.as_chunks_mut().0.iter_mut().enumerate() {
        pairs(kernel, &numbers[step * 2 * STEP..], slots);
    }
}

/// The first numbers in a step of slots, zeros where there are none.
#[inline(always)]
fn pairs<K: Bf16>(kernel: K, numbers: &[f32], slots: &mut [f32; STEP]) {
    match numbers.first_chunk() {
        Some(numbers) => kernel.pairs(numbers, slots),
        None => kernel.pairs(&padded(numbers), slots),
    }
}

/// Fewer numbers than so many, or the first of more, and zeros behind them.
#[inline(always)]
fn padded<const LENGTH: usize>(numbers: &[f32]) -> [f32; LENGTH] {
    let mut line = [0.0; LENGTH];
    let count = numbers.len().min(LENGTH);
    line[..count].copy_from_slice(&numbers[..count]);
    line
}
