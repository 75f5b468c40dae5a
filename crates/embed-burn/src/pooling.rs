//! Token vectors to one vector a text.

use burn::tensor::{Tensor, TensorData};

use crate::folder::{Pooling, PoolingMode};

/// `tokens`: `[batch, tokens, hidden]`. `lengths`: how many tokens of each row are no padding; `None` if all are.
/// `skipped`: how many tokens of each row, its first, are left out, those of a prompt. Returns `[batch, hidden × modes]`.
pub(crate) fn pool(
    tokens: Tensor<3>,
    lengths: Option<&[usize]>,
    pooling: Pooling,
    skipped: usize,
) -> Tensor<2> {
    let [batch, count, hidden] = tokens.dims();
    let modes: Vec<PoolingMode> = pooling.modes().collect();
    let of_text = |text: usize| lengths.and_then(|lengths| lengths.get(text)).copied().unwrap_or(count);
    let pooled = match (&modes[..], lengths, skipped) {
        ([PoolingMode::Cls], _, 0) => tokens.slice([0..batch, 0..1]),
        ([PoolingMode::Mean], None, 0) => tokens.mean_dim(1),
        ([PoolingMode::LastToken], None, 0) => tokens.slice([0..batch, count - 1..count]),
        _ => {
            let sums = modes.iter().filter(|mode| **mode != PoolingMode::Max);
            let sums: Vec<PoolingMode> = sums.copied().collect();
            let row = |text: usize| {
                let of_mode = |mode: PoolingMode| {
                    let shares = Shares::new(mode, of_text(text), skipped);
                    (0..count).map(move |at| shares.at(at))
                };
                sums.iter().copied().flat_map(of_mode).collect::<Vec<f32>>()
            };
            // A product of [modes, tokens] and [tokens, hidden] for each text.
            let summed = (!sums.is_empty()).then(|| {
                let shares: Vec<f32> = (0..batch).flat_map(row).collect();
                let shares = TensorData::new(shares, [batch, sums.len(), count]);
                Tensor::<3>::from_data(shares, &tokens.device()).matmul(tokens.clone())
            });
            let mut at = 0;
            let parts = modes.iter().map(|mode| match (mode, &summed) {
                (PoolingMode::Max, _) | (_, None) => largest(tokens.clone(), &of_text, skipped),
                (_, Some(summed)) => {
                    at += 1;
                    summed.clone().narrow(1, at - 1, 1)
                }
            });
            match &summed {
                Some(summed) if sums.len() == modes.len() => summed.clone(),
                _ => Tensor::cat(parts.collect(), 1),
            }
        }
    };
    pooled.reshape([batch, modes.len() * hidden])
}

/// `[batch, 1, hidden]`: each number's largest over a text's tokens; below all numbers where no token is left.
fn largest(tokens: Tensor<3>, of_text: &dyn Fn(usize) -> usize, skipped: usize) -> Tensor<3> {
    let [batch, count, _] = tokens.dims();
    let left_out = |text: usize| {
        let kept = skipped.min(of_text(text))..of_text(text);
        (0..count).map(move |at| if kept.contains(&at) { 0.0 } else { f32::NEG_INFINITY })
    };
    let values: Vec<f32> = (0..batch).flat_map(left_out).collect();
    if values.iter().all(|&value| value == 0.0) {
        return tokens.max_dim(1);
    }
    let mask = Tensor::<3>::from_data(TensorData::new(values, [batch, count, 1]), &tokens.device());
    (tokens + mask).max_dim(1)
}

/// What each of a text's tokens is multiplied with, for a pooling that is a sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shares {
    first: usize,
    /// Behind the last token that has a share.
    end: usize,
    share: f32,
    /// Whether a token's place, counted from 1, is multiplied with the share.
    by_place: bool,
}

