//! Few tokens: the weights are what costs, so each thread reads a part of them and computes these columns of all rows.

use super::aligned::whole_lines;
use super::batch::Batch;
use super::encoder::Encoder;
use super::linear::Linear;
use super::scratch::Carve;
use crate::folder::{Activation, Pooling};

pub(crate) struct Columns<'a> {
    encoder: &'a Encoder,
    rows: usize,
    threads: usize,
    attention: usize,
}

impl<'a> Columns<'a> {
    pub(crate) fn new(encoder: &'a Encoder, rows: usize, longest: usize, threads: usize) -> Self {
        let attention = encoder.attention_workspace(longest.min(rows));
        Columns { encoder, rows, threads, attention }
    }

    /// Numbers that it works in.
    pub(crate) fn len(&self) -> usize {
        self.sizes().map(whole_lines).iter().sum::<usize>() + self.threads * whole_lines(self.attention)
    }

    fn sizes(&self) -> [usize; 7] {
        let dimensions = self.encoder.dimensions;
        let widths = [dimensions.hidden, dimensions.qkv(), dimensions.context(), dimensions.wide()];
        let [hidden, qkv, context, wide] = widths.map(|width| self.rows * width);
        // Of whichever product has the most columns.
        let parts = hidden.max(qkv).max(wide);
        [hidden, qkv, context, hidden, wide, self.encoder.slots(self.rows), parts]
    }

    pub(crate) fn run(&self, batch: &Batch<'_>, pooling: Pooling, memory: &mut [f32], output: &mut [f32]) {
        let encoder = self.encoder;
        let hidden = encoder.dimensions.hidden;
        let mut carve = Carve(memory);
        let [x, qkv, context, attended, wide, slots, parts] = self.sizes().map(|len| carve.take(len));
        let mut workspaces: Vec<_> = (0..self.threads).map(|_| carve.take(self.attention)).collect();
        for (text, ids) in batch.texts.iter().enumerate() {
            let rows = batch.span(text);
            encoder.embed(ids, &mut x[rows.start * hidden..rows.end * hidden]);
        }
        for layer in &encoder.layers {
            let input = encoder.attention_input(layer, x, attended);
            self.product((input, slots), &layer.qkv, None, parts, qkv);
            encoder.prepare(layer, (batch, 0), qkv);
            encoder.attend_all(layer, batch, qkv, &mut parts[..context.len()], context, &mut workspaces);
            self.product((context, slots), &layer.attended, None, parts, attended);
            encoder.behind_attention(layer, x, attended);
            self.product((attended, slots), &layer.up, encoder.up_activation(), parts, wide);
            let wide = encoder.gated(wide);
            self.product((wide, slots), &layer.down, None, parts, encoder.down_output(x, attended));
            encoder.end_layer(layer, x, attended);
        }
        encoder.end(x);
        encoder.pool_all(x, batch.texts, pooling, output);
    }

    /// Each thread computes its columns into a part of its own; then they are put side by side.
    fn product(
        &self,
        (input, slots): (&[f32], &mut [f32]),
        weights: &Linear,
        activation: Option<Activation>,
        parts: &mut [f32],
        output: &mut [f32],
    ) {
        let rows = weights.rows(input, slots);
        let (outputs, columns) = (weights.outputs(), weights.columns());
        let each = weights.count().div_ceil(self.threads);
        let ranges =
            (0..weights.count()).step_by(each).map(|first| first..(first + each).min(weights.count()));
        let width =
            |panels: &std::ops::Range<usize>| (panels.end * columns).min(outputs) - panels.start * columns;
        rayon::scope(|scope| {
            let mut rest = &mut *parts;
            for panels in ranges.clone() {
                let (output, others) = rest.split_at_mut(self.rows * width(&panels));
                rest = others;
                scope.spawn(move |_| weights.multiply(rows, panels, activation, output));
            }
        });
        let mut rest = &*parts;
        for panels in ranges {
            let (part, others) = rest.split_at(self.rows * width(&panels));
            for (from, to) in part.chunks_exact(width(&panels)).zip(output.chunks_exact_mut(outputs)) {
                to[panels.start * columns..][..from.len()].copy_from_slice(from);
            }
            rest = others;
        }
    }
}
