//! The encoder as it is measured: batches without words, since time and memory do not depend on them.

use burn::tensor::{Device, Int, Tensor};

use super::encoder::Ops;
use crate::folder::Pooling;
use crate::pooling;

impl Ops {
    /// `[items, hidden]`: vectors of `items` texts of `tokens` tokens, unpadded; not yet computed where a backend computes
    /// when it is asked for a result.
    pub(crate) fn blank(&self, (items, tokens): (usize, usize), device: &Device) -> Tensor<2> {
        let ids = Tensor::<2, Int>::zeros([items, tokens], device);
        let vectors = self.transformer.forward(ids, None, None);
        pooling::pool(self.transformer.compute.widened(vectors), None, Pooling::MEAN, 0)
    }

    /// Runs the batch `times` times and waits once, for the last.
    pub(crate) fn queued(&self, shape: (usize, usize), times: usize, device: &Device) -> Result<(), String> {
        let mut last = None;
        for _ in 0..times {
            last = Some(self.blank(shape, device));
        }
        match last {
            Some(last) => last.try_into_data().map(|_| ()).map_err(|error| error.to_string()),
            None => Ok(()),
        }
    }
}
