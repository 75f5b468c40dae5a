//! Attention of all heads of all texts, shared out among threads.

use std::sync::{Mutex, PoisonError};

use super::batch::Batch;
use super::encoder::Encoder;

impl Encoder {
    /// From `qkv`, `[rows, 3 · hidden]`, to what attention gives, `[rows, hidden]`: computed head by head into `apart`,
    /// which is as large, and then put in rows. A thread has one of the `workspaces`.
    pub(crate) fn attend_all(
        &self,
        batch: &Batch<'_>,
        qkv: &[f32],
        apart: &mut [f32],
        context: &mut [f32],
        workspaces: &mut [&mut [f32]],
    ) {
        let (hidden, width) = (self.dimensions.hidden, self.head(0).width);
        let mut jobs = Vec::new();
        let mut rest = &mut *apart;
        for text in 0..batch.texts.len() {
            for head in 0..self.dimensions.heads {
                let (own, others) = rest.split_at_mut(batch.span(text).len() * width);
                jobs.push((text, head, own));
                rest = others;
            }
        }
        let jobs = Mutex::new(jobs);
        rayon::scope(|scope| {
            for workspace in workspaces {
                let jobs = &jobs;
                scope.spawn(move |_| {
                    loop {
                        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).pop();
                        let Some((text, head, output)) = job else { return };
                        let rows = batch.span(text);
                        let input = &qkv[rows.start * 3 * hidden..rows.end * 3 * hidden];
                        self.attend(input, head, output, width, workspace);
                    }
                });
            }
        });
        let mut rest = &*apart;
        for text in 0..batch.texts.len() {
            let rows = batch.span(text);
            let context = &mut context[rows.start * hidden..rows.end * hidden];
            for head in 0..self.dimensions.heads {
                let (own, others) = rest.split_at(rows.len() * width);
                for (from, to) in own.chunks_exact(width).zip(context.chunks_exact_mut(hidden)) {
                    to[head * width..(head + 1) * width].copy_from_slice(from);
                }
                rest = others;
            }
        }
    }
}
