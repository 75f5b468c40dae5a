//! Attention of one head over one text.

use super::aligned::{LINE, whole_lines};
use super::arith::Arith;
use super::exp::exp;
use super::isa::{Isa, Work};
use super::sum::sum;
use super::tile::tile;

/// `output[row] = softmax(query[row] · keysᵀ + bias[row]) · values`. The queries hold the scale 1/√width already.
///
/// Rows of `input` are `[queries of all heads, keys of all heads, values of all heads]`, as one product makes them.
pub(crate) struct Attention<'a> {
    /// The text's rows.
    pub(crate) input: &'a [f32],
    pub(crate) head: Head,
    /// What is added to the scores, for each distance: in the middle that of a token to itself.
    pub(crate) bias: Option<&'a [f32]>,
    /// The first row's place for this head.
    pub(crate) output: &'a mut [f32],
    /// From one row of the output to the next.
    pub(crate) stride: usize,
    /// At least [`workspace`] numbers, whatever they are.
    pub(crate) workspace: &'a mut [f32],
}

/// A head among its sisters.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    pub(crate) index: usize,
    pub(crate) heads: usize,
    /// Numbers of one token.
    pub(crate) width: usize,
}

/// Rows of scores that are at hand at once: no fewer than any tile's.
const SCORES: usize = 8;

/// Numbers that attention over `tokens` tokens works in.
pub(crate) fn workspace(isa: Isa, tokens: usize, width: usize) -> usize {
    let columns = isa.columns();
    let padded = tokens.next_multiple_of(columns);
    whole_lines(padded * width) + whole_lines(tokens * width.next_multiple_of(columns)) + SCORES * padded
}

impl Work for Attention<'_> {
    #[inline(always)]
    fn run<A: Arith, const ROWS: usize, const COLUMNS: usize>(mut self) {
        let Head { heads, width, .. } = self.head;
        let tokens = self.input.len() / (3 * heads * width);
        let padded = tokens.next_multiple_of(COLUMNS);
        let (keys, rest) = self.workspace.split_at_mut(whole_lines(padded * width));
        let (values, scores) = rest.split_at_mut(whole_lines(tokens * width.next_multiple_of(COLUMNS)));
        pack_keys::<COLUMNS>(self.input, self.head, &mut keys[..padded * width]);
        pack_values::<COLUMNS>(
            self.input,
            self.head,
            &mut values[..tokens * width.next_multiple_of(COLUMNS)],
        );
        let mut packed = Packed { keys, values, bias: self.bias, scores, tokens, padded };
        let (input, head, stride) = (self.input, self.head, self.stride);
        let mut row = 0;
        while row < tokens {
            let output = &mut self.output;
            match (tokens - row).min(ROWS) {
                1 => packed.rows::<A, 1, COLUMNS>(input, head, row, output, stride),
                2 => packed.rows::<A, 2, COLUMNS>(input, head, row, output, stride),
                3 => packed.rows::<A, 3, COLUMNS>(input, head, row, output, stride),
                4 => packed.rows::<A, 4, COLUMNS>(input, head, row, output, stride),
                5 => packed.rows::<A, 5, COLUMNS>(input, head, row, output, stride),
                6 => packed.rows::<A, 6, COLUMNS>(input, head, row, output, stride),
                7 => packed.rows::<A, 7, COLUMNS>(input, head, row, output, stride),
                _ => packed.rows::<A, ROWS, COLUMNS>(input, head, row, output, stride),
            }
            row += ROWS;
        }
    }
}

/// `[panel of keys][width][column]`, zeros where there is no key.
#[inline(always)]
fn pack_keys<const COLUMNS: usize>(input: &[f32], head: Head, keys: &mut [f32]) {
    let Head { index, heads, width } = head;
    let (stride, first) = (3 * heads * width, (heads + index) * width);
    for (panel, keys) in keys.chunks_exact_mut(COLUMNS * width).enumerate() {
        for column in 0..COLUMNS {
            let row = (panel * COLUMNS + column) * stride;
            let to = keys.iter_mut().skip(column).step_by(COLUMNS);
            if row < input.len() {
                to.zip(&input[row + first..][..width]).for_each(|(to, from)| *to = *from);
            } else {
                to.for_each(|to| *to = 0.0);
            }
        }
    }
}

