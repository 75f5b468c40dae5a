//! Token vectors to one vector a text.

use burn::tensor::{Tensor, TensorData};

use crate::folder::Pooling;

/// `tokens`: `[batch, tokens, hidden]`. `lengths`: how many tokens of each row are no padding; `None` if all are.
/// Returns `[batch, hidden]`.
pub(crate) fn pool(tokens: Tensor<3>, lengths: Option<&[usize]>, pooling: Pooling) -> Tensor<2> {
    let [batch, count, hidden] = tokens.dims();
    let pooled = match (pooling, lengths) {
        (Pooling::Cls, _) => tokens.slice([0..batch, 0..1]),
        (Pooling::Mean, None) => tokens.mean_dim(1),
        (Pooling::Mean, Some(lengths)) => {
            let row = |&length: &usize| {
                let share = 1.0 / length.max(1) as f32;
                (0..count).map(move |at| if at < length { share } else { 0.0 })
            };
            let shares: Vec<f32> = lengths.iter().flat_map(row).collect();
            let shares = TensorData::new(shares, [batch, 1, count]);
            // A product of [1, tokens] and [tokens, hidden] for each text.
            Tensor::<3>::from_data(shares, &tokens.device()).matmul(tokens)
        }
    };
    pooled.reshape([batch, hidden])
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
