//! [`Head`]: the steps behind pooling.

use burn::tensor::{Tensor, activation};

use super::layer::{Linear, Matrix, Norm, activate};
use super::uploads::Uploads;
use crate::error::EmbedError;
use crate::folder::{DenseActivation, NormKind, Step};

/// What is done to texts' vectors behind pooling, but for a normalisation at the end, which is done in f64.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub(crate) steps: Vec<HeadStep>,
}

#[derive(Debug)]
pub(crate) enum HeadStep {
    Dense { linear: Linear, activation: DenseActivation },
    LayerNorm(Norm),
    Normalize,
}

impl Head {
    /// Reads the steps' weights.
    ///
    /// # Errors
    /// They do not fit their configuration.
    pub(crate) fn load(steps: &[Step], uploads: &Uploads<'_>) -> Result<Self, EmbedError> {
        let steps = Step::before_last_norm(steps);
        let load = |step: &Step| {
            Ok(match step {
                Step::Dense(dense) => {
                    let (rows, bias) = dense.read()?;
                    let matrix = Matrix { rows, bias, inputs: dense.inputs, outputs: dense.outputs };
                    let linear = Linear::upload(matrix, uploads)?;
                    HeadStep::Dense { linear, activation: dense.activation }
                }
                Step::LayerNorm(norm) => {
                    let [gamma, beta] = norm.read()?;
                    HeadStep::LayerNorm(Norm {
                        kind: NormKind::Layer,
                        gamma: uploads.tensor(gamma, [norm.width])?,
                        beta: Some(uploads.tensor(beta, [norm.width])?),
                        epsilon: EPSILON,
                    })
                }
                Step::Normalize => HeadStep::Normalize,
            })
        };
        Ok(Head { steps: steps.iter().map(load).collect::<Result<_, EmbedError>>()? })
    }

    /// `x`: `[texts, numbers]`, in f32.
    pub(super) fn apply(&self, x: Tensor<2>) -> Tensor<2> {
        self.steps.iter().fold(x, |x, step| match step {
            HeadStep::Dense { linear, activation } => dense_activation(linear.apply(x), *activation),
            HeadStep::LayerNorm(norm) => norm.apply(x),
            HeadStep::Normalize => {
                let length = (x.clone() * x.clone()).sum_dim(1).sqrt();
                x / length.clamp_min(1e-12)
            }
        })
    }
}

/// torch's, which the configuration does not say.
const EPSILON: f64 = 1e-5;

fn dense_activation(x: Tensor<2>, activation: DenseActivation) -> Tensor<2> {
    match activation {
        DenseActivation::Identity => x,
        DenseActivation::Tanh => activation::tanh(x),
        DenseActivation::Sigmoid => activation::sigmoid(x),
        DenseActivation::Of(activation) => activate(x, activation),
    }
}
