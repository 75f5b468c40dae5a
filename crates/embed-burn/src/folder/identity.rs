//! [`ModelIdentity`]: what makes vectors comparable.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{EncoderConfig, ModelFolder, NormKind, NormPlace, Pooling, Prompts, Step, TOKENIZER};
use crate::error::EmbedError;

/// Everything that a vector depends on besides its text. Vectors of equal identity can be compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ModelIdentity {
    /// SHA-256 of the file of weights, in hexadecimal. Of weights in several files, that of a list of their names and
    /// their own SHA-256.
    pub weights_sha256: String,
    /// SHA-256 of `tokenizer.json`, in hexadecimal.
    pub tokenizer_sha256: String,
    /// How token vectors become one.
    pub pooling: Pooling,
    /// Whether vectors are scaled to length 1.
    pub normalize: bool,
    /// The most tokens of a text that are read.
    pub max_tokens: usize,
    /// The type of numbers it is run with.
    pub dtype: String,
    /// The length of a vector.
    pub dim: usize,
    /// The fields of its configuration that are used, by their names there, with the values that are used. `None` in what
    /// was written by a version that did not record them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<BTreeMap<String, Value>>,
    /// The prompts that it declares. `None` in what was written by a version that did not use them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompts: Option<Prompts>,
}

impl ModelIdentity {
    /// What differs between this model, which made vectors, and the one at hand: a clause each, none for models whose
    /// vectors can be compared. What is not recorded is no difference: see [`is_complete`](ModelIdentity::is_complete).
    pub fn differences(&self, now: &ModelIdentity) -> Vec<String> {
        let mut found = Vec::new();
        let mut compare = |name: &str, was: String, is: String| {
            if was != is {
                found.push(format!("{name} (it was {was}, and is {is})"));
            }
        };
        let pooling = |identity: &ModelIdentity| {
            let pooling = identity.pooling;
            let normalized = if identity.normalize { "normalised" } else { "not normalised" };
            format!("{pooling}, {normalized}")
        };
        compare("pooling", pooling(self), pooling(now));
        compare("the length limit", self.max_tokens.to_string(), now.max_tokens.to_string());
        compare("the number type", self.dtype.clone(), now.dtype.clone());
        compare("the length of vectors", self.dim.to_string(), now.dim.to_string());
        if let (Some(was), Some(is)) = (&self.config, &now.config) {
            let mut names: Vec<&String> = was.keys().chain(is.keys()).collect();
            names.sort_unstable();
            names.dedup();
            let said = |config: &BTreeMap<String, Value>, name: &String| match config.get(name) {
                Some(Value::String(value)) => value.clone(),
                Some(value) => value.to_string(),
                None => "not set".to_owned(),
            };
            for name in names {
                compare(name, said(was, name), said(is, name));
            }
        }
        if let (Some(was), Some(is)) = (&self.prompts, &now.prompts)
            && !was.are_those_of(is)
        {
            found.push("the prompts".to_owned());
        }
        // First what no other difference explains.
        if self.tokenizer_sha256 != now.tokenizer_sha256 {
            found.insert(0, "the tokenizer".to_owned());
        }
        if self.weights_sha256 != now.weights_sha256 {
            found.insert(0, "the weights".to_owned());
        }
        found
    }

    /// Whether everything is recorded that vectors depend on.
    pub fn is_complete(&self) -> bool {
        self.config.is_some() && self.prompts.is_some()
    }
}

pub(super) fn of(folder: &ModelFolder) -> Result<ModelIdentity, EmbedError> {
    Ok(ModelIdentity {
        weights_sha256: weights(&folder.weights.shards)?,
        tokenizer_sha256: sha256(&folder.transformer.join(TOKENIZER))?,
        pooling: folder.pooling(),
        normalize: folder.normalizes(),
        max_tokens: folder.max_tokens,
        dtype: "f32".to_owned(),
        dim: folder.dim(),
        config: Some(config(folder)?),
        prompts: Some(folder.prompts.clone()),
    })
}

