//! The steps of a layer over some rows, shared by the three ways of sharing out work.

use super::attention::{self, Attention, Head};
use super::encoder::{Encoder, Layer};
use super::narrow::{self, NarrowAttention, Places};
use super::norm::AddNorm;
use crate::folder::{Pooling, PoolingMode};
use crate::pooling::Shares;

/// Rows that are taken through the feed-forward part at once: its wide middle stays in a core's own cache.
pub(crate) const BLOCK: usize = 96;

/// Buffers for the rows of one block.
pub(crate) struct BlockBuffers<'a> {
    /// `[BLOCK, hidden]`
    pub(crate) attended: &'a mut [f32],
    /// `[BLOCK, feed_forward]`
    pub(crate) wide: &'a mut [f32],
    /// [`Encoder::slots`] of BLOCK rows.
    pub(crate) slots: &'a mut [f32],
}

impl Encoder {
    /// What a text's ids begin as.
    pub(crate) fn embed(&self, ids: &[u32], x: &mut [f32]) {
        let hidden = self.dimensions.hidden;
        let (words, positions) = (self.embeddings.words.values(), self.embeddings.positions.values());
        for (&id, row) in ids.iter().zip(x.chunks_exact_mut(hidden)) {
            row.copy_from_slice(&words[id as usize * hidden..][..hidden]);
        }
        let (counting, norm) = (self.embeddings.counting, &self.embeddings.norm);
        let first = counting.first();
        if counting.rows(ids).eq(first..first + ids.len()) {
            let add = &positions[first * hidden..][..ids.len() * hidden];
            return self.isa.run(AddNorm { to: x, add, norm });
        }
        for (place, row) in counting.rows(ids).zip(x.chunks_exact_mut(hidden)) {
            self.isa.run(AddNorm { to: row, add: &positions[place * hidden..][..hidden], norm });
        }
    }

    /// Numbers of working memory that narrowing so many rows needs, for any of its matrices.
    pub(crate) fn slots(&self, rows: usize) -> usize {
        let Some(Layer { qkv, attended, up, down, .. }) = self.layers.first() else { return 0 };
        [qkv, attended, up, down].map(|linear| linear.slots(rows)).into_iter().max().unwrap_or(0)
    }

    /// Queries, keys and values: `[rows, hidden]` to `[rows, 3 · hidden]`.
    pub(crate) fn qkv(&self, layer: &Layer, x: &[f32], slots: &mut [f32], qkv: &mut [f32]) {
        let hidden = self.dimensions.hidden;
        let rows = even_block(x.len() / hidden);
        for (x, qkv) in x.chunks(rows * hidden).zip(qkv.chunks_mut(rows * 3 * hidden)) {
            layer.qkv.apply(x, slots, None, qkv);
        }
    }

    /// One head of one text, whose rows of queries, keys and values are `input`.
    pub(crate) fn attend(
        &self,
        input: &[f32],
        head: usize,
        output: &mut [f32],
        stride: usize,
        workspace: &mut [f32],
    ) {
        let bias = self.distances.as_ref().map(|distances| distances.of(head));
        if let Some(isa) = self.narrow_attention {
            let Head { index, heads, width } = self.head(head);
            let [query, key, value] = [0, 1, 2].map(|part| (part * heads + index) * width);
            let places = Places { stride: 3 * heads * width, query, key, value, width };
            return NarrowAttention { input, places, bias, output, stride, workspace }.run(isa);
        }
        self.isa.run(Attention { input, head: self.head(head), bias, output, stride, workspace });
    }

    /// Numbers that attention over `tokens` tokens works in.
    pub(crate) fn attention_workspace(&self, tokens: usize) -> usize {
        let width = self.head(0).width;
        match self.narrow_attention {
            Some(_) => narrow::workspace(tokens, width),
            None => attention::workspace(self.isa, tokens, width),
        }
    }

