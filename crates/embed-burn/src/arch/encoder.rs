//! [`Encoder`]: a model in the form in which its device runs it best.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::bert::Bert;
#[cfg(feature = "cpu")]
use crate::compute::Compute;
#[cfg(feature = "cpu")]
use crate::cpu;
use crate::folder::Pooling;
use crate::pooling;

/// A model that is loaded.
#[derive(Debug)]
pub(crate) enum Encoder {
    /// As a sequence of burn's operations, on any device. The oracle of the other.
    Ops(Box<Bert>),
    /// As one operation of ours on the processor.
    #[cfg(feature = "cpu")]
    Fused(cpu::Encoder),
}

impl Encoder {
    /// Takes the model over, in the form that suits the device it is on.
    // Without the CPU nothing can fail here.
    #[cfg_attr(not(feature = "cpu"), allow(clippy::unnecessary_wraps))]
    pub(crate) fn new(bert: Bert) -> Result<Self, String> {
        #[cfg(feature = "cpu")]
        if bert.compute == Compute::default() && cpu::Encoder::runs(&bert) {
            return Ok(Encoder::Fused(cpu::Encoder::take(bert)?));
        }
        Ok(Encoder::Ops(Box::new(bert)))
    }

    /// So many tokens of each text, its first, are not pooled. What runs as burn's operations is told with each batch.
    #[cfg_attr(not(feature = "cpu"), allow(unused_variables, clippy::needless_pass_by_ref_mut))]
    pub(crate) fn skip(&mut self, tokens: usize) {
        match self {
            Encoder::Ops(_) => {}
            #[cfg(feature = "cpu")]
            Encoder::Fused(fused) => fused.skipped = tokens,
        }
    }
}

impl Bert {
    /// One vector for each row of token ids, `[rows, hidden]`; each row is padded to `tokens` with its own
    /// first token in its own place: a row meets no number that is not its own, so that what is not finite in a row
    /// comes from that row. So many tokens at the beginning of each row are not pooled.
    pub(crate) fn vectors(
        &self,
        rows: &[&[u32]],
        tokens: usize,
        pooling: (Pooling, usize),
        device: &Device,
    ) -> Result<Vec<f32>, String> {
        let pooled = self.pooled(rows, tokens, pooling, device);
        pooled.try_into_vec_as::<f32>().map_err(|error| error.to_string())
    }

    /// The same, `[rows, hidden]` and on the device: what a batch takes is taken, and nothing is read.
    pub(crate) fn pooled(
        &self,
        rows: &[&[u32]],
        tokens: usize,
        (pooling, skipped): (Pooling, usize),
        device: &Device,
    ) -> Tensor<2> {
        let lengths: Vec<usize> = rows.iter().map(|row| row.len()).collect();
        // A mask costs a tenth of the time, so there is none where nothing is padded.
        let lengths = lengths.iter().any(|&length| length < tokens).then_some(&lengths[..]);
        let padded = |row: &&[u32]| {
            let padding = row.first().copied().unwrap_or(0).cast_signed();
            let padding = std::iter::repeat_n(padding, tokens - row.len());
            row.iter().map(|&id| id.cast_signed()).chain(padding).collect::<Vec<i32>>()
        };
        let ids: Vec<i32> = rows.iter().flat_map(padded).collect();
        let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [rows.len(), tokens]), device);
        let vectors = self.compute.widened(self.forward(ids, lengths));
        pooling::pool(vectors, lengths, pooling, skipped)
    }
}
