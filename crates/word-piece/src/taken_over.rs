//! A tokenizer from one of the `tokenizers` crate.

use serde_json::Value;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::{AddedToken, Model, ModelWrapper, Tokenizer};

use crate::builder::WordPieceBuilder;
use crate::error::WordPieceError;
use crate::json;
use crate::word_piece::WordPiece;

impl WordPiece {
    /// Takes over a tokenizer of the `tokenizers` crate, with what was changed on it since it was read. Needs the feature
    /// `tokenizers`.
    ///
    /// # Errors
    /// As for [`from_tokenizer_json`](WordPiece::from_tokenizer_json).
    pub fn from_tokenizer(tokenizer: &Tokenizer) -> Result<Self, WordPieceError> {
        let ModelWrapper::WordPiece(model) = tokenizer.get_model() else {
            return Err(WordPieceError::other_kind("model", "of another type", "WordPiece"));
        };
        let Some(PreTokenizerWrapper::BertPreTokenizer(_)) = tokenizer.get_pre_tokenizer() else {
            let found = "of another type, or none";
            return Err(WordPieceError::other_kind("pre_tokenizer", found, "BertPreTokenizer"));
        };
        let normalizer = part(serde_json::to_value(tokenizer.get_normalizer()))?;
        let post_processor = part(serde_json::to_value(tokenizer.get_post_processor()))?;
        let (before, after) = json::around(&post_processor)?;
        let builder = WordPieceBuilder::new(model.get_vocab())
            .with_unknown(&model.unk_token)
            .with_prefix(&model.continuing_subword_prefix)
            .with_max_word_chars(model.max_input_chars_per_word)
            .with_steps(json::steps(&normalizer)?)
            .with_special_tokens(before, after);
        let words = with_added(builder, tokenizer)?.build()?;
        is_same(&words, tokenizer).then_some(words).ok_or_else(|| added("a list with one of them twice"))
    }
}

fn part(json: Result<Value, serde_json::Error>) -> Result<Value, WordPieceError> {
    json.map_err(WordPieceError::json)
}

fn with_added(
    mut builder: WordPieceBuilder,
    tokenizer: &Tokenizer,
) -> Result<WordPieceBuilder, WordPieceError> {
    let vocabulary = tokenizer.get_added_vocabulary();
    if vocabulary.get_encode_special_tokens() {
        return Err(added("a list of special tokens that are taken for text"));
    }
    let decoder = vocabulary.get_added_tokens_decoder();
    let mut ids: Vec<(&String, u32)> =
        vocabulary.get_vocab().iter().map(|(content, &id)| (content, id)).collect();
    ids.sort_unstable_by_key(|&(_, id)| id);
    for (content, id) in ids {
        let Some(token) = decoder.get(&id).filter(|token| token.content == *content) else {
            return Err(added("a list of which two have one id"));
        };
        let AddedToken { content, single_word, lstrip, rstrip, normalized, special } = token.clone();
        let token = crate::AddedToken { content, single_word, lstrip, rstrip, normalized, special };
        builder = builder.with_added_token_of(token, id);
    }
    Ok(builder)
}

/// Whether added tokens are found where the tokenizer finds them: it does not tell whether one was added twice, to be found
/// in one way and in another.
fn is_same(words: &WordPiece, tokenizer: &Tokenizer) -> bool {
    tokenizer.get_added_vocabulary().get_vocab().keys().all(|content| {
        let cases = [content.clone(), content.to_lowercase(), content.to_uppercase()];
        let texts = cases.iter().map(|content| format!("{content} a{content}a {content}"));
        let mut texts = texts.chain([format!("\u{302e}{content}")]);
        texts.all(|text| {
            let Ok(theirs) = tokenizer.encode_fast(&*text, false) else { return false };
            words.tokens(&text).map(|token| token.id).eq(theirs.get_ids().iter().copied())
        })
    })
}

fn added(found: &str) -> WordPieceError {
    WordPieceError::other_kind("added_tokens", found, "a list of different tokens")
}
