//! A model's tensors on burn's flex backend become an [`Encoder`].

use burn::backend::Flex;
use burn::tensor::{BackendPrimitive, Float, Tensor};

use super::encoder::{Dimensions, Embeddings, Encoder, Layer, Table};
use super::isa::Isa;
use super::linear::Linear;
use super::norm::Norm;
use super::pack::Panels;
use super::scratch::Scratch;
use crate::arch::bert;

impl Encoder {
    /// Whether the model is where this runs.
    pub(crate) fn runs(bert: &bert::Bert) -> bool {
        bert.words.clone().try_into_primitive::<Flex>().is_ok()
    }

    /// Takes the model over. Each matrix is packed and then dropped, so that two copies of all are never there at once;
    /// the tables of words and positions are used where they are.
    ///
    /// # Errors
    /// The text of what failed: there is no memory, or the model is not on flex.
    pub(crate) fn take(bert: bert::Bert) -> Result<Self, String> {
        Self::take_for(bert, Isa::best())
    }

    pub(super) fn take_for(bert: bert::Bert, isa: Isa) -> Result<Self, String> {
        let [_, hidden] = bert.words.dims();
        let feed_forward = bert.layers.first().map_or(0, |layer| layer.up.weight.dims()[1]);
        let layer = |layer: bert::Layer| {
            Ok(Layer {
                qkv: panels(layer.qkv, isa)?,
                attended: panels(layer.attended, isa)?,
                attended_norm: norm(layer.attended_norm)?,
                up: panels(layer.up, isa)?,
                down: panels(layer.down, isa)?,
                down_norm: norm(layer.down_norm)?,
            })
        };
        Ok(Encoder {
            isa,
            narrow: None,
            dimensions: Dimensions { hidden, heads: bert.heads, feed_forward },
            activation: bert.activation,
            embeddings: Embeddings {
                words: Box::new(flex(bert.words)?),
                positions: Box::new(flex(bert.positions)?),
                norm: norm(bert.norm)?,
            },
            layers: bert.layers.into_iter().map(layer).collect::<Result<_, String>>()?,
            skipped: 0,
            scratch: Scratch::default(),
        })
    }
}

/// A tensor of flex: its numbers lie in the process's memory.
struct OnFlex(<Float as BackendPrimitive<Flex>>::Primitive);

impl Table for OnFlex {
    fn values(&self) -> &[f32] {
        // Looked at when it was made.
        self.0.as_slice().unwrap_or_default()
    }
}

fn flex<const D: usize>(tensor: Tensor<D>) -> Result<OnFlex, String> {
    let tensor = tensor.try_into_primitive::<Flex>().map_err(|error| format!("{error:?}"))?;
    if tensor.as_slice::<f32>().is_none() {
        return Err("a tensor of the model is not laid out row by row in f32".to_owned());
    }
    Ok(OnFlex(tensor))
}

fn panels(linear: bert::Linear, isa: Isa) -> Result<Linear, String> {
    let (weight, bias) = (flex(linear.weight)?, flex(linear.bias)?);
    let panels = Panels::pack(weight.values(), bias.values(), isa.columns());
    Ok(Linear::F32(panels.map_err(|error| error.to_string())?, isa))
}

fn norm(norm: bert::Norm) -> Result<Norm, String> {
    let (gamma, beta) = (flex(norm.gamma)?.values().to_vec(), flex(norm.beta)?.values().to_vec());
    Ok(Norm { gamma, beta, epsilon: norm.epsilon as f32 })
}
