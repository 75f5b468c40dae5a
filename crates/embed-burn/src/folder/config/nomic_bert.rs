//! NomicBERT: BERT with rotary positions and a gated feed-forward part without biases.
//!
//! Its published folders name the dimensions as GPT-2 does, newer ones as BERT does.

use super::{Architecture, Biases, EncoderConfig, Fields, Heads, NormConfig, NormKind, NormPlace, Rotary};
use crate::error::EmbedError;
use crate::folder::activation::Activation;

pub(super) fn read(fields: &Fields<'_>, name: &'static str) -> Result<EncoderConfig, EmbedError> {
    for refused in ["prenorm", "use_rms_norm", "parallel_block", "rotary_emb_interleaved", "causal"] {
        fields.refuse(refused)?;
    }
    for refused in ["qkv_proj_bias", "mlp_fc1_bias", "mlp_fc2_bias"] {
        fields.refuse(refused)?;
    }
    let fraction = fields.number_or("rotary_emb_fraction", 1.0)?;
    if fraction < 1.0 {
        return Err(fields.unsupported("rotary_emb_fraction", fraction.to_string(), "1"));
    }
    let hidden = fields.size_of(&["hidden_size", "n_embd"])?;
    let heads = fields.size_of(&["num_attention_heads", "n_head"])?;
    if !hidden.is_multiple_of(heads) {
        return Err(fields.wrong(format!("vectors of {hidden} numbers cannot be shared by {heads} heads")));
    }
    let feed_forward = match fields.optional_size("n_inner")? {
        Some(width) => width,
        None if fields.value("n_embd").is_some() => 4 * hidden,
        None => fields.size("intermediate_size")?,
    };
    Ok(EncoderConfig {
        architecture: Architecture::NomicBert,
        name,
        hidden,
        layers: fields.size_of(&["num_hidden_layers", "n_layer"])?,
        heads: Heads { queries: heads, keys: heads, width: fields.size_or("head_dim", hidden / heads)? },
        feed_forward,
        vocabulary: fields.size("vocab_size")?,
        longest: longest(fields)?,
        usual: None,
        learned: None,
        types: fields.size_or("type_vocab_size", 2)?,
        embedding_norm: true,
        relative: None,
        rotary: Some(Rotary { base: fields.rotary_base(None, &["rotary_emb_base", "rope_theta"], 1000.0)? }),
        local: None,
        norm: NormConfig {
            kind: NormKind::Layer,
            place: NormPlace::After,
            epsilon: match fields.value("layer_norm_epsilon") {
                Some(_) => fields.number_or("layer_norm_epsilon", 1e-12)?,
                None => fields.number_or("layer_norm_eps", 1e-12)?,
            },
            bias: true,
        },
        activation: activation(fields)?,
        gated: true,
        biases: Biases::NONE,
        scaled: true,
        normed_heads: false,
        causal: false,
        is_language_model: false,
    })
}

/// Beyond the length that it was trained with, positions may be stretched by a factor that depends on the text's length:
/// then texts are read that far only.
fn longest(fields: &Fields<'_>) -> Result<usize, EmbedError> {
    let positions = fields.size_of(&["max_position_embeddings", "n_positions"])?;
    let stretched = fields.value("rotary_scaling_factor").is_some();
    Ok(if stretched { positions.min(fields.size_or("max_trained_positions", 2048)?) } else { positions })
}

/// Older configurations name the activation together with the gate.
fn activation(fields: &Fields<'_>) -> Result<Activation, EmbedError> {
    if fields.value("activation_function").is_none() {
        return fields.activation("hidden_act", "silu");
    }
    match &*fields.text_or("activation_function", "")? {
        "swiglu" => Ok(Activation::Silu),
        "geglu" => Ok(Activation::Gelu),
        other => Err(fields.unsupported("activation_function", other, "swiglu and geglu")),
    }
}
