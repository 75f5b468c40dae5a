//! The steps of a layer over some rows, shared by the three ways of sharing out work.

use std::ops::Range;

use super::attention::{self, Attention, Head, Sight};
use super::batch::Batch;
use super::encoder::{Attending, Dimensions, Encoder, Layer};
use super::gated::Gate;
use super::narrow::{self, NarrowAttention, NarrowIsa, Places};
use super::norm::{Add, AddNorm, Normalize, SumNorm};
use super::rotary::Prepare;
use crate::folder::{Activation, NormPlace};

/// Rows that are taken through the feed-forward part at once: its wide middle stays in a core's own cache.
pub(crate) const BLOCK: usize = 96;

/// Buffers for the rows of one block.
pub(crate) struct BlockBuffers<'a> {
    /// `[BLOCK, hidden]`
    pub(crate) attended: &'a mut [f32],
    /// `[BLOCK, wide]`
    pub(crate) wide: &'a mut [f32],
    /// [`Encoder::slots`] of BLOCK rows.
    pub(crate) slots: &'a mut [f32],
}

impl Encoder {
    /// Numbers of working memory that narrowing so many rows needs, for any of its matrices.
    pub(crate) fn slots(&self, rows: usize) -> usize {
        let Some(Layer { qkv, attended, up, down, .. }) = self.layers.first() else {
            // Of a model that is only counted: its widest matrix.
            let Dimensions { hidden, feed_forward, .. } = self.dimensions;
            let widest = hidden.max(feed_forward).max(self.dimensions.context());
            return self.narrow.map_or(0, |isa| isa.format().slots(rows, widest));
        };
        [qkv, attended, up, down].map(|linear| linear.slots(rows)).into_iter().max().unwrap_or(0)
    }

