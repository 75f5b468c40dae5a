//! [`QueuedBatch`]: a batch that its device was given, while the next is made ready.

use super::BurnEmbedder;
use crate::arch::Encoder;
use crate::backend::{Begun, Work};
use crate::error::EmbedError;
use crate::pooling;

/// A batch whose vectors are computed, or on their way. On a GPU other batches can be queued behind it; on the processor it is
/// done.
#[derive(Debug)]
pub struct QueuedBatch {
    /// Of each row, why it was left out, if it was.
    checked: Vec<Result<(), EmbedError>>,
    given: Given,
    device: String,
    full_dim: usize,
    dim: usize,
    normalize: bool,
}

/// What the device was given.
#[derive(Debug)]
pub(super) enum Given {
    Done(Vec<f32>),
    Begun(Box<Begun>),
}

impl Given {
    /// Its numbers, waited for.
    pub(super) fn take(self) -> Result<Vec<f32>, EmbedError> {
        match self {
            Given::Done(values) => Ok(values),
            Given::Begun(begun) => begun.finish(),
        }
    }
}

impl BurnEmbedder {
    /// Gives a batch to the device, as [`forward_each`](BurnEmbedder::forward_each) runs one, without waiting for its vectors: a
    /// GPU that has another batch queued behind the one it computes does not stand still while vectors are read back and the
    /// next batch is made ready.
    ///
    /// Batches of one thread are computed in their order, each in the memory of the one before: beside that, what is queued
    /// holds its vectors, and the buffer that they are read through. On the processor the batch is computed here.
    ///
    /// # Errors
    /// As [`forward_each`](BurnEmbedder::forward_each), as far as they are known before the batch is computed; others are told by
    /// [`QueuedBatch::finish`].
    pub fn queue_each(&self, rows: &[&[u32]], padded: usize) -> Result<QueuedBatch, EmbedError> {
        let checked: Vec<Result<(), EmbedError>> = rows.iter().map(|row| self.check(row)).collect();
        let read = rows.iter().zip(&checked).filter(|(_, checked)| checked.is_ok());
        let read: Vec<&[u32]> = read.map(|(row, _)| *row).collect();
        Ok(QueuedBatch {
            given: self.give(&read, padded.min(self.max_tokens))?,
            checked,
            device: self.device.name().to_owned(),
            full_dim: self.full_dim,
            dim: self.dim,
            normalize: self.normalize,
        })
    }

    /// Gives rows that were checked to the device: their vectors one after the other, not normalised.
    pub(super) fn give(&self, rows: &[&[u32]], padded: usize) -> Result<Given, EmbedError> {
        if rows.is_empty() {
            return Ok(Given::Done(Vec::new()));
        }
        let longest = rows.iter().map(|row| row.len()).max().unwrap_or(0);
        let size = (rows.len(), longest.max(padded));
        self.check_size(size.0, size.1)?;
        let (work, loaded) = (Work::Batch { items: size.0, tokens: size.1 }, self.loaded()?);
        match &loaded.encoder {
            Encoder::Ops(ops) => {
                let pooling = (self.pooling, self.skipped);
                let begun =
                    self.device.begin(work, |device| Ok(ops.pooled(rows, size.1, pooling, device)))?;
                Ok(Given::Begun(Box::new(begun)))
            }
            #[cfg(feature = "cpu")]
            Encoder::Fused(fused) => {
                let ran = self.device.run(work, |_| Ok(fused.forward(rows, self.pooling)))?;
                ran.map(Given::Done).map_err(|_| {
                    let needed = fused.working_bytes(size.0, size.1);
                    EmbedError::out_of_memory(self.device.name(), work, Some(needed), None)
                })
            }
        }
    }
}

impl QueuedBatch {
    /// Whether it is computed, or has failed.
    pub fn is_done(&self) -> bool {
        match &self.given {
            Given::Done(_) => true,
            Given::Begun(begun) => begun.is_done(),
        }
    }

    /// Waits until it is. Nothing is asked of the device, so that any thread may wait, and none that gives it work has to.
    #[must_use]
    pub fn wait(self) -> Self {
        match self.given {
            Given::Done(_) => self,
            Given::Begun(begun) => QueuedBatch { given: Given::Begun(Box::new(begun.wait())), ..self },
        }
    }

    /// Waits for its vectors: a vector or an error for each row, in their order.
    ///
    /// # Errors
    /// Those of the whole batch, as [`forward_each`](BurnEmbedder::forward_each) has them.
    pub fn finish(self) -> Result<Vec<Result<Vec<f32>, EmbedError>>, EmbedError> {
        let QueuedBatch { checked, given, device, full_dim, dim, normalize } = self;
        let mut values = given.take()?;
        let wanted = checked.iter().filter(|checked| checked.is_ok()).count() * full_dim;
        if values.len() != wanted {
            let message = format!("{} numbers came back, not {wanted}", values.len());
            return Err(EmbedError::failed(&device, message));
        }
        let mut vectors = values.chunks_exact_mut(full_dim);
        let mut outcome = |checked: Result<(), EmbedError>| {
            checked?;
            let vector = vectors.next().unwrap_or_default();
            if vector.is_empty() || !vector.iter().all(|value| value.is_finite()) {
                return Err(EmbedError::not_finite(&device));
            }
            if normalize {
                pooling::normalize(vector, full_dim);
            }
            Ok(vector[..dim].to_vec())
        };
        Ok(checked.into_iter().map(&mut outcome).collect())
    }
}
