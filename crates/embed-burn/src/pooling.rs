//! Token vectors to one vector a text.

use std::ops::Range;

use burn::tensor::{Tensor, TensorData};

use crate::folder::Pooling;

/// `tokens`: `[batch, tokens, hidden]`. `lengths`: how many tokens of each row are no padding; `None` if all are.
/// `skipped`: how many tokens of each row, its first, are left out, those of a prompt. Returns `[batch, hidden]`.
pub(crate) fn pool(
    tokens: Tensor<3>,
    lengths: Option<&[usize]>,
    pooling: Pooling,
    skipped: usize,
) -> Tensor<2> {
    let [batch, count, hidden] = tokens.dims();
    let pooled = match (pooling, lengths, skipped) {
        (Pooling::Cls, _, 0) => tokens.slice([0..batch, 0..1]),
        (Pooling::Mean, None, 0) => tokens.mean_dim(1),
        _ => {
            let row = |length: usize| {
                let pooled = pooled(pooling, length, skipped);
                let share = 1.0 / pooled.len().max(1) as f32;
                (0..count).map(move |at| if pooled.contains(&at) { share } else { 0.0 })
            };
            let length =
                |text: usize| lengths.and_then(|lengths| lengths.get(text)).copied().unwrap_or(count);
            let shares: Vec<f32> = (0..batch).flat_map(|text| row(length(text))).collect();
            let shares = TensorData::new(shares, [batch, 1, count]);
            // A product of [1, tokens] and [tokens, hidden] for each text.
            Tensor::<3>::from_data(shares, &tokens.device()).matmul(tokens)
        }
    };
    pooled.reshape([batch, hidden])
}

/// Which of a text's `length` tokens the vector is the mean of, where the first `skipped` are left out. None for a mean of
/// a text that is all prompt, and its vector is zero; the first token for cls, as sentence-transformers has it.
pub(crate) fn pooled(pooling: Pooling, length: usize, skipped: usize) -> Range<usize> {
    let first = if skipped < length { skipped } else { 0 };
    match pooling {
        Pooling::Cls => first..(first + 1).min(length),
        Pooling::Mean => skipped.min(length)..length,
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
    fn what_is_pooled_without_a_prompt() {
        assert_eq!(pooled(Pooling::Mean, 5, 0), 0..5);
        assert_eq!(pooled(Pooling::Mean, 5, 3), 3..5);
        assert!(pooled(Pooling::Mean, 5, 5).is_empty() && pooled(Pooling::Mean, 5, 9).is_empty());
        assert_eq!(pooled(Pooling::Cls, 5, 0), 0..1);
        assert_eq!(pooled(Pooling::Cls, 5, 3), 3..4);
        assert_eq!(pooled(Pooling::Cls, 5, 5), 0..1);
    }
}