    /// Queries, keys and values as attention takes them, of the batch's rows from `first` on: `[rows, hidden]` to
    /// `[rows, qkv]`.
    pub(crate) fn qkv(
        &self,
        layer: &Layer,
        (batch, first): (&Batch<'_>, usize),
        x: &[f32],
        buffers: &mut BlockBuffers<'_>,
        qkv: &mut [f32],
    ) {
        let (hidden, all) = (self.dimensions.hidden, self.dimensions.qkv());
        let rows = even_block(x.len() / hidden);
        let blocks = x.chunks(rows * hidden).zip(qkv.chunks_mut(rows * all));
        for (block, (x, qkv)) in blocks.enumerate() {
            let input = self.attention_input(layer, x, &mut buffers.attended[..x.len()]);
            layer.qkv.apply(input, buffers.slots, None, qkv);
            self.prepare(layer, (batch, first + block * rows), qkv);
        }
    }

    /// What queries, keys and values are made of: `x`, or its norm, for which there is `room`.
    pub(crate) fn attention_input<'a>(&self, layer: &Layer, x: &'a [f32], room: &'a mut [f32]) -> &'a [f32] {
        match &layer.attended_norm {
            Some(norm) if self.norm_place == NormPlace::Before => {
                room.copy_from_slice(x);
                self.isa.run(Normalize { to: room, norm });
                room
            }
            _ => x,
        }
    }

    /// What is done to queries and keys when they are made, of the batch's rows from `first` on.
    pub(crate) fn prepare(&self, layer: &Layer, (batch, first): (&Batch<'_>, usize), qkv: &mut [f32]) {
        let (heads, all) = (self.dimensions.heads, self.dimensions.qkv());
        let (norms, angles) = (layer.head_norms.as_ref(), self.attending(layer).angles.as_ref());
        if norms.is_none() && angles.is_none() {
            return;
        }
        for (Range { start, end }, place) in batch.stretches(first..first + qkv.len() / all) {
            let rows = &mut qkv[(start - first) * all..(end - first) * all];
            let turns = angles.map(|angles| angles.from(place, heads.width));
            self.isa.run(Prepare { rows, heads, norms, turns });
        }
    }

    /// One head of one text, whose rows of queries, keys and values are `input`.
    pub(crate) fn attend(
        &self,
        layer: &Layer,
        input: &[f32],
        head: usize,
        output: &mut [f32],
        stride: usize,
        workspace: &mut [f32],
    ) {
        let bias = self.distances.as_ref().map(|distances| distances.of(head));
        let sight = self.attending(layer).sight;
        let head = Head { index: head, heads: self.dimensions.heads };
        if let Some(isa) = self.narrow_attention_of(sight) {
            let [query, key, value] = [head.query(), head.key(), head.value()];
            let places = Places { stride: self.dimensions.qkv(), query, key, value, width: head.heads.width };
            return NarrowAttention { input, places, bias, output, stride, workspace }.run(isa);
        }
        self.isa.run(Attention { input, head, sight, bias, output, stride, workspace });
    }

    /// In narrow numbers attention looks at the whole text: what tokens do not see would be computed and thrown away.
    fn narrow_attention_of(&self, sight: Sight) -> Option<NarrowIsa> {
        self.narrow_attention.filter(|_| sight == Sight::ALL)
    }

    /// Numbers that attention over `tokens` tokens works in, in any layer; where products are narrow, whether attention is too or
    /// not.
    pub(crate) fn attention_workspace(&self, tokens: usize) -> usize {
        let width = self.dimensions.heads.width;
        let wide = attention::workspace(self.isa, tokens, width);
        match self.narrow.and_then(NarrowIsa::attention) {
            Some(_) => wide.max(narrow::workspace(tokens, width)),
            None => wide,
        }
    }

    fn attending(&self, layer: &Layer) -> &Attending {
        self.local.as_ref().filter(|_| layer.is_local).unwrap_or(&self.attention)
    }

    /// From what attention gives to the layer's end, in place: `x` is `[rows, hidden]`, `context` `[rows, context]`.
    pub(crate) fn finish(
        &self,
        layer: &Layer,
        x: &mut [f32],
        context: &[f32],
        buffers: &mut BlockBuffers<'_>,
    ) {
        let (hidden, given) = (self.dimensions.hidden, self.dimensions.context());
        let block = even_block(x.len() / hidden);
        for (x, context) in x.chunks_mut(block * hidden).zip(context.chunks(block * given)) {
            let rows = x.len() / hidden;
            let attended = &mut buffers.attended[..rows * hidden];
            let wide = &mut buffers.wide[..rows * self.dimensions.wide()];
            layer.attended.apply(context, buffers.slots, None, attended);
            self.behind_attention(layer, x, attended);
            layer.up.apply(attended, buffers.slots, self.up_activation(), wide);
            let wide = self.gated(wide);
            layer.down.apply(wide, buffers.slots, None, self.down_output(x, attended));
            self.end_layer(layer, x, attended);
        }
    }

    /// Between a layer's parts. `attended` comes as what attention gives, and becomes what the feed-forward part takes.
    pub(crate) fn behind_attention(&self, layer: &Layer, x: &mut [f32], attended: &mut [f32]) {
        match (self.norm_place, &layer.attended_norm) {
            (NormPlace::After, Some(norm)) => self.isa.run(AddNorm { to: attended, add: x, norm }),
            (NormPlace::After, None) => self.isa.run(Add { to: attended, add: x }),
            (NormPlace::Before, _) => self.isa.run(SumNorm { sum: x, to: attended, norm: &layer.down_norm }),
        }
    }

    /// What the first product of the feed-forward part applies to its sums.
    pub(crate) fn up_activation(&self) -> Option<Activation> {
        (!self.dimensions.gated).then_some(self.activation)
    }

    /// What the second takes of what the first gave.
    pub(crate) fn gated<'a>(&self, wide: &'a mut [f32]) -> &'a [f32] {
        let (width, activation) = (self.dimensions.feed_forward, self.activation);
        if !self.dimensions.gated {
            return wide;
        }
        self.isa.run(Gate { rows: wide, width, activation });
        &wide[..wide.len() / 2]
    }

    /// Where it writes to: what the other of these holds is added behind it.
    pub(crate) fn down_output<'a>(&self, x: &'a mut [f32], attended: &'a mut [f32]) -> &'a mut [f32] {
        match self.norm_place {
            NormPlace::After => x,
            NormPlace::Before => attended,
        }
    }

    /// The layer's end: `x` is what the next one takes.
    pub(crate) fn end_layer(&self, layer: &Layer, x: &mut [f32], attended: &[f32]) {
        match self.norm_place {
            NormPlace::After => self.isa.run(AddNorm { to: x, add: attended, norm: &layer.down_norm }),
            NormPlace::Before => self.isa.run(Add { to: x, add: attended }),
        }
    }

    /// What is done behind all layers.
    pub(crate) fn end(&self, x: &mut [f32]) {
        if let Some(norm) = &self.last_norm {
            self.isa.run(Normalize { to: x, norm });
        }
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
