//! [`BurnEmbedder::embed_until`]: progress by callback, and a stop.

use std::ops::ControlFlow;

use chunk_strategies::Vectors;

use super::{BurnEmbedder, QueuedBatch, batches};
use crate::error::EmbedError;

/// A batch that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchDone {
    /// Texts in it.
    pub items: usize,
    /// Tokens in it, padding not counted.
    pub tokens: usize,
}

impl BurnEmbedder {
    /// A vector for each text, in their order, in batches of a fixed size. `on_batch` hears of each batch that ran, on the
    /// caller's thread, and may end the work: then there are no vectors.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    ///
    /// use embed_burn::{Backend, BurnDevice, BurnEmbedder, ModelFolder};
    /// # let built = device_suite::SeededModel::new(device_suite::Sizes::TINY).unwrap();
    /// # let path = built.path();
    ///
    /// let model = BurnEmbedder::load(&ModelFolder::open(path)?, &BurnDevice::open(Backend::Cpu.into())?)?;
    /// let texts = vec!["the quick fox"; 2000];
    ///
    /// let mut done = 0;
    /// let vectors = model.embed_until(&texts, &mut |batch| {
    ///     done += batch.items;
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!((vectors.map(|vectors| vectors.len()), done), (Some(2000), 2000));
    ///
    /// // A flag that another thread sets would do as well.
    /// let stopped = model.embed_until(&texts, &mut |_| ControlFlow::Break(()))?;
    /// assert!(stopped.is_none());
    /// # Ok::<(), embed_burn::EmbedError>(())
    /// ```
    ///
    /// # Errors
    /// The tokenizer fails on a text; or those of [`forward`](BurnEmbedder::forward).
    pub fn embed_until(
        &self,
        texts: &[&str],
        on_batch: &mut dyn FnMut(BatchDone) -> ControlFlow<()>,
    ) -> Result<Option<Vectors>, EmbedError> {
        let rows: Vec<Vec<u32>> =
            texts.iter().map(|text| Ok(self.tokenize(text)?.ids)).collect::<Result<_, EmbedError>>()?;
        let dim = self.dim();
        let mut values = vec![0.0; rows.len() * dim];
        let mut land = |batch: Vec<usize>, queued: QueuedBatch| {
            let mut tokens = 0;
            for (&index, vector) in batch.iter().zip(queued.finish()?) {
                let vector = vector.map_err(|error| error.at(index))?;
                values[index * dim..(index + 1) * dim].copy_from_slice(&vector);
                tokens += rows[index].len();
            }
            Ok::<_, EmbedError>(on_batch(BatchDone { items: batch.len(), tokens }).is_break())
        };
        // A GPU computes the next while the last is read.
        let mut queued: Option<(Vec<usize>, QueuedBatch)> = None;
        for batch in batches(&rows) {
            let ids: Vec<&[u32]> = batch.iter().map(|&index| &rows[index][..]).collect();
            let next = self.queue_each(&ids, 0)?;
            if let Some((batch, last)) = queued.replace((batch, next))
                && land(batch, last)?
            {
                return Ok(None);
            }
        }
        if let Some((batch, last)) = queued
            && land(batch, last)?
        {
            return Ok(None);
        }
        let vectors = Vectors::new(dim, values);
        vectors.map(Some).map_err(|error| EmbedError::failed(self.device().name(), error.to_string()))
    }
}
