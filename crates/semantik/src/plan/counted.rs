//! [`Counted`]: the processor's cost of a batch, as its encoder counts it.

use batch_policy::{Analytic, Attention, Bytes, CostModel};
use embed_burn::{ModelFolder, Precision};

use crate::adapt;
use crate::error::Error;

/// What the encoder on the processor works in, to the byte, before it is loaded.
pub(super) struct Counted<'a> {
    folder: &'a ModelFolder,
    precision: Precision,
    /// For builds without that encoder.
    analytic: Analytic,
}

impl<'a> Counted<'a> {
    pub(super) fn new(folder: &'a ModelFolder, precision: Precision) -> Result<Self, Error> {
        let analytic = adapt::analytic(folder.shape())?;
        Ok(Counted { folder, precision, analytic: analytic.with_attention(Attention::Streamed) })
    }
}

impl CostModel for Counted<'_> {
    fn peak(&self, items: usize, tokens: usize) -> Bytes {
        let counted = self.folder.working_bytes_in(self.precision, items, tokens);
        counted.map_or_else(|| self.analytic.peak(items, tokens), Bytes::new)
    }

    fn largest_tensor(&self, items: usize, tokens: usize) -> Bytes {
        self.analytic.largest_tensor(items, tokens)
    }
}
