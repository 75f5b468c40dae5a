//! The steps of a layer over some rows, shared by the three ways of sharing out work.

use super::attention::{Attention, Head};
use super::encoder::{Encoder, Layer};
use super::norm::AddNorm;
use crate::folder::Pooling;
use crate::pooling::pooled;

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
    /// What `ids` begin as, the first of them at `position` of its text.
    pub(crate) fn embed(&self, ids: &[u32], position: usize, x: &mut [f32]) {
        let hidden = self.dimensions.hidden;
        let (words, positions) = (self.embeddings.words.values(), self.embeddings.positions.values());
        for (&id, row) in ids.iter().zip(x.chunks_exact_mut(hidden)) {
            row.copy_from_slice(&words[id as usize * hidden..][..hidden]);
        }
        let add = &positions[position * hidden..][..ids.len() * hidden];
        self.isa.run(AddNorm { to: x, add, norm: &self.embeddings.norm });
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
        self.isa.run(Attention { input, head: self.head(head), output, stride, workspace });
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

    /// A text's vector from its tokens': `[rows, hidden]` to `[hidden]`.
    pub(crate) fn pool(&self, x: &[f32], pooling: Pooling, output: &mut [f32]) {
        let hidden = self.dimensions.hidden;
        let pooled = pooled(pooling, x.len() / hidden, self.skipped);
        let x = &x[pooled.start * hidden..pooled.end * hidden];
        match pooling {
            Pooling::Cls => output.copy_from_slice(x),
            Pooling::Mean => {
                output.fill(0.0);
                for row in x.chunks_exact(hidden) {
                    output.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
                }
                let share = 1.0 / pooled.len().max(1) as f32;
                for sum in output {
                    *sum *= share;
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