impl Shares {
    /// Of a text of `length` tokens of which the first `skipped` are left out. Where that is all of them, a mean and the
    /// last token are zero, and the first token is the text's first, as sentence-transformers has it.
    pub(crate) fn new(mode: PoolingMode, length: usize, skipped: usize) -> Self {
        let (first, end) = (skipped.min(length), length);
        let count = end - first;
        let all = |share: f32| Shares { first, end, share, by_place: false };
        match mode {
            PoolingMode::Mean => all(1.0 / count.max(1) as f32),
            PoolingMode::MeanSqrtLen => all(1.0 / (count.max(1) as f32).sqrt()),
            PoolingMode::WeightedMean => {
                let sum = (first + 1..=end).sum::<usize>().max(1);
                Shares { by_place: true, ..all(1.0 / sum as f32) }
            }
            PoolingMode::Cls => {
                let first = if skipped < length { skipped } else { 0 };
                Shares { first, end: (first + 1).min(length), share: 1.0, by_place: false }
            }
            PoolingMode::LastToken => Shares { first: first.max(end.saturating_sub(1)), ..all(1.0) },
            // No sum: all that count, each as it is.
            PoolingMode::Max => all(1.0),
        }
    }

    /// Of the token at this place.
    pub(crate) fn at(self, place: usize) -> f32 {
        match place {
            _ if !self.tokens().contains(&place) => 0.0,
            _ if self.by_place => self.share * (place + 1) as f32,
            _ => self.share,
        }
    }

    /// The tokens that have a share.
    pub(crate) fn tokens(self) -> std::ops::Range<usize> {
        self.first..self.end
    }

    /// The share, where it is the same for all of them.
    pub(crate) fn even(self) -> Option<f32> {
        (!self.by_place).then_some(self.share)
    }
}

/// Scales each row of `dim` numbers to length 1. A row of zeros stays as it is.
pub(crate) fn normalize(values: &mut [f32], dim: usize) {
    for row in values.chunks_exact_mut(dim) {
        let norm = row.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
        // As torch does it: never divided by less than 1e-12.
        let scale = 1.0 / norm.max(1e-12);
        for value in row {
            *value = (f64::from(*value) * scale) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_tokens_have_a_share_without_a_prompts() {
        let tokens = |mode, length, skipped| Shares::new(mode, length, skipped).tokens();
        assert_eq!(tokens(PoolingMode::Mean, 5, 0), 0..5);
        assert_eq!(tokens(PoolingMode::Mean, 5, 3), 3..5);
        assert!(tokens(PoolingMode::Mean, 5, 5).is_empty() && tokens(PoolingMode::Mean, 5, 9).is_empty());
        assert_eq!(tokens(PoolingMode::Cls, 5, 0), 0..1);
        assert_eq!(tokens(PoolingMode::Cls, 5, 3), 3..4);
        assert_eq!(tokens(PoolingMode::Cls, 5, 5), 0..1);
        assert_eq!(tokens(PoolingMode::LastToken, 5, 0), 4..5);
        assert_eq!(tokens(PoolingMode::LastToken, 5, 4), 4..5);
        assert!(tokens(PoolingMode::LastToken, 5, 5).is_empty());
    }

    #[test]
    fn shares_add_up() {
        for (length, skipped) in [(1, 0), (5, 0), (5, 3), (40, 7)] {
            let sum = |mode| (0..length).map(|at| Shares::new(mode, length, skipped).at(at)).sum::<f32>();
            for mode in
                [PoolingMode::Mean, PoolingMode::WeightedMean, PoolingMode::Cls, PoolingMode::LastToken]
            {
                assert!((sum(mode) - 1.0).abs() < 1e-5, "{mode:?} of {length} without {skipped}");
            }
            let root = ((length - skipped) as f32).sqrt();
            assert!((sum(PoolingMode::MeanSqrtLen) - root).abs() < 1e-5);
        }
        // A prompt's tokens keep their places.
        assert!((Shares::new(PoolingMode::WeightedMean, 4, 2).at(3) - 4.0 / 7.0).abs() < 1e-6);
    }
}
