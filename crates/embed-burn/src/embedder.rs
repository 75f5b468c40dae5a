//! [`BurnEmbedder`]: a model, loaded on a device.

mod load;
mod measure;
#[cfg(feature = "cpu")]
mod narrowed;
mod queued;
mod replay;
mod tokens;
mod until;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chunk_strategies::{EmbedFailure, Embedder, Vectors};

use crate::arch::Encoder;
use crate::backend::BurnDevice;
use crate::compute::Compute;
use crate::error::EmbedError;
use crate::folder::{EncoderShape, ModelFolder, Pooling, Prompt};
use crate::pooling;
use crate::tokenize::{TokenizedText, Tokenizing};

pub use self::load::LoadBytes;
use self::load::Loaded;
pub use self::measure::Replay;
pub use self::queued::QueuedBatch;
pub use self::replay::Replayed;
pub use self::tokens::TokenVectors;
pub use self::until::BatchDone;

/// A model on a device: texts in, vectors out.
///
/// Two ways to use it. As an [`Embedder`], it sorts texts by length and runs them in batches of a fixed size. Those who
/// size batches by the memory there is use [`tokenize`](BurnEmbedder::tokenize) and [`forward`](BurnEmbedder::forward).
/// [`embed_until`](BurnEmbedder::embed_until) tells how far it is, and can be stopped.
/// A text's vector does not depend on the batch it runs in.
#[derive(Debug)]
pub struct BurnEmbedder {
    /// What is on the device, unless it was unloaded. Another takes its place when the weights are loaded again.
    loaded: RwLock<Option<Arc<Loaded>>>,
    /// Held while that is done.
    reloading: Mutex<()>,
    /// Where the weights come from.
    folder: ModelFolder,
    device: BurnDevice,
    tokenizing: Tokenizing,
    vocabulary: usize,
    max_tokens: usize,
    pooling: Pooling,
    normalize: bool,
    shape: EncoderShape,
    /// The length of a token's vector.
    token_dim: usize,
    /// The length of a text's vector, and how many of its numbers are kept.
    full_dim: usize,
    dim: usize,
    /// Whether the prompt's tokens are pooled with the others.
    pools_prompt: bool,
    prompt: Option<Prompt>,
    prompt_tokens: usize,
    /// How many tokens of each text, its first, are not pooled.
    skipped: usize,
    compute: Compute,
    /// Whether narrow products go with attention in f32, since this model's vectors would move too far.
    #[cfg(feature = "cpu")]
    attends_wide: bool,
}

/// Padded tokens that the [`Embedder`] implementation puts into one batch: enough to keep a few cores busy, and half a
/// GB of working memory for the largest BERT.
const BATCH_TOKENS: usize = 4096;

impl BurnEmbedder {
    /// Puts a prompt before each text that is tokenised from now on. Where the model says so, its tokens are read and not
    /// pooled.
    ///
    /// # Errors
    /// The prompt leaves no room for a text.
    pub fn with_prompt(mut self, prompt: &Prompt) -> Result<Self, EmbedError> {
        let counted = self.tokenizing.set_prompt(&prompt.text, || self.folder.tokenizer())?;
        let special = self.tokenizing.special_tokens()?;
        self.prompt_tokens = self.tokenizing.tokenize("")?.ids.len().saturating_sub(special);
        self.skipped = if self.pools_prompt { 0 } else { counted };
        let loaded = self.loaded.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = loaded.as_mut().and_then(Arc::get_mut) {
            loaded.encoder.skip(self.skipped);
        }
        self.prompt = Some(prompt.clone());
        Ok(self)
    }

    /// What stands before each text.
    pub fn prompt(&self) -> Option<&Prompt> {
        self.prompt.as_ref()
    }

    /// How many of a text's tokens are the prompt's, special tokens not counted.
    pub fn prompt_tokens(&self) -> usize {
        self.prompt_tokens
    }

    /// Where it was loaded from, and is loaded from again.
    pub fn folder(&self) -> &ModelFolder {
        &self.folder
    }

    /// The device that the model is on.
    pub fn device(&self) -> &BurnDevice {
        &self.device
    }

    /// The length of its vectors.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The length of a token's vector: see [`embed_tokens`](BurnEmbedder::embed_tokens).
    pub fn token_dim(&self) -> usize {
        self.token_dim
    }

