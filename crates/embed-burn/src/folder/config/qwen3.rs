//! Qwen3, a language model used as an encoder: a token sees those before it, and the last stands for the text.

use super::{Architecture, Biases, EncoderConfig, Fields, Heads, NormConfig, NormKind, NormPlace, Rotary};
use crate::error::EmbedError;

pub(super) fn read(fields: &Fields<'_>, name: &'static str) -> Result<EncoderConfig, EmbedError> {
    fields.refuse("use_sliding_window")?;
    let queries = fields.size("num_attention_heads")?;
    Ok(EncoderConfig {
        architecture: Architecture::Qwen3,
        name,
        hidden: fields.size("hidden_size")?,
        layers: fields.size("num_hidden_layers")?,
        heads: Heads {
            queries,
            keys: fields.size_or("num_key_value_heads", queries)?,
            width: fields.size_or("head_dim", 128)?,
        },
        feed_forward: fields.size("intermediate_size")?,
        vocabulary: fields.size("vocab_size")?,
        longest: fields.size_or("max_position_embeddings", 32_768)?,
        usual: None,
        learned: None,
        types: 0,
        embedding_norm: false,
        relative: None,
        rotary: Some(Rotary { base: fields.rotary_base(None, &["rope_theta"], 10_000.0)? }),
        local: None,
        norm: NormConfig {
            kind: NormKind::RootMeanSquare,
            place: NormPlace::Before,
            epsilon: fields.number_or("rms_norm_eps", 1e-6)?,
            bias: false,
        },
        activation: fields.activation("hidden_act", "silu")?,
        gated: true,
        biases: Biases { attention: fields.flag_or("attention_bias", false)?, feed_forward: false },
        scaled: true,
        normed_heads: true,
        causal: true,
        is_language_model: fields.is_language_model(),
    })
}
