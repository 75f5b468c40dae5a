//! Many texts: each thread takes a group of them through all layers, and waits for no other.

use std::sync::{Mutex, PoisonError};

use super::aligned::whole_lines;
use super::batch::{Batch, Group, largest_group};
use super::encoder::{Dimensions, Encoder};
use super::layer::{BLOCK, BlockBuffers};
use super::scratch::Carve;
use crate::folder::Pooling;

pub(crate) struct Grouped<'a> {
    encoder: &'a Encoder,
    /// Of the largest group.
    rows: usize,
    threads: usize,
    attention: usize,
}

/// One thread's buffers.
struct Buffers<'a> {
    x: &'a mut [f32],
    qkv: &'a mut [f32],
    context: &'a mut [f32],
    block: BlockBuffers<'a>,
    attention: &'a mut [f32],
}

impl<'a> Grouped<'a> {
    pub(crate) fn new(encoder: &'a Encoder, rows: usize, longest: usize, threads: usize) -> Self {
        let attention = encoder.attention_workspace(longest);
        Grouped { encoder, rows: largest_group(rows, longest, threads), threads, attention }
    }

    /// Numbers that it works in.
    pub(crate) fn len(&self) -> usize {
        self.threads * self.sizes().map(whole_lines).iter().sum::<usize>()
    }

    fn sizes(&self) -> [usize; 7] {
        let dimensions = self.encoder.dimensions;
        let (rows, block) = (self.rows, self.rows.min(BLOCK));
        let (hidden, slots) = (dimensions.hidden, self.encoder.slots(block));
        let [x, qkv, context] = [hidden, dimensions.qkv(), dimensions.context()].map(|width| rows * width);
        [x, qkv, context, block * hidden, block * dimensions.wide(), slots, self.attention]
    }

    pub(crate) fn run(
        &self,
        batch: &Batch<'_>,
        groups: Vec<Group>,
        pooling: Pooling,
        memory: &mut [f32],
        output: &mut [f32],
    ) {
        let mut jobs = Vec::new();
        let mut output = output;
        for group in groups {
            let texts = &batch.texts[group.texts.clone()];
            let (own, rest) = output.split_at_mut(self.encoder.output_len(pooling, texts));
            jobs.push((group, own));
            output = rest;
        }
        // Taken from the end: the largest first, so that the threads end together.
        jobs.sort_by_key(|(group, _)| group.rows);
        let jobs = Mutex::new(jobs);
        let mut carve = Carve(memory);
        rayon::scope(|scope| {
            for _ in 0..self.threads {
                let mut buffers = self.carve(&mut carve);
                let jobs = &jobs;
                scope.spawn(move |_| {
                    loop {
                        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).pop();
                        let Some((group, output)) = job else { return };
                        self.group(batch, &group, pooling, &mut buffers, output);
                    }
                });
            }
        });
    }

    fn group(
        &self,
        batch: &Batch<'_>,
        group: &Group,
        pooling: Pooling,
        buffers: &mut Buffers<'_>,
        output: &mut [f32],
    ) {
        let encoder = self.encoder;
        let Dimensions { hidden, heads, .. } = encoder.dimensions;
        let (all, given) = (encoder.dimensions.qkv(), encoder.dimensions.context());
        let first = batch.span(group.texts.start).start;
        let span = |text: usize| {
            let rows = batch.span(text);
            rows.start - first..rows.end - first
        };
        let x = &mut buffers.x[..group.rows * hidden];
        let qkv = &mut buffers.qkv[..group.rows * all];
        let context = &mut buffers.context[..group.rows * given];
        for text in group.texts.clone() {
            let rows = span(text);
            encoder.embed(batch.texts[text], &mut x[rows.start * hidden..rows.end * hidden]);
        }
        for layer in &encoder.layers {
            encoder.qkv(layer, (batch, first), x, &mut buffers.block, qkv);
            for text in group.texts.clone() {
                let rows = span(text);
                let input = &qkv[rows.start * all..rows.end * all];
                for head in 0..heads.queries {
                    let context = &mut context[rows.start * given + head * heads.width..];
                    encoder.attend(layer, input, head, context, given, buffers.attention);
                }
            }
            encoder.finish(layer, x, context, &mut buffers.block);
        }
        encoder.end(x);
        encoder.pool_all(x, &batch.texts[group.texts.clone()], pooling, output);
    }

    fn carve<'m>(&self, carve: &mut Carve<'m>) -> Buffers<'m> {
        let [x, qkv, context, attended, wide, slots, attention] = self.sizes().map(|len| carve.take(len));
        Buffers { x, qkv, context, block: BlockBuffers { attended, wide, slots }, attention }
    }
}