/// `[panel of the width][token][column]`, zeros beyond the width.
#[inline(always)]
fn pack_values<const COLUMNS: usize>(input: &[f32], head: Head, values: &mut [f32]) {
    let Head { index, heads, width } = head;
    let (stride, first) = (3 * heads * width, (2 * heads + index) * width);
    let tokens = input.len() / stride;
    for (panel, values) in values.chunks_exact_mut(COLUMNS * tokens).enumerate() {
        let columns = COLUMNS.min(width - panel * COLUMNS);
        for (row, to) in input.chunks_exact(stride).zip(values.chunks_exact_mut(COLUMNS)) {
            let from = &row[first + panel * COLUMNS..][..columns];
            if let (Ok(to), Ok(from)) =
                (<&mut [f32; COLUMNS]>::try_from(&mut *to), <&[f32; COLUMNS]>::try_from(from))
            {
                *to = *from;
            } else {
                to[..columns].copy_from_slice(from);
                to[columns..].fill(0.0);
            }
        }
    }
}

/// A head's keys and values in panels, and room for the scores of a few rows.
struct Packed<'a> {
    keys: &'a [f32],
    values: &'a [f32],
    bias: Option<&'a [f32]>,
    scores: &'a mut [f32],
    tokens: usize,
    /// Tokens up to whole panels.
    padded: usize,
}

impl Packed<'_> {
    #[inline(always)]
    fn rows<A: Arith, const ROWS: usize, const COLUMNS: usize>(
        &mut self,
        input: &[f32],
        head: Head,
        first: usize,
        output: &mut [f32],
        stride: usize,
    ) {
        let Head { index, heads, width } = head;
        let queries: [&[f32]; ROWS] =
            std::array::from_fn(|row| &input[(first + row) * 3 * heads * width + index * width..]);
        let (tokens, padded) = (self.tokens, self.padded);
        for panel in 0..padded / COLUMNS {
            let keys = self.keys[panel * COLUMNS * width..][..COLUMNS * width].as_chunks().0;
            let sums = tile::<A, ROWS, COLUMNS>(queries, keys);
            for (row, sums) in sums.iter().enumerate() {
                self.scores[row * padded + panel * COLUMNS..][..COLUMNS].copy_from_slice(sums);
            }
        }
        if let Some(bias) = self.bias {
            for (row, scores) in self.scores.chunks_exact_mut(padded).take(ROWS).enumerate() {
                let bias = &bias[bias.len() / 2 - (first + row)..][..tokens];
                scores.iter_mut().zip(bias).for_each(|(score, bias)| *score += bias);
            }
        }
        let mut shares = [0.0; ROWS];
        for (scores, share) in self.scores.chunks_exact_mut(padded).zip(&mut shares) {
            *share = 1.0 / exponentials::<A>(scores, tokens);
        }
        let scores: [&[f32]; ROWS] = std::array::from_fn(|row| &self.scores[row * padded..][..tokens]);
        for panel in 0..width.div_ceil(COLUMNS) {
            let values = self.values[panel * COLUMNS * tokens..][..COLUMNS * tokens].as_chunks().0;
            let sums = tile::<A, ROWS, COLUMNS>(scores, values);
            let columns = COLUMNS.min(width - panel * COLUMNS);
            for (row, (sums, share)) in sums.iter().zip(shares).enumerate() {
                let output = &mut output[(first + row) * stride + panel * COLUMNS..][..columns];
                output.iter_mut().zip(sums).for_each(|(output, sum)| *output = sum * share);
            }
        }
    }
}

/// Turns the first `tokens` scores into e^(score - largest) and the others into zeros; returns their sum.
#[inline(always)]
fn exponentials<A: Arith>(scores: &mut [f32], tokens: usize) -> f32 {
    scores[tokens..].fill(f32::NEG_INFINITY);
    let mut largest = [f32::NEG_INFINITY; LINE];
    for line in scores.as_chunks::<LINE>().0 {
        for (largest, &score) in largest.iter_mut().zip(line) {
            *largest = if *largest < score { score } else { *largest };
        }
    }
    let largest = largest.iter().fold(f32::NEG_INFINITY, |a, &b| if a < b { b } else { a });
    for score in scores.iter_mut() {
        *score = exp::<A>(*score - largest);
    }
    scores[tokens..].fill(0.0);
    sum(scores, |score| score)
}
