//! ModernBERT: rotary positions, norms before each part, a gated feed-forward part, and layers that see near tokens only.

use serde_json::Value;

use super::{
    Architecture, Biases, EncoderConfig, Fields, Heads, LocalAttention, NormConfig, NormKind, NormPlace,
    Rotary,
};
use crate::error::EmbedError;

pub(super) fn read(fields: &Fields<'_>, name: &'static str) -> Result<EncoderConfig, EmbedError> {
    let (hidden, heads) = (fields.size("hidden_size")?, fields.size("num_attention_heads")?);
    if !hidden.is_multiple_of(heads) {
        let message = format!("hidden_size {hidden} is no multiple of num_attention_heads {heads}");
        return Err(fields.wrong(message));
    }
    let layers = fields.size("num_hidden_layers")?;
    let global = fields.rotary_base(Some("full_attention"), &["global_rope_theta"], 160_000.0)?;
    let local = fields.rotary_base(Some("sliding_attention"), &["local_rope_theta"], 10_000.0)?;
    Ok(EncoderConfig {
        architecture: Architecture::ModernBert,
        name,
        hidden,
        layers,
        heads: Heads { queries: heads, keys: heads, width: hidden / heads },
        feed_forward: fields.size("intermediate_size")?,
        vocabulary: fields.size("vocab_size")?,
        longest: fields.size_or("max_position_embeddings", 8192)?,
        usual: None,
        learned: None,
        types: 0,
        embedding_norm: true,
        relative: None,
        rotary: Some(Rotary { base: global }),
        local: Some(LocalAttention {
            reach: fields.size_or("local_attention", 128)? / 2,
            base: local,
            layers: local_layers(fields, layers)?,
        }),
        norm: NormConfig {
            kind: NormKind::Layer,
            place: NormPlace::Before,
            epsilon: fields.number_or("norm_eps", 1e-5)?,
            bias: fields.flag_or("norm_bias", false)?,
        },
        activation: fields.activation("hidden_activation", "gelu")?,
        gated: true,
        biases: Biases {
            attention: fields.flag_or("attention_bias", false)?,
            feed_forward: fields.flag_or("mlp_bias", false)?,
        },
        scaled: true,
        normed_heads: false,
        causal: false,
        is_language_model: false,
    })
}

/// Which layers see near tokens only: as newer configurations list them, or all but each third.
fn local_layers(fields: &Fields<'_>, layers: usize) -> Result<Vec<bool>, EmbedError> {
    let Some(listed) = fields.value("layer_types") else {
        let every = fields.size_or("global_attn_every_n_layers", 3)?;
        return Ok((0..layers).map(|layer| layer % every != 0).collect());
    };
    let listed = listed.as_array().map(Vec::as_slice).unwrap_or_default();
    if listed.len() != layers {
        let message =
            format!("layer_types has {} entries, not one for each of {layers} layers", listed.len());
        return Err(fields.wrong(message));
    }
    let is_local = |kind: &Value| match kind.as_str() {
        Some("sliding_attention") => Ok(true),
        Some("full_attention") => Ok(false),
        _ => Err(fields.unsupported("layer_types", kind.to_string(), "sliding_attention and full_attention")),
    };
    listed.iter().map(is_local).collect()
}