    /// The most tokens of a text that it reads, special tokens included.
    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// The encoder's dimensions, as its memory is predicted by them: an encoder that adds a bias by distance to its scores counts
    /// with half as many heads again.
    pub fn shape(&self) -> EncoderShape {
        self.shape
    }

    /// How it computes.
    pub fn compute(&self) -> Compute {
        self.compute
    }

    /// The instructions that products of narrow numbers are computed with on the processor, if they are: `AVX512-BF16`,
    /// `AMX-INT8` and the like.
    pub fn narrow_instructions(&self) -> Option<&'static str> {
        match &self.kept()?.encoder {
            Encoder::Ops(_) => None,
            #[cfg(feature = "cpu")]
            Encoder::Fused(fused) => fused.narrow.map(crate::cpu::NarrowIsa::name),
        }
    }

    /// The text as the model reads it. What is beyond [`max_tokens`](BurnEmbedder::max_tokens) is left out and counted. An
    /// empty text has the special tokens that the model puts around each, and so a vector like any other.
    ///
    /// # Errors
    /// The tokenizer fails on the text.
    pub fn tokenize(&self, text: &str) -> Result<TokenizedText, EmbedError> {
        self.tokenizing.tokenize(text)
    }

    /// Whether the model can read a text of these token ids, told before any work is done.
    ///
    /// # Errors
    /// - Input: there is no id, or there are more than the model's limit.
    /// - Unknown token: an id is beyond the model's vocabulary.
    /// - Never fits: the text alone needs a tensor over the device's limit.
    pub fn check(&self, ids: &[u32]) -> Result<(), EmbedError> {
        if ids.is_empty() || ids.len() > self.max_tokens {
            let message = format!("a text has {} tokens, not 1 to {}", ids.len(), self.max_tokens);
            return Err(EmbedError::input(message));
        }
        if let Some(&id) = ids.iter().find(|&&id| id as usize >= self.vocabulary) {
            return Err(EmbedError::unknown_token(id, self.vocabulary));
        }
        self.check_size(1, ids.len())
    }

    /// Runs one batch: a vector for each row of token ids, in their order. Rows may differ in length. On the CPU nothing
    /// is padded; elsewhere the shorter are, and `rows.len() × longest row` tokens are worked on at once.
    ///
    /// # Errors
    /// - Those of [`check`](BurnEmbedder::check), of the first row that has one: [`EmbedError::text`] says which.
    /// - Not finite: the first row whose vector is not.
    /// - Out of memory: the device had no room. Nothing is left behind, and a smaller batch can be tried.
    /// - Never fits: one tensor would exceed the device's limit, so only a smaller batch can run.
    /// - Device lost, or any other failure of the backend.
    pub fn forward(&self, rows: &[&[u32]]) -> Result<Vectors, EmbedError> {
        for (index, row) in rows.iter().enumerate() {
            self.check(row).map_err(|error| error.at(index))?;
        }
        let mut values = self.run(rows)?;
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(EmbedError::not_finite(self.device.name()).at(at / self.full_dim));
        }
        if self.normalize {
            pooling::normalize(&mut values, self.full_dim);
        }
        if self.dim < self.full_dim {
            let kept = values.chunks_exact(self.full_dim).flat_map(|vector| &vector[..self.dim]);
            values = kept.copied().collect();
        }
        Vectors::new(self.dim, values)
            .map_err(|error| EmbedError::failed(self.device.name(), error.to_string()))
    }

    /// As [`forward`](BurnEmbedder::forward), but a row that the model cannot read, or whose vector is not finite, costs
    /// the others nothing: each row has a vector or an error of its own, in their order. A row that cannot be read is
    /// left out of the batch. Where rows are padded, they are padded to `padded` tokens, or to the longest row if that is
    /// more: batches of the same shape find memory of the right size in the device's pool.
    ///
    /// # Errors
    /// Those of the whole batch: out of memory, never fits, device lost, or any other failure of the backend.
    pub fn forward_each(
        &self,
        rows: &[&[u32]],
        padded: usize,
    ) -> Result<Vec<Result<Vec<f32>, EmbedError>>, EmbedError> {
        self.queue_each(rows, padded)?.finish()
    }

    /// The vectors of rows that were checked, one after the other and not normalised.
    fn run(&self, rows: &[&[u32]]) -> Result<Vec<f32>, EmbedError> {
        self.expect(self.give(rows, 0)?.take()?, rows.len() * self.full_dim)
    }

    /// So many numbers, or the device failed without saying so.
    fn expect(&self, values: Vec<f32>, wanted: usize) -> Result<Vec<f32>, EmbedError> {
        if values.len() == wanted {
            return Ok(values);
        }
        let message = format!("{} numbers came back, not {wanted}", values.len());
        Err(EmbedError::failed(self.device.name(), message))
    }

    /// What is on the device.
    ///
    /// # Errors
    /// It was on one that was lost, or was unloaded.
    fn loaded(&self) -> Result<Arc<Loaded>, EmbedError> {
        let Some(loaded) = self.kept() else {
            return Err(EmbedError::failed(self.device.name(), "the model's weights were taken off it"));
        };
        if loaded.generation == self.device.generation() {
            return Ok(loaded);
        }
        let message = "it was opened anew since this model was loaded onto it";
        Err(EmbedError::device_lost(self.device.name(), message, false))
    }

    /// What is on the device, or was on one that was lost.
    fn kept(&self) -> Option<Arc<Loaded>> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn check_size(&self, items: usize, tokens: usize) -> Result<(), EmbedError> {
        let needed = self.largest_tensor(items, tokens);
        match self.device.largest_tensor() {
            Some(cap) if needed > cap => Err(EmbedError::never_fits(self.device.name(), needed, cap)),
            _ => Ok(()),
        }
    }

    /// The bytes of the largest tensor that a batch of `items` texts padded to `tokens` tokens makes.
    pub fn largest_tensor(&self, items: usize, tokens: usize) -> u64 {
        let shape = self.shape;
        let rows = (items as u64).saturating_mul(tokens as u64);
        let wide = rows.saturating_mul(shape.feed_forward.max(3 * shape.hidden) as u64);
        let scores = rows.saturating_mul(tokens as u64).saturating_mul(shape.heads as u64);
        wide.max(scores).saturating_mul(shape.element_bytes as u64)
    }
}

