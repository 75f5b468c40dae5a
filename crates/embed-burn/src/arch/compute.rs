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
    /// burn's name for the numbers that it computes with.
    pub(crate) fn dtype(self) -> DType {
        match self.precision {
            // burn does not compute with these: what does takes f32 over.
            Precision::F32 | Precision::Int8 => DType::F32,
            Precision::F16 => DType::F16,
            Precision::Bf16 => DType::BF16,
        }
    }

    /// Whether `got` is a weight as it is kept of `written`: rounded, and nothing else. A number too small to be written in
    /// full may be 0, as devices treat it.
    pub(super) fn is_rounded(self, got: f32, written: f32) -> bool {
        let (rounded, least) = match self.precision {
            Precision::F32 | Precision::Int8 => (written, f32::MIN_POSITIVE),
            Precision::F16 => (half::f16::from_f32(written).to_f32(), half::f16::MIN_POSITIVE.to_f32()),
            Precision::Bf16 => (half::bf16::from_f32(written).to_f32(), half::bf16::MIN_POSITIVE.to_f32()),
        };
        let same = got.to_bits() == rounded.to_bits() || (got.is_nan() && written.is_nan());
        same || (got == 0.0 && written.abs() < least)
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
            layers: self.layers.into_iter().map(|layer| layer.narrowed(compute)).collect(),
            relative: self.relative.map(|relative| relative.narrowed(compute)),
            rotary: self.rotary.map(|angles| angles.narrowed(compute)),
            local: self.local.map(local),
            compute,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_that_arrived_is_told_from_one_that_did_not() {
        for (precision, written, rounded) in [
            (Precision::F32, 0.1_f32, 0.1_f32),
            (Precision::F16, 0.1, 0.099_975_586),
            (Precision::Bf16, 0.1, 0.100_097_656),
        ] {
            let compute = Compute { precision, ..Compute::default() };
            assert!(compute.is_rounded(rounded, written), "{precision}");
            assert!(compute.is_rounded(f32::NAN, f32::NAN) && compute.is_rounded(0.0, 1e-40), "{precision}");
            for wrong in [0.0, -rounded, rounded * 1.01, f32::NAN, f32::INFINITY] {
                assert!(!compute.is_rounded(wrong, written), "{precision}: {wrong}");
            }
        }
    }
}
