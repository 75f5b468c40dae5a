//! What limits a model's input, and what is done to it before it is tokenised.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::config::EncoderConfig;
use super::read as files;
use crate::error::EmbedError;

#[derive(Deserialize)]
struct SentenceConfig {
    max_seq_length: Option<usize>,
    #[serde(default)]
    do_lower_case: bool,
    /// What newer versions ask a model for.
    transformer_task: Option<String>,
    /// What of it they take, for each kind of input.
    modality_config: Option<Value>,
}

#[derive(Deserialize)]
struct TokenizerConfig {
    /// A float where the limit is "none": 1e30 is written for it.
    model_max_length: Option<f64>,
}

/// The vectors of all tokens, and none that the model pooled itself.
const OUTPUT: &str = "last_hidden_state";

/// How a model's input is limited and changed before it is tokenised.
#[derive(Clone, Copy, Debug)]
pub(super) struct InputConfig {
    pub(super) max_tokens: usize,
    /// Letters are made lower case, whatever the tokenizer does.
    pub(super) lowercase: bool,
}

/// The most tokens the model reads: what `sentence_bert_config.json` says, else the tokenizer's limit, and never more
/// than there are positions.
pub(super) fn read(transformer: &Path, config: &EncoderConfig) -> Result<InputConfig, EmbedError> {
    let file = transformer.join("sentence_bert_config.json");
    let sentence = files::json::<SentenceConfig>(&file)?;
    if let Some(task) = sentence.as_ref().and_then(|sentence| sentence.transformer_task.as_deref())
        && task != "feature-extraction"
    {
        return Err(EmbedError::unsupported(&file, "transformer_task", task, "feature-extraction"));
    }
    let taken = sentence.as_ref().and_then(|sentence| sentence.modality_config.as_ref());
    let taken = taken.and_then(|kinds| kinds.get("text")?.get("method_output_name")?.as_str());
    if let Some(taken) = taken.filter(|taken| *taken != OUTPUT) {
        return Err(EmbedError::unsupported(&file, "method_output_name", taken, OUTPUT));
    }
    let lowercase = sentence.as_ref().is_some_and(|sentence| sentence.do_lower_case);
    if let Some(limit) = sentence.and_then(|sentence| sentence.max_seq_length) {
        return match limit {
            // Two are the special tokens; a model that reads nothing else embeds nothing.
            0..=2 => Err(EmbedError::config(&file, format!("max_seq_length is {limit}, but must be over 2"))),
            _ => Ok(InputConfig { max_tokens: limit.min(config.longest), lowercase }),
        };
    }
    let file = transformer.join("tokenizer_config.json");
    let limit = files::json::<TokenizerConfig>(&file)?.and_then(|tokenizer| tokenizer.model_max_length);
    let max_tokens = match limit {
        Some(limit) if limit >= 3.0 && limit < config.longest as f64 => limit as usize,
        _ => config.usual.unwrap_or(config.longest),
    };
    Ok(InputConfig { max_tokens, lowercase })
}

#[derive(Deserialize)]
struct ModelConfig {
    truncate_dim: Option<usize>,
}

/// How many numbers of a vector are kept, where `config_sentence_transformers.json` says that not all are.
pub(super) fn truncate_dim(folder: &Path, dim: usize) -> Result<Option<usize>, EmbedError> {
    let file = folder.join("config_sentence_transformers.json");
    match files::json::<ModelConfig>(&file)?.and_then(|config| config.truncate_dim) {
        Some(0) => Err(EmbedError::config(&file, "truncate_dim is 0")),
        kept => Ok(kept.filter(|&kept| kept < dim)),
    }
}
