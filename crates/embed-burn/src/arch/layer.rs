//! A layer's weights, and what it does besides attention.

use burn::tensor::module::{layer_norm, linear};
use burn::tensor::{DType, Tensor, activation};

use crate::compute::Compute;
use crate::folder::{Activation, NormKind};

/// One layer, its matrices in the form that is computed with.
#[derive(Debug)]
pub(crate) struct Layer<L = Linear> {
    /// Queries, keys and values in one product: `[hidden, heads' numbers]`. The queries' weights hold the scale, unless
    /// they are normalised.
    pub(crate) qkv: L,
    /// Of each head's queries, with the scale, and of its keys.
    pub(crate) head_norms: Option<[Norm; 2]>,
    pub(crate) attended: L,
    /// Absent where the input is normalised already.
    pub(crate) attended_norm: Option<Norm>,
    /// Of a gated feed-forward part both halves in one product, the one with the activation first.
    pub(crate) up: L,
    pub(crate) down: L,
    pub(crate) down_norm: Norm,
    /// Whether its tokens see their neighbours only.
    pub(crate) is_local: bool,
}

#[derive(Debug)]
pub(crate) struct Linear {
    /// `[inputs, outputs]`.
    pub(crate) weight: Tensor<2>,
    pub(crate) bias: Option<Tensor<1>>,
}

/// A matrix as files have it, with its bias.
#[derive(Debug)]
pub(crate) struct Matrix {
    /// `[outputs, inputs]`, row by row.
    pub(crate) rows: Vec<f32>,
    pub(crate) bias: Option<Vec<f32>>,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
}

#[derive(Debug)]
pub(crate) struct Norm {
    pub(crate) kind: NormKind,
    /// Both in f32, whatever the encoder computes in.
    pub(crate) gamma: Tensor<1>,
    pub(crate) beta: Option<Tensor<1>>,
    pub(crate) epsilon: f64,
}

impl Layer {
    /// The feed-forward part, without norm and residual.
    pub(super) fn feed_forward(&self, x: Tensor<3>, activation: Activation, gated: bool) -> Tensor<3> {
        let wide = self.up.apply(x);
        let wide = if gated {
            let [_, _, both] = wide.dims();
            let half = both / 2;
            activate(wide.clone().narrow(2, 0, half), activation) * wide.narrow(2, half, half)
        } else {
            activate(wide, activation)
        };
        self.down.apply(wide)
    }

    pub(super) fn narrowed(self, compute: Compute) -> Self {
        Layer {
            qkv: self.qkv.narrowed(compute),
            attended: self.attended.narrowed(compute),
            up: self.up.narrowed(compute),
            down: self.down.narrowed(compute),
            ..self
        }
    }
}

impl Linear {
    pub(super) fn apply<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        linear(x, self.weight.clone(), self.bias.clone())
    }

    pub(super) fn narrowed(self, compute: Compute) -> Self {
        Linear { weight: compute.narrowed(self.weight), bias: self.bias.map(|bias| compute.narrowed(bias)) }
    }
}

impl Norm {
    pub(super) fn apply<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        // In f32, whatever the encoder computes in: squares and their sums are beyond what f16 holds, and bf16 has too few digits
        // for a mean.
        let dtype = x.dtype();
        let is_wide = dtype == DType::F32;
        let wide = if is_wide { x } else { x.cast(DType::F32) };
        let wide = match self.kind {
            NormKind::Layer => layer_norm(wide, self.gamma.clone(), self.beta.clone(), self.epsilon),
            NormKind::RootMeanSquare => {
                let squares = (wide.clone() * wide.clone()).mean_dim(D - 1);
                let normed = wide * (squares + self.epsilon).sqrt().recip();
                let scaled = normed * self.gamma.clone().unsqueeze::<D>();
                match &self.beta {
                    Some(beta) => scaled + beta.clone().unsqueeze::<D>(),
                    None => scaled,
                }
            }
        };
        if is_wide { wide } else { wide.cast(dtype) }
    }
}

pub(super) fn activate<const D: usize>(x: Tensor<D>, activation: Activation) -> Tensor<D> {
    match activation {
        Activation::Gelu => activation::gelu(x),
        Activation::GeluTanh => activation::gelu_approximate(x),
        Activation::Relu => activation::relu(x),
        Activation::Silu => activation::silu(x),
    }
}
