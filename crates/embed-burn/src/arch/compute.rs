//! The encoder in other numbers, and with burn's own attention.

use burn::tensor::module::attention;
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{DType, Tensor};

use super::bert::{Bert, Layer, Linear, Norm};
use crate::compute::{Attention, Compute, Precision};

/// What a padded position adds to its attention score: its share of the softmax is then exactly 0 in f32, and in bf16, which
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

    /// Whether `got` is a weight as it is kept of `written`: rounded, and nothing else. A number too small to be written in
    /// full may be 0, as devices treat it.
    pub(super) fn is_rounded(self, got: f32, written: f32) -> bool {
        let (rounded, least) = match self.precision {
            Precision::F32 => (written, f32::MIN_POSITIVE),
            Precision::F16 => (half::f16::from_f32(written).to_f32(), half::f16::MIN_POSITIVE.to_f32()),
            Precision::Bf16 => (half::bf16::from_f32(written).to_f32(), half::bf16::MIN_POSITIVE.to_f32()),
        };
        let same = got.to_bits() == rounded.to_bits() || (got.is_nan() && written.is_nan());
        same || (got == 0.0 && written.abs() < least)
    }

    /// What a padded position adds to its attention score.
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

impl Bert {
    /// The same encoder, computing in another way.
    pub(crate) fn computing(self, compute: Compute) -> Self {
        let layer = |layer: Layer| Layer {
            qkv: layer.qkv.narrowed(compute),
            attended: layer.attended.narrowed(compute),
            attended_norm: layer.attended_norm.narrowed(compute),
            up: layer.up.narrowed(compute),
            down: layer.down.narrowed(compute),
            down_norm: layer.down_norm.narrowed(compute),
        };
        Bert {
            words: compute.narrowed(self.words),
            positions: compute.narrowed(self.positions),
            norm: self.norm.narrowed(compute),
            layers: self.layers.into_iter().map(layer).collect(),
            compute,
            ..self
        }
    }

    /// burn's attention of queries that hold the scale already; all are `[batch, heads, tokens, width]`. `mask`:
    /// `[batch, 1, 1, tokens]`, 0 or far below. `None` where this encoder's own is to be used.
    pub(super) fn fused_attention(
        &self,
        [queries, keys, values]: [&dyn Fn() -> Tensor<4>; 3],
        mask: Option<&Tensor<4>>,
    ) -> Option<Tensor<4>> {
        if self.compute.attention == Attention::Explicit {
            return None;
        }
        let queries = queries();
        let [batch, heads, tokens, _] = queries.dims();
        // Fused kernels know a mask of truths only, and leave out what is added to the scores.
        let mask = mask.map(|mask| mask.clone().lower_elem(-1.0).expand([batch, heads, tokens, tokens]));
        let options = AttentionModuleOptions { scale: Some(1.0), softcap: None, is_causal: false };
        Some(attention(queries, keys(), values(), mask, None, options))
    }
}

impl Linear {
    fn narrowed(self, compute: Compute) -> Self {
        Linear { weight: compute.narrowed(self.weight), bias: compute.narrowed(self.bias) }
    }
}

impl Norm {
    fn narrowed(self, compute: Compute) -> Self {
        Norm { gamma: compute.narrowed(self.gamma), beta: compute.narrowed(self.beta), epsilon: self.epsilon }
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
