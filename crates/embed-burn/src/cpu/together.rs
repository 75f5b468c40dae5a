//! Few texts of many tokens: all threads work on the same layer, each on some of the rows, then on some of the heads.

use super::aligned::whole_lines;
use super::batch::{Batch, largest_group};
use super::encoder::Encoder;
use super::layer::{BLOCK, BlockBuffers};
use super::scratch::Carve;
use crate::folder::Pooling;

pub(crate) struct Together<'a> {
    encoder: &'a Encoder,
    rows: usize,
    threads: usize,
    attention: usize,
}

impl<'a> Together<'a> {
    pub(crate) fn new(encoder: &'a Encoder, rows: usize, longest: usize, threads: usize) -> Self {
        let attention = encoder.attention_workspace(longest);
        Together { encoder, rows, threads, attention }
    }

    /// More rows than this always make enough groups for each thread to have its own.
    pub(crate) fn most_rows(threads: usize, longest: usize) -> usize {
        threads * largest_group(usize::MAX, longest, threads)
    }

    /// Numbers that it works in.
    pub(crate) fn len(&self) -> usize {
        let lines = |sizes: &[usize]| sizes.iter().map(|&len| whole_lines(len)).sum::<usize>();
        lines(&self.shared()) + self.threads * lines(&self.own())
    }

    fn shared(&self) -> [usize; 4] {
        let dimensions = self.encoder.dimensions;
        let context = dimensions.context();
        [dimensions.hidden, dimensions.qkv(), context, context].map(|width| self.rows * width)
    }

    fn own(&self) -> [usize; 4] {
        let block = self.rows.min(BLOCK);
        let (hidden, wide) = (self.encoder.dimensions.hidden, self.encoder.dimensions.wide());
        [block * hidden, block * wide, self.encoder.slots(block), self.attention]
    }

    pub(crate) fn run(&self, batch: &Batch<'_>, pooling: Pooling, memory: &mut [f32], output: &mut [f32]) {
        let encoder = self.encoder;
        let hidden = encoder.dimensions.hidden;
        let mut carve = Carve(memory);
        let [x, qkv, apart, context] = self.shared().map(|len| carve.take(len));
        let (mut blocks, mut workspaces) = (Vec::new(), Vec::new());
        for _ in 0..self.threads {
            let [attended, wide, slots, attention] = self.own().map(|len| carve.take(len));
            blocks.push(BlockBuffers { attended, wide, slots });
            workspaces.push(attention);
        }
        for (text, ids) in batch.texts.iter().enumerate() {
            let rows = batch.span(text);
            encoder.embed(ids, &mut x[rows.start * hidden..rows.end * hidden]);
        }
        // Whole tiles for all threads but the last.
        let part = self.rows.div_ceil(self.threads).next_multiple_of(8);
        let (all, given) = (part * encoder.dimensions.qkv(), part * encoder.dimensions.context());
        let firsts = || (0..self.rows).step_by(part.max(1));
        if let Some(layer) = encoder.layers.first() {
            rayon::scope(|scope| {
                let parts = x.chunks(part * hidden).zip(qkv.chunks_mut(all));
                for ((first, (x, qkv)), block) in firsts().zip(parts).zip(&mut blocks) {
                    scope.spawn(move |_| encoder.qkv(layer, (batch, first), x, block, qkv));
                }
            });
        }
        for (index, layer) in encoder.layers.iter().enumerate() {
            encoder.attend_all(layer, batch, qkv, apart, context, &mut workspaces);
            let next = encoder.layers.get(index + 1);
            rayon::scope(|scope| {
                let parts = x.chunks_mut(part * hidden).zip(context.chunks(given)).zip(qkv.chunks_mut(all));
                for ((first, ((x, context), qkv)), block) in firsts().zip(parts).zip(&mut blocks) {
                    scope.spawn(move |_| {
                        encoder.finish(layer, x, context, block);
                        match next {
                            Some(next) => encoder.qkv(next, (batch, first), x, block, qkv),
                            None => encoder.end(x),
                        }
                    });
                }
            });
        }
        encoder.pool_all(x, batch.texts, pooling, output);
    }
}
