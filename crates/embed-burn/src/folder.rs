//! [`ModelFolder`]: a sentence-transformers model on disk.

mod config;
mod figures;
mod identity;
mod modules;
mod prompts;
mod read;
mod weight_files;
mod weights;

use std::path::{Path, PathBuf};

use tokenizers::Tokenizer;
use tokenizers::normalizers::{Lowercase, NormalizerWrapper, Sequence};

pub(crate) use self::config::Activation;
pub(crate) use self::config::BertConfig;
pub use self::identity::ModelIdentity;
use self::modules::Modules;
pub use self::modules::Pooling;
pub use self::prompts::{Prompt, Prompts};
use self::weight_files::WeightFiles;
pub(crate) use self::weights::Weights;
use crate::error::EmbedError;

/// A model's folder, its configuration read and checked; weights are read when it is loaded onto a device.
///
/// What is read: `modules.json` with the folders it names, `config_sentence_transformers.json`, `config.json`,
/// `sentence_bert_config.json`, `tokenizer_config.json`, `tokenizer.json`, and `model.safetensors` or the files that
/// `model.safetensors.index.json` lists. A folder without `modules.json` is a plain transformer: mean pooling, no
/// normalisation, no prompts, as sentence-transformers treats it; [`names_modules`](ModelFolder::names_modules) tells.
#[derive(Clone, Debug)]
pub struct ModelFolder {
    path: PathBuf,
    transformer: PathBuf,
    config: BertConfig,
    modules: Modules,
    prompts: Prompts,
    weights: WeightFiles,
    max_tokens: usize,
    /// Letters are made lower case before the tokenizer sees them.
    lowercase: bool,
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
        let prompts = if modules.are_named { Prompts::read(path)? } else { Prompts::default() };
        let prompts = Prompts { pooled: modules.pools_prompt, ..prompts };
        let tokenizer = transformer.join(TOKENIZER);
        if !read::is_there(&tokenizer)? {
            return Err(EmbedError::not_a_model(path, &tokenizer));
        }
        let weights = WeightFiles::find(path, &transformer)?;
        let input = config::input(&transformer, &config)?;
        let (max_tokens, lowercase) = (input.max_tokens, input.lowercase);
        let path = path.to_owned();
        Ok(ModelFolder { path, transformer, config, modules, prompts, weights, max_tokens, lowercase })
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

    /// Whether the folder says which steps lead from text to vector. Where not, pooling and normalisation are assumed.
    pub fn names_modules(&self) -> bool {
        self.modules.are_named
    }

    /// The prompts that it declares.
    pub fn prompts(&self) -> &Prompts {
        &self.prompts
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
        if self.lowercase {
            make_lowercase(&mut tokenizer);
        }
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

    /// The weights, which must have all of `needed`, named without what models with a head put before.
    pub(crate) fn weights(&self, needed: &[String]) -> Result<Weights, EmbedError> {
        Weights::open(&self.weights, needed)
    }
}

/// As sentence-transformers obeys `do_lower_case`: before all else, unless such a step is there.
fn make_lowercase(tokenizer: &mut Tokenizer) {
    let mut steps = match tokenizer.get_normalizer() {
        None => Vec::new(),
        Some(NormalizerWrapper::Sequence(sequence)) => sequence.as_ref().to_vec(),
        Some(other) => vec![other.clone()],
    };
    // What BERT's own normalizer makes lower case stays as it is.
    let is_lowercase = |step: &NormalizerWrapper| match step {
        NormalizerWrapper::Lowercase(_) => true,
        NormalizerWrapper::BertNormalizer(bert) => bert.lowercase,
        _ => false,
    };
    if !steps.iter().any(is_lowercase) {
        steps.insert(0, NormalizerWrapper::Lowercase(Lowercase));
        tokenizer.with_normalizer(Some(NormalizerWrapper::Sequence(Sequence::new(steps))));
    }
}

const TOKENIZER: &str = "tokenizer.json";
