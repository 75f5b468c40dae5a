//! `config.json`: the encoder's dimensions, and the files that limit its input.

use std::path::Path;

use serde::Deserialize;

use super::read;
use crate::error::EmbedError;

/// The function between the two halves of a feed-forward layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Activation {
    /// GELU with the error function.
    Gelu,
    /// GELU with its tanh approximation.
    GeluTanh,
    /// max(0, x).
    Relu,
}

impl Activation {
    /// The name in a model's configuration; of several for the same function, the first.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Activation::Gelu => "gelu",
            Activation::GeluTanh => "gelu_new",
            Activation::Relu => "relu",
        }
    }
}

/// The dimensions of a BERT encoder.
#[derive(Clone, Debug)]
pub(crate) struct BertConfig {
    pub(crate) hidden: usize,
    pub(crate) heads: usize,
    pub(crate) layers: usize,
    pub(crate) feed_forward: usize,
    pub(crate) vocabulary: usize,
    pub(crate) positions: usize,
    pub(crate) types: usize,
    pub(crate) norm_epsilon: f64,
    pub(crate) activation: Activation,
}

#[derive(Deserialize)]
struct Raw {
    model_type: Option<String>,
    hidden_size: Option<usize>,
    num_attention_heads: Option<usize>,
    num_hidden_layers: Option<usize>,
    intermediate_size: Option<usize>,
    vocab_size: Option<usize>,
    max_position_embeddings: Option<usize>,
    type_vocab_size: Option<usize>,
    layer_norm_eps: Option<f64>,
    hidden_act: Option<String>,
    position_embedding_type: Option<String>,
}

/// Larger than any encoder, and small enough that products of two stay far from overflow.
const MAX_DIMENSION: usize = 1 << 24;

impl BertConfig {
    pub(super) fn read(folder: &Path, transformer: &Path) -> Result<Self, EmbedError> {
        let file = transformer.join("config.json");
        let raw: Raw = read::json(&file)?.ok_or_else(|| EmbedError::not_a_model(folder, &file))?;
        let kind = raw.model_type.as_deref().unwrap_or("bert");
        if kind != "bert" {
            return Err(EmbedError::unsupported(&file, "model_type", kind, "bert"));
        }
        let positions = raw.position_embedding_type.as_deref().unwrap_or("absolute");
        if positions != "absolute" {
            return Err(EmbedError::unsupported(&file, "position_embedding_type", positions, "absolute"));
        }
        let activation = match raw.hidden_act.as_deref().unwrap_or("gelu") {
            "gelu" => Activation::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" => Activation::GeluTanh,
            "relu" => Activation::Relu,
            other => {
                let supported = "gelu, gelu_new, gelu_pytorch_tanh and relu";
                return Err(EmbedError::unsupported(&file, "hidden_act", other, supported));
            }
        };
        let need = |name: &str, value: Option<usize>| match value {
            Some(value @ 1..=MAX_DIMENSION) => Ok(value),
            Some(value) => {
                Err(EmbedError::config(&file, format!("{name} is {value}, not in 1..={MAX_DIMENSION}")))
            }
            None => Err(EmbedError::config(&file, format!("{name} is missing"))),
        };
        let config = BertConfig {
            hidden: need("hidden_size", raw.hidden_size)?,
            heads: need("num_attention_heads", raw.num_attention_heads)?,
            layers: need("num_hidden_layers", raw.num_hidden_layers)?,
            feed_forward: need("intermediate_size", raw.intermediate_size)?,
            vocabulary: need("vocab_size", raw.vocab_size)?,
            positions: need("max_position_embeddings", raw.max_position_embeddings)?,
            types: need("type_vocab_size", raw.type_vocab_size.or(Some(2)))?,
            norm_epsilon: raw.layer_norm_eps.unwrap_or(1e-12),
            activation,
        };
        if !config.hidden.is_multiple_of(config.heads) {
            let message = format!(
                "hidden_size {} is no multiple of num_attention_heads {}",
                config.hidden, config.heads
            );
            return Err(EmbedError::config(&file, message));
        }
        if !(config.norm_epsilon.is_finite() && config.norm_epsilon >= 0.0) {
            let message = format!("layer_norm_eps is {}", config.norm_epsilon);
            return Err(EmbedError::config(&file, message));
        }
        Ok(config)
    }
}

#[derive(Deserialize)]
struct SentenceConfig {
    max_seq_length: Option<usize>,
    #[serde(default)]
    do_lower_case: bool,
}

#[derive(Deserialize)]
struct TokenizerConfig {
    /// A float where the limit is "none": 1e30 is written for it.
    model_max_length: Option<f64>,
}

/// How a model's input is limited and changed before it is tokenised.
#[derive(Clone, Copy, Debug)]
pub(super) struct InputConfig {
    pub(super) max_tokens: usize,
    /// Letters are made lower case, whatever the tokenizer does.
    pub(super) lowercase: bool,
}

/// The most tokens the model reads: what `sentence_bert_config.json` says, else the tokenizer's limit, and never more
/// than there are positions.
pub(super) fn input(transformer: &Path, config: &BertConfig) -> Result<InputConfig, EmbedError> {
    let file = transformer.join("sentence_bert_config.json");
    let sentence = read::json::<SentenceConfig>(&file)?;
    let lowercase = sentence.as_ref().is_some_and(|sentence| sentence.do_lower_case);
    if let Some(limit) = sentence.and_then(|sentence| sentence.max_seq_length) {
        return match limit {
            // Two are the special tokens; a model that reads nothing else embeds nothing.
            0..=2 => Err(EmbedError::config(&file, format!("max_seq_length is {limit}, but must be over 2"))),
            _ => Ok(InputConfig { max_tokens: limit.min(config.positions), lowercase }),
        };
    }
    let file = transformer.join("tokenizer_config.json");
    let limit = read::json::<TokenizerConfig>(&file)?.and_then(|tokenizer| tokenizer.model_max_length);
    let max_tokens = match limit {
        Some(limit) if limit >= 3.0 && limit < config.positions as f64 => limit as usize,
        _ => config.positions,
    };
    Ok(InputConfig { max_tokens, lowercase })
}