/// The fields that are used. Dimensions that the shapes of the weights say are here too: with the hash of the weights they
/// name what differs.
fn config(folder: &ModelFolder) -> Result<BTreeMap<String, Value>, EmbedError> {
    // Each by its name, so that a field that is added is not forgotten here.
    let EncoderConfig {
        // The name says it.
        architecture: _,
        name,
        hidden,
        layers,
        heads,
        feed_forward,
        vocabulary,
        longest,
        // Limits of the input, which is recorded as it is.
        usual: _,
        learned,
        types,
        embedding_norm: _,
        relative,
        rotary,
        local,
        norm,
        activation,
        gated,
        biases,
        scaled: _,
        normed_heads: _,
        causal: _,
        is_language_model: _,
    } = &folder.config;
    let mut fields = BTreeMap::new();
    let mut add = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    add("model_type", (*name).into());
    add("hidden_act", activation.as_str().into());
    add("hidden_size", (*hidden).into());
    add("num_attention_heads", heads.queries.into());
    add("num_hidden_layers", (*layers).into());
    add("intermediate_size", (*feed_forward).into());
    add("vocab_size", (*vocabulary).into());
    // As text, which says the same number to every reader.
    add("layer_norm_eps", format!("{:e}", norm.epsilon).into());
    match learned {
        Some(learned) => {
            add("max_position_embeddings", learned.rows.into());
            add("position_embedding_type", "absolute".into());
            if let Some(padding) = learned.padding {
                add("pad_token_id", padding.into());
            }
        }
        None => {
            add("max_position_embeddings", (*longest).into());
        }
    }
    if *types > 0 {
        add("type_vocab_size", (*types).into());
    }
    if heads.keys != heads.queries {
        add("num_key_value_heads", heads.keys.into());
    }
    if heads.queries * heads.width != *hidden {
        add("head_dim", heads.width.into());
    }
    if let Some(relative) = relative {
        add("relative_attention_num_buckets", relative.buckets.into());
        add("relative_attention_max_distance", relative.max_distance.into());
    }
    if let Some(rotary) = rotary {
        add("rope_theta", format!("{:e}", rotary.base).into());
    }
    if let Some(local) = local {
        add("local_attention", (2 * local.reach).into());
        add("local_rope_theta", format!("{:e}", local.base).into());
        add("local_layers", local.layers.clone().into());
    }
    if norm.kind == NormKind::RootMeanSquare {
        add("norm", "rms".into());
    }
    if norm.place == NormPlace::Before {
        add("prenorm", true.into());
    }
    if !norm.bias {
        add("norm_bias", false.into());
    }
    if *gated {
        add("gated", true.into());
    }
    if !(biases.attention && biases.feed_forward) {
        add("attention_bias", biases.attention.into());
        add("mlp_bias", biases.feed_forward.into());
    }
    if folder.lowercase {
        add("do_lower_case", true.into());
    }
    if let Some(dim) = folder.truncate_dim {
        add("truncate_dim", dim.into());
    }
    // Pooling, and a step that only normalises at the end, have fields of their own.
    for (index, step) in Step::before_last_norm(&folder.steps).iter().enumerate() {
        add(&format!("step_{}", index + 1), step.described(weights)?);
    }
    Ok(fields)
}

fn weights(shards: &[PathBuf]) -> Result<String, EmbedError> {
    if let [single] = shards {
        return sha256(single);
    }
    let mut list = String::new();
    for shard in shards {
        let name = shard.file_name().unwrap_or_default().to_string_lossy();
        // Writing to a string does not fail.
        let _ = writeln!(list, "{}  {name}", sha256(shard)?);
    }
    Ok(format!("{:x}", Sha256::digest(list)))
}

fn sha256(path: &Path) -> Result<String, EmbedError> {
    let fail = |error| EmbedError::io(path, error);
    let mut file = File::open(path).map_err(fail)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => hasher.update(&buffer[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(fail(error)),
        }
    }
    Ok(format!("{:x}", hasher.finalize()))
}