/// Working memory on the CPU, where this crate's own operation runs and its memory is counted to the byte.
impl BurnEmbedder {
    /// The bytes that a batch of up to `items` texts, each of up to `tokens` tokens, works in, its vectors included.
    /// `None` where the device's own pool holds them, and for a model that is unloaded.
    #[cfg_attr(not(feature = "cpu"), allow(unused_variables))]
    pub fn scratch_bytes(&self, items: usize, tokens: usize) -> Option<u64> {
        match &self.kept()?.encoder {
            Encoder::Ops(_) => None,
            #[cfg(feature = "cpu")]
            Encoder::Fused(fused) => Some(fused.working_bytes(items, tokens)),
        }
    }

    /// The bytes that are kept from the last batch for the next one: 0 where the device's own pool keeps them.
    pub fn kept_scratch_bytes(&self) -> u64 {
        match self.kept().as_deref() {
            #[cfg(feature = "cpu")]
            Some(Loaded { encoder: Encoder::Fused(fused), .. }) => fused.scratch.bytes(),
            _ => 0,
        }
    }

    /// Gives what is kept between batches back to the system.
    pub fn release_scratch(&self) {
        match self.kept().as_deref() {
            #[cfg(feature = "cpu")]
            Some(Loaded { encoder: Encoder::Fused(fused), .. }) => fused.scratch.release(),
            _ => {}
        }
    }
}

impl Embedder for BurnEmbedder {
    fn dim(&self) -> usize {
        self.dim
    }

    fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure> {
        let vectors = self.embed_until(texts, &mut |_| ControlFlow::Continue(()))?;
        // Nobody stopped it.
        vectors.map_or_else(|| Ok(Vectors::new(self.dim(), Vec::new())?), Ok)
    }

    fn fits(&self, text: &str) -> bool {
        self.tokenize(text).is_ok_and(|text| text.dropped == 0)
    }
}

/// The rows' places in batches of about [`BATCH_TOKENS`] padded tokens, the longest first.
fn batches(rows: &[Vec<u32>]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(rows[index].len()));
    let mut batches = Vec::new();
    let mut rest = &order[..];
    while let Some(&longest) = rest.first() {
        let items = (BATCH_TOKENS / rows[longest].len().max(1)).clamp(1, rest.len());
        let (batch, later) = rest.split_at(items);
        batches.push(batch.to_vec());
        rest = later;
    }
    batches
}
