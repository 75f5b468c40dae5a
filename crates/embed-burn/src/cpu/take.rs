//! A model's tensors on burn's flex backend become an [`Encoder`].

use burn::backend::Flex;
use burn::tensor::{BackendPrimitive, Float, Tensor};

use super::encoder::{Dimensions, Distances, Embeddings, Encoder, Layer, Table};
use super::head::HeadStep;
use super::isa::Isa;
use super::linear::Linear;
use super::norm::Norm;
use super::pack::Panels;
use super::scratch::Scratch;
use crate::arch::layer;
use crate::arch::positions::Relative;
use crate::arch::transformer::Transformer;
use crate::arch::{self, Head};
use crate::folder::{NormKind, NormPlace, Pooling};

impl Encoder {
    /// Whether the model is where this runs, and of the kind that it runs: BERT's layers, whatever its positions are
    /// counted from and whether there is a bias by distance.
    pub(crate) fn runs(model: &Transformer) -> bool {
        let Transformer { heads, positions, norm, layers, .. } = model;
        let [_, hidden] = model.words.dims();
        let is_linear = |linear: &layer::Linear| linear.bias.is_some();
        let is_norm = |norm: &layer::Norm| norm.kind == NormKind::Layer && norm.beta.is_some();
        let is_layer = |layer: &layer::Layer| {
            [&layer.qkv, &layer.attended, &layer.up, &layer.down].into_iter().all(is_linear)
                && layer.attended_norm.as_ref().is_some_and(is_norm)
                && is_norm(&layer.down_norm)
                && layer.head_norms.is_none()
                && !layer.is_local
        };
        model.norm_place == NormPlace::After
            && model.rotary.is_none()
            && !model.gated
            && !model.causal
            && heads.queries == heads.keys
            && heads.queries * heads.width == hidden
            && positions.is_some()
            && norm.as_ref().is_some_and(is_norm)
            && layers.iter().all(is_layer)
            && model.words.clone().try_into_primitive::<Flex>().is_ok()
    }

    /// Takes the model over. Each matrix is packed and then dropped, so that two copies of all are never there at once;
    /// the tables of words and positions are used where they are.
    ///
    /// # Errors
    /// The text of what failed: there is no memory, or the model is not one that this [`runs`](Encoder::runs).
    pub(crate) fn take(model: Transformer, head: Head, pooling: Pooling) -> Result<Self, String> {
        let encoder = Self::take_for(model, Isa::best())?;
        let isa = encoder.isa;
        let step = |step: arch::HeadStep| {
            Ok(match step {
                arch::HeadStep::Dense { linear, activation } => {
                    HeadStep::Dense { panels: packed(linear, isa)?, activation }
                }
                arch::HeadStep::LayerNorm(of) => HeadStep::LayerNorm(norm(of)?),
                arch::HeadStep::Normalize => HeadStep::Normalize,
            })
        };
        let head = head.steps.into_iter().map(step).collect::<Result<_, String>>()?;
        let encoder = Encoder { head, ..encoder };
        let vector = encoder.widest_vector(pooling.modes().count() * encoder.dimensions.hidden);
        Ok(Encoder { vector, ..encoder })
    }

    pub(super) fn take_for(model: Transformer, isa: Isa) -> Result<Self, String> {
        let [_, hidden] = model.words.dims();
        let feed_forward = model.layers.first().map_or(0, |layer| layer.up.weight.dims()[1]);
        let layer = |layer: layer::Layer| {
            Ok(Layer {
                qkv: panels(layer.qkv, isa)?,
                attended: panels(layer.attended, isa)?,
                attended_norm: norm(layer.attended_norm.ok_or(OTHER)?)?,
                up: panels(layer.up, isa)?,
                down: panels(layer.down, isa)?,
                down_norm: norm(layer.down_norm)?,
            })
        };
        let positions = model.positions.ok_or(OTHER)?;
        let counting = positions.counting;
        let longest = positions.table.dims()[0].saturating_sub(counting.first());
        Ok(Encoder {
            isa,
            narrow: None,
            narrow_attention: None,
            dimensions: Dimensions { hidden, heads: model.heads.queries, feed_forward },
            activation: model.activation,
            embeddings: Embeddings {
                words: Box::new(flex(model.words)?),
                positions: Box::new(flex(positions.table)?),
                counting,
                norm: norm(model.norm.ok_or(OTHER)?)?,
            },
            distances: model.relative.map(|relative| distances(relative, longest)).transpose()?,
            layers: model.layers.into_iter().map(layer).collect::<Result<_, String>>()?,
            head: Vec::new(),
            vector: hidden,
            skipped: 0,
            scratch: Scratch::default(),
        })
    }
}

const OTHER: &str = "the model is not of BERT's kind";

/// The bias of each head for each distance.
fn distances(relative: Relative, longest: usize) -> Result<Distances, String> {
    let [_, heads] = relative.table.dims();
    let table = flex(relative.table)?;
    let mut values = Vec::with_capacity(heads * 2 * longest);
    for head in 0..heads {
        for distance in 0..2 * longest - 1 {
            // From the last token of the longest text to its first, and then on.
            let (from, to) = (longest - 1, distance);
            values.push(table.values()[relative.positions.bucket(from, to) * heads + head]);
        }
    }
    Ok(Distances { longest, values })
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

fn panels(linear: layer::Linear, isa: Isa) -> Result<Linear, String> {
    Ok(Linear::F32(packed(linear, isa)?, isa))
}

fn packed(linear: layer::Linear, isa: Isa) -> Result<Panels, String> {
    let [_, outputs] = linear.weight.dims();
    let weight = flex(linear.weight)?;
    let bias = match linear.bias {
        Some(bias) => flex(bias)?.values().to_vec(),
        None => vec![0.0; outputs],
    };
    Panels::pack(weight.values(), &bias, isa.columns()).map_err(|error| error.to_string())
}

fn norm(norm: layer::Norm) -> Result<Norm, String> {
    let gamma = flex(norm.gamma)?.values().to_vec();
    let beta = match norm.beta {
        Some(beta) => flex(beta)?.values().to_vec(),
        None => vec![0.0; gamma.len()],
    };
    Ok(Norm { gamma, beta, epsilon: norm.epsilon as f32 })
}
