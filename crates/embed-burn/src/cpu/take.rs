//! A model's tensors on burn's flex backend become an [`Encoder`].

use burn::backend::Flex;
use burn::tensor::{BackendPrimitive, Float, Tensor};

use super::attention::Sight;
use super::distances::{Distances, MAX_REACH};
use super::embed::{Embeddings, Positions};
use super::encoder::{Attending, Dimensions, Encoder, Layer, Table};
use super::head::HeadStep;
use super::isa::Isa;
use super::linear::Linear;
use super::norm::Norm;
use super::pack::Panels;
use super::rotary::Angles;
use super::scratch::Scratch;
use crate::arch::layer::{self, Matrix};
use crate::arch::positions::{self, Learned, Relative};
use crate::arch::transformer::{Local, Transformer};
use crate::arch::{self, Head};
use crate::folder::{Pooling, RelativePositions};

impl Encoder {
    /// Whether an encoder can be run so: all but those whose bias by distance goes on changing for longer than is tabulated.
    pub(crate) fn serves(relative: Option<RelativePositions>) -> bool {
        relative.is_none_or(|positions| farthest(positions) <= MAX_REACH)
    }

    /// A matrix in the order in which it is multiplied with.
    ///
    /// # Errors
    /// The text of what failed: there is no memory.
    pub(crate) fn pack(matrix: Matrix) -> Result<Linear, String> {
        let isa = Isa::best();
        let bias = matrix.bias.unwrap_or_else(|| vec![0.0; matrix.outputs]);
        let panels =
            Panels::of_rows(&matrix.rows, &bias, isa.columns()).map_err(|error| error.to_string())?;
        Ok(Linear::F32(panels, isa))
    }

    /// Takes over a model on burn's flex backend, whose matrices are [packed](Encoder::pack); the tables of words and positions
    /// are used where they are.
    ///
    /// # Errors
    /// The text of what failed: there is no memory, or a tensor is not in this process's.
    pub(crate) fn take(model: Transformer<Linear>, head: Head, pooling: Pooling) -> Result<Self, String> {
        let encoder = Self::take_for(model, Isa::best(), Ok)?;
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

    /// The same with matrices that are to be packed first.
    pub(super) fn take_for<L>(
        model: Transformer<L>,
        isa: Isa,
        pack: impl Fn(L) -> Result<Linear, String>,
    ) -> Result<Self, String> {
        let [_, hidden] = model.words.dims();
        let layer = |layer: layer::Layer<L>| {
            Ok(Layer {
                qkv: pack(layer.qkv)?,
                head_norms: match layer.head_norms {
                    Some([of_queries, of_keys]) => Some([norm(of_queries)?, norm(of_keys)?]),
                    None => None,
                },
                attended: pack(layer.attended)?,
                attended_norm: layer.attended_norm.map(norm).transpose()?,
                up: pack(layer.up)?,
                down: pack(layer.down)?,
                down_norm: norm(layer.down_norm)?,
                is_local: layer.is_local,
            })
        };
        let (sight, of_local) = Sight::of_layers(model.causal, model.local.as_ref().map(|local| local.reach));
        let local = model.local.zip(of_local).map(|(Local { angles: of_local, .. }, sight)| {
            Ok::<_, String>(Attending { sight, angles: Some(angles(of_local)?) })
        });
        let positions = |learned: Learned| {
            Ok::<_, String>(Positions { table: Box::new(flex(learned.table)?), counting: learned.counting })
        };
        // A text's longest distance is as many tokens as there are positions for, where there are any.
        let longest = model.positions.as_ref().map_or(usize::MAX, |learned| learned.table.dims()[0]);
        let layers: Vec<Layer> = model.layers.into_iter().map(layer).collect::<Result<_, String>>()?;
        let wide = layers.first().map_or(0, |layer| layer.up.outputs());
        Ok(Encoder {
            isa,
            narrow: None,
            narrow_attention: None,
            dimensions: Dimensions {
                hidden,
                heads: model.heads,
                feed_forward: if model.gated { wide / 2 } else { wide },
                gated: model.gated,
            },
            activation: model.activation,
            norm_place: model.norm_place,
            embeddings: Embeddings {
                words: Box::new(flex(model.words)?),
                positions: model.positions.map(positions).transpose()?,
                norm: model.norm.map(norm).transpose()?,
            },
            distances: model.relative.map(|relative| distances(relative, longest)).transpose()?,
            attention: Attending { sight, angles: model.rotary.map(angles).transpose()? },
            local: local.transpose()?,
            layers,
            last_norm: model.last_norm.map(norm).transpose()?,
            head: Vec::new(),
            vector: hidden,
            skipped: 0,
            scratch: Scratch::default(),
        })
    }
}

/// The bias of each head for each distance.
fn distances(relative: Relative, longest: usize) -> Result<Distances, String> {
    let [_, heads] = relative.table.dims();
    let (table, positions) = (flex(relative.table)?, relative.positions);
    let of = |head: usize, from: usize, to: usize| table.values()[positions.bucket(from, to) * heads + head];
    Ok(Distances::new(heads, farthest(positions).min(longest), of))
}

/// Where the last bucket has begun for certain: where it begins is rounded.
fn farthest(positions: RelativePositions) -> usize {
    positions.max_distance.saturating_mul(2)
}

fn angles(angles: positions::Angles) -> Result<Angles, String> {
    let [cosines, sines] = angles.into_tables();
    Ok(Angles { cosines: Box::new(flex(cosines)?), sines: Box::new(flex(sines)?) })
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

#[cfg(test)]
pub(super) fn panels(linear: layer::Linear, isa: Isa) -> Result<Linear, String> {
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
        None => Vec::new(),
    };
    Ok(Norm { kind: norm.kind, gamma, beta, epsilon: norm.epsilon as f32 })
}
