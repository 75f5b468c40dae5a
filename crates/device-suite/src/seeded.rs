//! [`SeededModel`]: a BERT of random weights in a temporary folder.
//!
//! Real files, read as any model's. In its small sizes a software GPU compiles its kernels fast; in those of a real model
//! it is as fast and takes as much memory as that model, where the model itself cannot be carried.

mod bad_words;
mod tensors;
mod tokenizer;

use std::fs;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fault::Fault;

/// The dimensions of a [`SeededModel`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The length of a vector.
    pub hidden: usize,
    /// Attention heads a layer.
    pub heads: usize,
    /// Layers.
    pub layers: usize,
    /// The width between the halves of a feed-forward layer.
    pub wide: usize,
    /// Position vectors.
    pub positions: usize,
    /// The most tokens that a text may have.
    pub max_tokens: usize,
}

impl Sizes {
    /// As small as tests need.
    pub const TINY: Sizes =
        Sizes { hidden: 32, heads: 4, layers: 2, wide: 64, positions: 64, max_tokens: 48 };
    /// Those of all-MiniLM-L6-v2, but for its vocabulary.
    pub const MINILM: Sizes =
        Sizes { hidden: 384, heads: 12, layers: 6, wide: 1536, positions: 512, max_tokens: 256 };
}

/// A tensor of the model as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Its name in the file.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its numbers, in row-major order.
    pub values: Vec<f32>,
}

/// The folder, removed when dropped. The weights are the same on every machine.
#[derive(Debug)]
pub struct SeededModel {
    dir: TempDir,
    /// Its dimensions.
    pub sizes: Sizes,
    /// The weights, written by [`save_weights`](SeededModel::save_weights).
    pub tensors: Vec<Stored>,
}

impl SeededModel {
    /// How many token ids it knows.
    pub const VOCABULARY: usize = tokenizer::WORDS.len();

    /// Mean pooling, GELU, normalised.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn new(sizes: Sizes) -> Result<Self, Fault> {
        SeededModel::with(sizes, "mean_tokens", true, "gelu")
    }

    /// With another pooling (`mean_tokens`, `cls_token`) or activation, as the configuration files spell them.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn with(sizes: Sizes, pooling: &str, normalize: bool, activation: &str) -> Result<Self, Fault> {
        let model = SeededModel { dir: tempfile::tempdir()?, sizes, tensors: tensors::seeded(&sizes) };
        let mut steps = vec![
            json!({"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}),
            json!({"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}),
        ];
        if normalize {
            steps.push(json!({"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}));
        }
        fs::create_dir(model.path().join("1_Pooling"))?;
        model.write("modules.json", &Value::Array(steps))?;
        let mut pool = json!({"word_embedding_dimension": sizes.hidden, "pooling_mode_max_tokens": false});
        pool[format!("pooling_mode_{pooling}")] = true.into();
        model.write("1_Pooling/config.json", &pool)?;
        model.write(
            "sentence_bert_config.json",
            &json!({"max_seq_length": sizes.max_tokens, "do_lower_case": false}),
        )?;
        model.write(
            "config.json",
            &json!({
                "model_type": "bert", "hidden_size": sizes.hidden, "num_attention_heads": sizes.heads,
                "num_hidden_layers": sizes.layers, "intermediate_size": sizes.wide,
                "vocab_size": SeededModel::VOCABULARY, "max_position_embeddings": sizes.positions,
                "type_vocab_size": tensors::TYPES, "layer_norm_eps": 1e-12, "hidden_act": activation,
            }),
        )?;
        model.write("tokenizer.json", &tokenizer::json())?;
        model.save_weights()?;
        Ok(model)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes one of its JSON files.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, name: &str, value: &Value) -> Result<(), Fault> {
        Ok(fs::write(self.file(name), serde_json::to_vec_pretty(value)?)?)
    }

    /// Writes the tensors as they are now.
    ///
    /// # Errors
    /// The file cannot be written, or a shape does not fit its numbers.
    pub fn save_weights(&self) -> Result<(), Fault> {
        let bytes = |tensor: &Stored| tensor.values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let bytes: Vec<Vec<u8>> = self.tensors.iter().map(bytes).collect();
        let view = |(tensor, bytes): (&Stored, _)| {
            Ok((tensor.name.clone(), TensorView::new(Dtype::F32, tensor.shape.clone(), bytes)?))
        };
        let views = self.tensors.iter().zip(bytes.iter().map(Vec::as_slice)).map(view);
        let views = views.collect::<Result<Vec<_>, Fault>>()?;
        Ok(fs::write(self.file("model.safetensors"), safetensors::serialize(views, None)?)?)
    }
}