    /// From what attention gives to the layer's end, in place: `x` and `context` are `[rows, hidden]`.
    pub(crate) fn finish(
        &self,
        layer: &Layer,
        x: &mut [f32],
        context: &[f32],
        buffers: &mut BlockBuffers<'_>,
    ) {
        let hidden = self.dimensions.hidden;
        let block = even_block(x.len() / hidden);
        for (x, context) in x.chunks_mut(block * hidden).zip(context.chunks(block * hidden)) {
            let rows = x.len() / hidden;
            let attended = &mut buffers.attended[..rows * hidden];
            let wide = &mut buffers.wide[..rows * self.dimensions.feed_forward];
            layer.attended.apply(context, buffers.slots, None, attended);
            self.isa.run(AddNorm { to: attended, add: x, norm: &layer.attended_norm });
            layer.up.apply(attended, buffers.slots, Some(self.activation), wide);
            layer.down.apply(wide, buffers.slots, None, x);
            self.isa.run(AddNorm { to: x, add: attended, norm: &layer.down_norm });
        }
    }

    /// The numbers that come of these texts: without pooling their tokens' vectors.
    pub(crate) fn output_len(&self, pooling: Pooling, texts: &[&[u32]]) -> usize {
        let vectors = match pooling.modes().count() {
            0 => texts.iter().map(|text| text.len()).sum(),
            modes => texts.len() * modes,
        };
        vectors * self.dimensions.hidden
    }

    /// Each text's vector from its tokens', `[rows, hidden]`: `x` has the texts one behind the other, and so has `output`.
    pub(crate) fn pool_all(&self, x: &[f32], texts: &[&[u32]], pooling: Pooling, output: &mut [f32]) {
        let (mut x, mut output) = (x, output);
        for text in texts {
            let (own, others) = x.split_at(text.len() * self.dimensions.hidden);
            let (to, rest) = output.split_at_mut(self.output_len(pooling, std::slice::from_ref(text)));
            self.pool(own, pooling, to);
            (x, output) = (others, rest);
        }
    }

    /// A text's vector from its tokens': `[rows, hidden]` to `[modes, hidden]`.
    fn pool(&self, x: &[f32], pooling: Pooling, output: &mut [f32]) {
        if pooling == Pooling::NONE {
            return output.copy_from_slice(x);
        }
        let hidden = self.dimensions.hidden;
        for (mode, output) in pooling.modes().zip(output.chunks_exact_mut(hidden)) {
            let shares = Shares::new(mode, x.len() / hidden, self.skipped);
            let tokens = shares.tokens();
            let rows = x[tokens.start * hidden..tokens.end * hidden].chunks_exact(hidden);
            if mode == PoolingMode::Max {
                output.fill(f32::NEG_INFINITY);
                // What is no number stays.
                let larger = |most: f32, value: f32| if value <= most { most } else { value };
                for row in rows {
                    output.iter_mut().zip(row).for_each(|(most, &value)| {
                        *most = if most.is_nan() { *most } else { larger(*most, value) };
                    });
                }
                continue;
            }
            output.fill(0.0);
            match shares.even() {
                Some(share) => {
                    for row in rows {
                        output.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
                    }
                    for sum in output {
                        *sum *= share;
                    }
                }
                None => {
                    for (row, place) in rows.zip(tokens) {
                        let share = shares.at(place);
                        output.iter_mut().zip(row).for_each(|(sum, value)| *sum += share * value);
                    }
                }
            }
        }
    }

    pub(crate) fn head(&self, index: usize) -> Head {
        let heads = self.dimensions.heads;
        Head { index, heads, width: self.dimensions.hidden / heads }
    }
}

/// Blocks of about the same number of rows, none over [`BLOCK`], all but the last a multiple of 8 rows.
fn even_block(rows: usize) -> usize {
    rows.div_ceil(rows.div_ceil(BLOCK).max(1)).next_multiple_of(8).min(BLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_even_and_never_too_large() {
        for (rows, block) in [(0, 0), (1, 8), (96, 96), (97, 56), (128, 64), (200, 72), (288, 96), (289, 80)]
        {
            assert_eq!(even_block(rows), block, "{rows} rows");
        }
    }
}
