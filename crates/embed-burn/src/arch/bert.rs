//! The BERT encoder: token ids in, one vector a token out.

use burn::tensor::module::{embedding, layer_norm, linear};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};

use super::uploads::Uploads;
use crate::compute::Compute;
use crate::error::EmbedError;
use crate::folder::{Activation, BertConfig, Weights};

/// A BERT encoder with its weights on a device.
#[derive(Debug)]
pub(crate) struct Bert {
    /// `[vocabulary, hidden]`.
    pub(crate) words: Tensor<2>,
    /// `[positions, hidden]`, the vector of token type 0 added: all texts have that type.
    pub(crate) positions: Tensor<2>,
    pub(crate) norm: Norm,
    pub(crate) layers: Vec<Layer>,
    pub(crate) heads: usize,
    pub(crate) activation: Activation,
    pub(crate) compute: Compute,
}

#[derive(Debug)]
pub(crate) struct Layer {
    /// Queries, keys and values in one product: `[hidden, 3 * hidden]`.
    pub(crate) qkv: Linear,
    pub(crate) attended: Linear,
    pub(crate) attended_norm: Norm,
    pub(crate) up: Linear,
    pub(crate) down: Linear,
    pub(crate) down_norm: Norm,
}

#[derive(Debug)]
pub(crate) struct Linear {
    /// `[inputs, outputs]`.
    pub(crate) weight: Tensor<2>,
    pub(crate) bias: Tensor<1>,
}

#[derive(Debug)]
pub(crate) struct Norm {
    pub(crate) gamma: Tensor<1>,
    pub(crate) beta: Tensor<1>,
    pub(crate) epsilon: f64,
}

impl Bert {
    pub(crate) fn load(
        weights: &mut Weights,
        config: &BertConfig,
        uploads: &Uploads<'_>,
    ) -> Result<Self, EmbedError> {
        let mut loader = Loader { weights, config, uploads };
        let hidden = config.hidden;
        let words = loader.weights.take("embeddings.word_embeddings.weight", &[config.vocabulary, hidden])?;
        let mut positions =
            loader.weights.take("embeddings.position_embeddings.weight", &[config.positions, hidden])?;
        let types =
            loader.weights.take("embeddings.token_type_embeddings.weight", &[config.types, hidden])?;
        for row in positions.chunks_exact_mut(hidden) {
            row.iter_mut().zip(&types).for_each(|(value, add)| *value += add);
        }
        Ok(Bert {
            words: uploads.tensor(words, [config.vocabulary, hidden])?,
            positions: uploads.tensor(positions, [config.positions, hidden])?,
            norm: loader.norm("embeddings.LayerNorm")?,
            layers: (0..config.layers).map(|index| loader.layer(index)).collect::<Result<_, _>>()?,
            heads: config.heads,
            activation: config.activation,
            compute: Compute::default(),
        })
    }

    /// The names of all tensors that [`load`](Bert::load) takes.
    pub(crate) fn needed(config: &BertConfig) -> Vec<String> {
        let layer_parts = [
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
            "attention.output.LayerNorm",
            "intermediate.dense",
            "output.dense",
            "output.LayerNorm",
        ];
        let mut names: Vec<String> = ["word", "position", "token_type"]
            .map(|kind| format!("embeddings.{kind}_embeddings.weight"))
            .into();
        let layers = (0..config.layers).flat_map(|layer| {
            layer_parts.into_iter().map(move |part| format!("encoder.layer.{layer}.{part}"))
        });
        let with_bias = std::iter::once("embeddings.LayerNorm".to_owned()).chain(layers);
        names.extend(with_bias.flat_map(|part| ["weight", "bias"].map(|kind| format!("{part}.{kind}"))));
        names
    }

    /// `ids`: `[batch, tokens]`. `lengths`: how many tokens of each row are no padding; `None` if all are.
    /// Returns `[batch, tokens, hidden]`.
    pub(crate) fn forward(&self, ids: Tensor<2, Int>, lengths: Option<&[usize]>) -> Tensor<3> {
        let [_, tokens] = ids.dims();
        let device = ids.device();
        let mask = lengths.map(|lengths| mask(lengths, tokens, self.compute, &device));
        let positions = match lengths {
            None => self.positions.clone().narrow(0, 0, tokens).unsqueeze::<3>(),
            Some(lengths) => embedding(self.positions.clone(), places(lengths, tokens, &device)),
        };
        let mut x = self.norm.apply(embedding(self.words.clone(), ids) + positions);
        for layer in &self.layers {
            let attended = layer.attended.apply(self.attention(layer, x.clone(), mask.clone()));
            x = layer.attended_norm.apply(x + attended);
            let wide = self.activate(layer.up.apply(x.clone()));
            x = layer.down_norm.apply(x + layer.down.apply(wide));
        }
        x
    }

