//! [`HeadStep`]: what is done to texts' vectors behind pooling.

use super::encoder::Encoder;
use super::isa::Isa;
use super::norm::{Norm, Normalize};
use super::pack::Panels;
use super::product::Product;
use crate::folder::{Activation, DenseActivation};
use crate::pooling::normalize;

pub(crate) enum HeadStep {
    Dense { panels: Panels, activation: DenseActivation },
    LayerNorm(Norm),
    Normalize,
}

impl HeadStep {
    /// The numbers of a vector behind the step.
    fn outputs(&self, inputs: usize) -> usize {
        match self {
            HeadStep::Dense { panels, .. } => panels.outputs(),
            HeadStep::LayerNorm(_) | HeadStep::Normalize => inputs,
        }
    }

    /// `values`: rows of `width` numbers. Each row's result is the same to the last bit whatever the others.
    fn apply(&self, isa: Isa, mut values: Vec<f32>, width: usize) -> Vec<f32> {
        match self {
            HeadStep::Dense { panels, activation } => {
                let mut output = vec![0.0; values.len() / width * panels.outputs()];
                let inner = match activation {
                    DenseActivation::Of(activation) => Some(*activation),
                    DenseActivation::Identity | DenseActivation::Tanh | DenseActivation::Sigmoid => None,
                };
                isa.run(Product {
                    input: &values,
                    weights: panels,
                    panels: 0..panels.count(),
                    output: &mut output,
                    activation: inner,
                });
                finish(&mut output, *activation);
                return output;
            }
            HeadStep::LayerNorm(norm) => isa.run(Normalize { to: &mut values, norm }),
            HeadStep::Normalize => normalize(&mut values, width),
        }
        values
    }
}

/// The functions that encoders do not have.
fn finish(values: &mut [f32], activation: DenseActivation) {
    match activation {
        DenseActivation::Identity
        | DenseActivation::Of(
            Activation::Gelu | Activation::GeluTanh | Activation::Relu | Activation::Silu,
        ) => {}
        DenseActivation::Tanh => {
            for value in values {
                *value = value.tanh();
            }
        }
        DenseActivation::Sigmoid => {
            for value in values {
                *value = 1.0 / (1.0 + (-*value).exp());
            }
        }
    }
}

impl Encoder {
    /// Vectors of `width` numbers, through all steps.
    pub(crate) fn behind_pooling(&self, values: Vec<f32>, width: usize) -> Vec<f32> {
        let through = |(values, width): (Vec<f32>, usize), step: &HeadStep| {
            (step.apply(self.isa, values, width), step.outputs(width))
        };
        self.head.iter().fold((values, width), through).0
    }

    /// As the [free function](widest_vector), through all steps.
    pub(super) fn widest_vector(&self, pooled: usize) -> usize {
        widest_vector(pooled, &self.head, HeadStep::outputs)
    }
}

/// The most numbers that a text's vector has on its way from `pooled` of them through these steps, the one before a step and
/// the one behind it together. `outputs`: the numbers of a vector behind a step, from those before it.
pub(crate) fn widest_vector<S>(pooled: usize, steps: &[S], outputs: impl Fn(&S, usize) -> usize) -> usize {
    let (mut width, mut most) = (pooled, pooled);
    for step in steps {
        let behind = outputs(step, width);
        most = most.max(width + behind.max(width));
        width = behind;
    }
    most
}
