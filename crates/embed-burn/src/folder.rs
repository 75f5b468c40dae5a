//! [`ModelFolder`]: a sentence-transformers model on disk.

mod config;
mod identity;
mod modules;
mod read;
mod weights;

use std::path::{Path, PathBuf};

use tokenizers::Tokenizer;

pub(crate) use self::config::Activation;
pub(crate) use self::config::BertConfig;
pub use self::identity::ModelIdentity;
use self::modules::Modules;
pub use self::modules::Pooling;
pub(crate) use self::weights::Weights;
use crate::error::EmbedError;

/// A model's folder, its configuration read and checked; weights are read when it is loaded onto a device.
///
/// What is read: `modules.json` with the folders it names, `config.json`, `sentence_bert_config.json`,
/// `tokenizer_config.json`, `tokenizer.json` and `model.safetensors`. A folder without `modules.json` is a plain
/// transformer: mean pooling, no normalisation, as sentence-transformers treats it.
#[derive(Clone, Debug)]
pub struct ModelFolder {
    path: PathBuf,
    transformer: PathBuf,
    config: BertConfig,
    modules: Modules,
    max_tokens: usize,
}

/// The dimensions of an encoder, for those who predict its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncoderShape {
    /// The length of a token's vector.
    pub hidden: usize,
    /// Attention heads a layer.
    pub heads: usize,
    /// Layers.
    pub layers: usize,
    /// The width of the feed-forward part.
    pub feed_forward: usize,
    /// Bytes of one number.
    pub element_bytes: usize,
}

impl ModelFolder {
    /// Reads a model's configuration.
    ///
    /// # Errors
    /// A file is missing or unreadable, or the model is of a kind that is not supported.
    pub fn open(path: impl AsRef<Path>) -> Result<ModelFolder, EmbedError> {
        let path = path.as_ref();
        let modules = Modules::read(path)?;
        let transformer = modules.transformer(path);
        let config = BertConfig::read(path, &transformer)?;
        modules.check_dim(path, config.hidden)?;
        for name in [TOKENIZER, WEIGHTS] {
            let file = transformer.join(name);
            if !file.is_file() {
                return Err(EmbedError::not_a_model(path, &file));
            }
        }
        let max_tokens = config::max_tokens(&transformer, &config)?;
        Ok(ModelFolder { path: path.to_owned(), transformer, config, modules, max_tokens })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The most tokens of a text that the model reads, special tokens included.
    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// The length of its vectors.
    pub fn dim(&self) -> usize {
        self.config.hidden
    }

    /// How token vectors become one.
    pub fn pooling(&self) -> Pooling {
        self.modules.pooling
    }

    /// Whether vectors are scaled to length 1.
    pub fn normalizes(&self) -> bool {
        self.modules.normalize
    }

    /// The encoder's dimensions, with numbers of 4 bytes, as it is run.
    pub fn shape(&self) -> EncoderShape {
        EncoderShape {
            hidden: self.config.hidden,
            heads: self.config.heads,
            layers: self.config.layers,
            feed_forward: self.config.feed_forward,
            element_bytes: size_of::<f32>(),
        }
    }

    /// The model's tokenizer, without the padding and truncation that its file may ask for: both would falsify counts.
    ///
    /// # Errors
    /// The file is no tokenizer.
    pub fn tokenizer(&self) -> Result<Tokenizer, EmbedError> {
        let path = self.transformer.join(TOKENIZER);
        let fail = |error: tokenizers::Error| EmbedError::tokenizer_file(&path, error.to_string());
        let mut tokenizer = Tokenizer::from_file(&path).map_err(fail)?;
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(fail)?;
        Ok(tokenizer)
    }

    /// What makes its vectors comparable with others: reads the weights once to hash them.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn identity(&self) -> Result<ModelIdentity, EmbedError> {
        identity::of(self)
    }

    pub(crate) fn config(&self) -> &BertConfig {
        &self.config
    }

    pub(crate) fn weights(&self) -> Result<Weights, EmbedError> {
        Weights::open(&self.transformer.join(WEIGHTS))
    }
}

const TOKENIZER: &str = "tokenizer.json";
const WEIGHTS: &str = "model.safetensors";