    /// `x`: `[batch, tokens, hidden]`; `mask`: `[batch, 1, 1, tokens]`. Returns `[batch, tokens, hidden]`.
    fn attention(&self, layer: &Layer, x: Tensor<3>, mask: Option<Tensor<4>>) -> Tensor<3> {
        let [batch, tokens, hidden] = x.dims();
        let heads = self.heads;
        // [batch, 3 * heads, tokens, width]
        let qkv = layer.qkv.apply(x).reshape([batch, tokens, 3 * heads, hidden / heads]).swap_dims(1, 2);
        let part = |index: usize| qkv.clone().slice([0..batch, index * heads..(index + 1) * heads]);
        // The queries' weights hold the scale 1/√width already.
        let parts: [&dyn Fn() -> Tensor<4>; 3] = [&|| part(0), &|| part(1), &|| part(2)];
        if let Some(context) = self.fused_attention(parts, mask.as_ref()) {
            return context.swap_dims(1, 2).reshape([batch, tokens, hidden]);
        }
        let mut scores = part(0).matmul(part(1).swap_dims(2, 3));
        if let Some(mask) = mask {
            scores = scores + mask;
        }
        let context = activation::softmax(scores, 3).matmul(part(2));
        context.swap_dims(1, 2).reshape([batch, tokens, hidden])
    }

    fn activate(&self, x: Tensor<3>) -> Tensor<3> {
        match self.activation {
            Activation::Gelu => activation::gelu(x),
            Activation::GeluTanh => activation::gelu_approximate(x),
            Activation::Relu => activation::relu(x),
        }
    }
}

/// `[batch, tokens]`: each token's place in its text; padding stands in the first.
fn places(lengths: &[usize], tokens: usize, device: &Device) -> Tensor<2, Int> {
    let row =
        |&length: &usize| (0..tokens).map(move |at| if at < length { (at as u32).cast_signed() } else { 0 });
    let places: Vec<i32> = lengths.iter().flat_map(row).collect();
    Tensor::from_data(TensorData::new(places, [lengths.len(), tokens]), device)
}

/// `[batch, 1, 1, tokens]`: 0 where there is a token, far below where there is padding.
fn mask(lengths: &[usize], tokens: usize, compute: Compute, device: &Device) -> Tensor<4> {
    let masked = compute.masked();
    let row = |&length: &usize| (0..tokens).map(move |at| if at < length { 0.0 } else { masked });
    let values: Vec<f32> = lengths.iter().flat_map(row).collect();
    compute.narrowed(Tensor::from_data(TensorData::new(values, [lengths.len(), 1, 1, tokens]), device))
}

impl Linear {
    fn apply(&self, x: Tensor<3>) -> Tensor<3> {
        linear(x, self.weight.clone(), Some(self.bias.clone()))
    }
}

impl Norm {
    fn apply(&self, x: Tensor<3>) -> Tensor<3> {
        layer_norm(x, self.gamma.clone(), Some(self.beta.clone()), self.epsilon)
    }
}

struct Loader<'a> {
    weights: &'a mut Weights,
    config: &'a BertConfig,
    uploads: &'a Uploads<'a>,
}

impl Loader<'_> {
    fn layer(&mut self, index: usize) -> Result<Layer, EmbedError> {
        let (hidden, wide) = (self.config.hidden, self.config.feed_forward);
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        Ok(Layer {
            qkv: self.qkv(&name("attention.self"))?,
            attended: self.linear(&name("attention.output.dense"), hidden, hidden)?,
            attended_norm: self.norm(&name("attention.output.LayerNorm"))?,
            up: self.linear(&name("intermediate.dense"), hidden, wide)?,
            down: self.linear(&name("output.dense"), wide, hidden)?,
            down_norm: self.norm(&name("output.LayerNorm"))?,
        })
    }

    fn qkv(&mut self, name: &str) -> Result<Linear, EmbedError> {
        let hidden = self.config.hidden;
        let scale = 1.0 / ((hidden / self.config.heads) as f32).sqrt();
        let (mut weight, mut bias) = (Vec::new(), Vec::new());
        for (part, scale) in [("query", scale), ("key", 1.0), ("value", 1.0)] {
            let rows = self.weights.take(&format!("{name}.{part}.weight"), &[hidden, hidden])?;
            weight.extend(rows.into_iter().map(|value| value * scale));
            let values = self.weights.take(&format!("{name}.{part}.bias"), &[hidden])?;
            bias.extend(values.into_iter().map(|value| value * scale));
        }
        self.linear_of(&weight, bias, hidden, 3 * hidden)
    }

    fn linear(&mut self, name: &str, inputs: usize, outputs: usize) -> Result<Linear, EmbedError> {
        let weight = self.weights.take(&format!("{name}.weight"), &[outputs, inputs])?;
        let bias = self.weights.take(&format!("{name}.bias"), &[outputs])?;
        self.linear_of(&weight, bias, inputs, outputs)
    }

    /// `weight` as it is stored, `[outputs, inputs]`.
    fn linear_of(
        &self,
        weight: &[f32],
        bias: Vec<f32>,
        inputs: usize,
        outputs: usize,
    ) -> Result<Linear, EmbedError> {
        Ok(Linear {
            weight: self.uploads.tensor(transposed(weight, inputs), [inputs, outputs])?,
            bias: self.uploads.tensor(bias, [outputs])?,
        })
    }

    fn norm(&mut self, name: &str) -> Result<Norm, EmbedError> {
        let hidden = self.config.hidden;
        let gamma = self.weights.take(&format!("{name}.weight"), &[hidden])?;
        let beta = self.weights.take(&format!("{name}.bias"), &[hidden])?;
        Ok(Norm {
            gamma: self.uploads.tensor(gamma, [hidden])?,
            beta: self.uploads.tensor(beta, [hidden])?,
            epsilon: self.config.norm_epsilon,
        })
    }
}

/// Rows of `columns` numbers, turned into columns.
fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| values.iter().skip(column).step_by(columns).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        assert_eq!(transposed(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }
}
