//! [`ModelFolder`]: a sentence-transformers model on disk.

mod activation;
mod config;
mod figures;
mod identity;
mod input;
mod modules;
mod pooling;
mod prompts;
mod read;
mod steps;
mod weight_files;
mod weights;

use std::path::{Path, PathBuf};

use tokenizers::Tokenizer;
use tokenizers::normalizers::{Lowercase, NormalizerWrapper, Sequence};
use word_piece::WordPiece;

pub(crate) use self::activation::{Activation, DenseActivation};
pub(crate) use self::config::{Architecture, EncoderConfig, Heads, NormKind, NormPlace, RelativePositions};
pub use self::identity::ModelIdentity;
use self::modules::Modules;
pub use self::pooling::{Pooling, PoolingMode};
pub use self::prompts::{Prompt, Prompts};
pub(crate) use self::steps::Step;
use self::weight_files::WeightFiles;
pub(crate) use self::weights::Weights;
use crate::error::EmbedError;

/// A model's folder, its configuration read and checked; weights are read when it is loaded onto a device.
///
/// What is read: `modules.json` with the folders it names, `config_sentence_transformers.json`, `config.json`,
/// `sentence_bert_config.json`, `tokenizer_config.json`, `tokenizer.json`, and `model.safetensors` or the files that
/// `model.safetensors.index.json` lists, else `pytorch_model.bin` or what its index lists; dense steps have weights of
/// their own. A folder without `modules.json` is a plain transformer: mean pooling (a language model: the last token), no
/// normalisation, no prompts, as sentence-transformers treats it; [`names_modules`](ModelFolder::names_modules) tells.
#[derive(Clone, Debug)]
pub struct ModelFolder {
    path: PathBuf,
    transformer: PathBuf,
    config: EncoderConfig,
    modules: Modules,
    steps: Vec<Step>,
    /// The length of vectors behind the steps.
    full_dim: usize,
    /// How many of their numbers are kept, if not all.
    truncate_dim: Option<usize>,
    prompts: Prompts,
    weights: WeightFiles,
    max_tokens: usize,
    /// Letters are made lower case before the tokenizer sees them.
    lowercase: bool,
}

/// The dimensions of an encoder, for those who predict its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncoderShape {
    /// The length of a token's vector; where attention's heads are wider in all, a third of its queries, keys and values.
    pub hidden: usize,
    /// Attention heads a layer.
    pub heads: usize,
    /// Layers.
    pub layers: usize,
    /// The width of the feed-forward part; of both halves together where it is gated.
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
        let mut modules = Modules::read(path)?;
        let transformer = modules.transformer(path);
        let config = EncoderConfig::read(path, &transformer)?;
        if !modules.are_named && config.is_language_model {
            modules.pooling = Pooling::one(PoolingMode::LastToken);
        }
        let (steps, full_dim) = modules.steps(path, config.hidden)?;
        let prompts = if modules.are_named { Prompts::read(path)? } else { Prompts::default() };
        let prompts = Prompts { pooled: modules.pools_prompt, ..prompts };
        let truncate_dim = if modules.are_named { input::truncate_dim(path, full_dim)? } else { None };
        let tokenizer = transformer.join(TOKENIZER);
        if !read::is_there(&tokenizer)? {
            return Err(EmbedError::not_a_model(path, &tokenizer));
        }
        let weights = WeightFiles::find(path, &transformer)?;
        let input = input::read(&transformer, &config)?;
        Ok(ModelFolder {
            path: path.to_owned(),
            transformer,
            config,
            modules,
            steps,
            full_dim,
            truncate_dim,
            prompts,
            weights,
            max_tokens: input.max_tokens,
            lowercase: input.lowercase,
        })
    }

    /// The same model, of whose vectors only the first `dim` numbers are kept: for models that were trained to put the most
    /// into the first (Matryoshka). As in sentence-transformers, what is kept is not scaled to length 1 again.
    ///
    /// # Errors
    /// Its vectors have no so many numbers.
    pub fn truncated(self, dim: usize) -> Result<Self, EmbedError> {
        if !(1..=self.full_dim).contains(&dim) {
            let message =
                format!("vectors of {dim} numbers were asked for, and the model makes {}", self.full_dim);
            return Err(EmbedError::input(message));
        }
        Ok(ModelFolder { truncate_dim: Some(dim).filter(|&dim| dim < self.full_dim), ..self })
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
        self.truncate_dim.unwrap_or(self.full_dim)
    }

    /// The length of its vectors before they are cut short.
    pub(crate) fn full_dim(&self) -> usize {
        self.full_dim
    }

    /// What kind of encoder it is: its `model_type`.
    pub fn architecture(&self) -> &'static str {
        self.config.name
    }

    /// How token vectors become one.
    pub fn pooling(&self) -> Pooling {
        self.modules.pooling
    }

    /// Whether vectors are scaled to length 1, before they are cut short where they are.
    pub fn normalizes(&self) -> bool {
        matches!(self.steps.last(), Some(Step::Normalize))
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
        let config = &self.config;
        let halves = if config.gated { 2 } else { 1 };
        EncoderShape {
            hidden: config.hidden.max(config.heads.all().div_ceil(3)),
            heads: config.heads.queries,
            layers: config.layers,
            feed_forward: halves * config.feed_forward,
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

    /// The same tokenizer where it is of BERT's kind, read in a fraction of the time. `None` for another kind, and for a file
    /// that cannot be read: [`tokenizer`](ModelFolder::tokenizer) says what is wrong with it.
    pub(crate) fn word_piece(&self) -> Option<WordPiece> {
        // What it asks for beside the file's own normalizer is put into it there.
        if self.lowercase {
            return None;
        }
        let json = std::fs::read_to_string(self.transformer.join(TOKENIZER)).ok()?;
        WordPiece::from_tokenizer_json(&json).ok()
    }

    /// What makes its vectors comparable with others: reads the weights once to hash them.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn identity(&self) -> Result<ModelIdentity, EmbedError> {
        identity::of(self)
    }

    pub(crate) fn config(&self) -> &EncoderConfig {
        &self.config
    }

    /// What is done behind pooling.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
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
