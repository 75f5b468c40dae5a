//! The encoder of T5: norms by the mean square before each part, a bias by distance instead of positions, no other biases.

use super::fields::MAX_DIMENSION;
use super::mpnet::relative;
use super::{Architecture, Biases, EncoderConfig, Fields, Heads, NormConfig, NormKind, NormPlace};
use crate::error::EmbedError;
use crate::folder::activation::Activation;

pub(super) fn read(fields: &Fields<'_>, name: &'static str) -> Result<EncoderConfig, EmbedError> {
    let heads = fields.size("num_heads")?;
    let hidden = fields.size("d_model")?;
    let max_distance = fields.size_or("relative_attention_max_distance", 128)?;
    let (activation, gated) = activation(fields)?;
    Ok(EncoderConfig {
        architecture: Architecture::T5,
        name,
        hidden,
        layers: fields.size("num_layers")?,
        heads: Heads { queries: heads, keys: heads, width: fields.size("d_kv")? },
        feed_forward: fields.size("d_ff")?,
        vocabulary: fields.size("vocab_size")?,
        longest: MAX_DIMENSION,
        // It was trained with these, and can read more.
        usual: Some(fields.size_or("n_positions", 512)?),
        learned: None,
        types: 0,
        embedding_norm: false,
        relative: Some(relative(fields, max_distance)?),
        rotary: None,
        local: None,
        norm: NormConfig {
            kind: NormKind::RootMeanSquare,
            place: NormPlace::Before,
            epsilon: fields.number_or("layer_norm_epsilon", 1e-6)?,
            bias: false,
        },
        activation,
        gated,
        biases: Biases::NONE,
        scaled: false,
        normed_heads: false,
        causal: false,
        is_language_model: false,
    })
}

/// `relu`, `gated-gelu` and the like. The gated GELU is the one with a tanh.
fn activation(fields: &Fields<'_>) -> Result<(Activation, bool), EmbedError> {
    let value = fields.text_or("feed_forward_proj", "relu")?;
    let (gated, plain) = match value.strip_prefix("gated-") {
        Some("gelu") => return Ok((Activation::GeluTanh, true)),
        Some(name) => (true, name),
        None => (false, &*value),
    };
    let known = "relu, gelu and silu, each also with gated- before it";
    let activation = Activation::named(plain);
    activation.map(|one| (one, gated)).ok_or_else(|| fields.unsupported("feed_forward_proj", &*value, known))
}
