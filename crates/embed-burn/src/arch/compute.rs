//! The encoder in other numbers.

use burn::tensor::{DType, Tensor};

use super::positions::Learned;
use super::transformer::{Local, Transformer};
use crate::compute::{Compute, Precision};

/// What a masked token adds to its attention score: its share of the softmax is then exactly 0 in f32, and in bf16, which
/// has the same range.
const MASKED: f32 = -1e30;
/// The same in f16, which has nothing below -65504; scores are a few hundred at most.
const MASKED_F16: f32 = -6e4;

impl Compute {
    /// burn's name for the numbers.
    pub(crate) fn dtype(self) -> DType {
        match self.precision {
            Precision::F32 => DType::F32,
            Precision::F16 => DType::F16,
            Precision::Bf16 => DType::BF16,
        }
    }

    /// What a masked token adds to its attention score.
    pub(super) fn masked(self) -> f32 {
        if self.precision == Precision::F16 { MASKED_F16 } else { MASKED }
    }

    /// The tensor in the numbers that are computed with.
    pub(super) fn narrowed<const D: usize>(self, tensor: Tensor<D>) -> Tensor<D> {
        // Nothing is asked of the backend where nothing changes.
        if self.precision == Precision::F32 { tensor } else { tensor.cast(self.dtype()) }
    }

    /// What the encoder gave in f32, in which it is pooled.
    pub(super) fn widened<const D: usize>(self, tensor: Tensor<D>) -> Tensor<D> {
        if self.precision == Precision::F32 { tensor } else { tensor.cast(DType::F32) }
    }
}

impl Transformer {
    /// The same encoder, computing in another way.
    pub(crate) fn computing(self, compute: Compute) -> Self {
        let learned = |positions: Learned| Learned { table: compute.narrowed(positions.table), ..positions };
        let local = |local: Local| Local { angles: local.angles.narrowed(compute), ..local };
        Transformer {
            words: compute.narrowed(self.words),
            positions: self.positions.map(learned),
            norm: self.norm.map(|norm| norm.narrowed(compute)),
            layers: self.layers.into_iter().map(|layer| layer.narrowed(compute)).collect(),
            last_norm: self.last_norm.map(|norm| norm.narrowed(compute)),
            relative: self.relative.map(|relative| relative.narrowed(compute)),
            rotary: self.rotary.map(|angles| angles.narrowed(compute)),
            local: self.local.map(local),
            compute,
            ..self
        }
    }
}
