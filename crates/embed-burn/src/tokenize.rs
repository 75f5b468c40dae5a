//! Text to token ids, nothing lost silently.

use tokenizers::{Tokenizer, TruncationParams};

use crate::error::EmbedError;

/// A text as the model reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenizedText {
    /// The token ids, special tokens included, at most the model's limit.
    pub ids: Vec<u32>,
    /// How many tokens beyond the limit were left out.
    pub dropped: usize,
}

/// A tokenizer and a limit.
#[derive(Clone, Debug)]
pub(crate) struct Tokenizing {
    whole: Tokenizer,
    cut: Tokenizer,
    max_tokens: usize,
}

impl Tokenizing {
    /// `tokenizer` without padding and truncation of its own.
    pub(crate) fn new(tokenizer: Tokenizer, max_tokens: usize) -> Result<Self, EmbedError> {
        let mut cut = tokenizer.clone();
        let params = TruncationParams { max_length: max_tokens, ..TruncationParams::default() };
        cut.with_truncation(Some(params)).map_err(EmbedError::tokenizer)?;
        Ok(Tokenizing { whole: tokenizer, cut, max_tokens })
    }

    pub(crate) fn tokenize(&self, text: &str) -> Result<TokenizedText, EmbedError> {
        let ids = Self::ids(&self.whole, text)?;
        if ids.len() <= self.max_tokens {
            return Ok(TokenizedText { ids, dropped: 0 });
        }
        // Again, with the limit: only the tokenizer knows which special tokens stand at the end of a text that was cut.
        let cut = Self::ids(&self.cut, text)?;
        Ok(TokenizedText { dropped: ids.len() - cut.len(), ids: cut })
    }

    fn ids(tokenizer: &Tokenizer, text: &str) -> Result<Vec<u32>, EmbedError> {
        let encoding = tokenizer.encode_fast(text, true).map_err(EmbedError::tokenizer)?;
        Ok(encoding.get_ids().to_vec())
    }
}
