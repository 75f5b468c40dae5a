//! Attention of all heads of all texts, shared out among threads.

use std::sync::{Mutex, PoisonError};

use super::batch::Batch;
use super::encoder::{Encoder, Layer};
use crate::folder::Heads;

impl Encoder {
    /// From `[rows, qkv]` to what attention gives, `[rows, context]`: computed head by head into `apart`, which is as
    /// large, and then put in rows. A thread has one of the `workspaces`.
    pub(crate) fn attend_all(
        &self,
        layer: &Layer,
        batch: &Batch<'_>,
        qkv: &[f32],
        apart: &mut [f32],
        context: &mut [f32],
        workspaces: &mut [&mut [f32]],
    ) {
        let (all, given) = (self.dimensions.qkv(), self.dimensions.context());
        let Heads { queries: heads, width, .. } = self.dimensions.heads;
        let mut jobs = Vec::new();
        let mut rest = &mut *apart;
        for text in 0..batch.texts.len() {
            for head in 0..heads {
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
                        let input = &qkv[rows.start * all..rows.end * all];
                        self.attend(layer, input, head, output, width, workspace);
                    }
                });
            }
        });
        let mut rest = &*apart;
        for text in 0..batch.texts.len() {
            let rows = batch.span(text);
            let context = &mut context[rows.start * given..rows.end * given];
            for head in 0..heads {
                let (own, others) = rest.split_at(rows.len() * width);
                for (from, to) in own.chunks_exact(width).zip(context.chunks_exact_mut(given)) {
                    to[head * width..(head + 1) * width].copy_from_slice(from);
                }
                rest = others;
            }
        }
    }
}
