//! [`WordPieceBuilder`]: a tokenizer from its parts.

use std::collections::HashMap;

use crate::added::{AddedToken, AddedVocabulary, Near};
use crate::error::WordPieceError;
use crate::exact::{Exact, Step};
use crate::forms::Forms;
use crate::sorted::Sorted;
use crate::vocabulary::Vocabulary;
use crate::word_piece::{Inner, WordPiece};

/// What is done to a text before it is split into words, as `BertNormalizer` does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BertNormalizer {
    /// Drops control characters, and makes all white space the same.
    pub clean_text: bool,
    /// Makes each ideograph a word.
    pub handle_chinese_chars: bool,
    /// Drops accents and other marks; not said, where letters are made lower case.
    pub strip_accents: Option<bool>,
    /// Makes letters lower case.
    pub lowercase: bool,
}

impl Default for BertNormalizer {
    /// As for BERT's uncased models.
    fn default() -> Self {
        BertNormalizer { clean_text: true, handle_chinese_chars: true, strip_accents: None, lowercase: true }
    }
}

impl BertNormalizer {
    pub(crate) fn steps(self) -> impl Iterator<Item = Step> {
        let steps = [
            (self.clean_text, Step::Clean),
            (self.handle_chinese_chars, Step::PartIdeographs),
            (self.strip_accents.unwrap_or(self.lowercase), Step::StripAccents),
            (self.lowercase, Step::Lowercase),
        ];
        steps.into_iter().filter_map(|(is_done, step)| is_done.then_some(step))
    }
}

/// Makes a [`WordPiece`] of its parts; what is not said is as in BERT's uncased models.
///
/// ```
/// use word_piece::{AddedToken, BertNormalizer, WordPiece};
///
/// let vocabulary = ["[UNK]", "[CLS]", "[SEP]", "Fox", "##es"];
/// let cased = WordPiece::builder(vocabulary.into_iter().zip(0..))
///     .with_normalizer(BertNormalizer { lowercase: false, ..BertNormalizer::default() })
///     .with_added_token(AddedToken::special("[SEP]"))
///     .with_special_tokens([1], [2])
///     .build()?;
/// assert_eq!(cased.encode("Foxes[SEP]fox").ids, [1, 3, 4, 2, 0, 2]);
/// # Ok::<(), word_piece::WordPieceError>(())
/// ```
#[derive(Clone, Debug)]
pub struct WordPieceBuilder {
    vocabulary: Vec<(String, u32)>,
    unknown: String,
    prefix: String,
    max_chars: usize,
    steps: Vec<Step>,
    added: Vec<AddedToken>,
    /// What is known of their ids beside what the vocabulary says.
    added_ids: HashMap<String, u32>,
    before: Vec<u32>,
    after: Vec<u32>,
}

impl WordPieceBuilder {
    /// With a vocabulary; of a token that it has twice, the last id counts.
    pub(crate) fn new<T: Into<String>>(vocabulary: impl IntoIterator<Item = (T, u32)>) -> Self {
        WordPieceBuilder {
            vocabulary: vocabulary.into_iter().map(|(token, id)| (token.into(), id)).collect(),
            unknown: "[UNK]".to_owned(),
            prefix: "##".to_owned(),
            max_chars: 100,
            steps: BertNormalizer::default().steps().collect(),
            added: Vec::new(),
            added_ids: HashMap::new(),
            before: Vec::new(),
            after: Vec::new(),
        }
    }

    /// The token for words that are none of the vocabulary's. Default: `[UNK]`.
    #[must_use]
    pub fn with_unknown(self, token: impl Into<String>) -> Self {
        WordPieceBuilder { unknown: token.into(), ..self }
    }

    /// What pieces begin with in the vocabulary that go on within a word. Default: `##`.
    #[must_use]
    pub fn with_prefix(self, prefix: impl Into<String>) -> Self {
        WordPieceBuilder { prefix: prefix.into(), ..self }
    }

    /// Words of more characters are unknown. Default: 100.
    #[must_use]
    pub fn with_max_word_chars(self, chars: usize) -> Self {
        WordPieceBuilder { max_chars: chars, ..self }
    }

    /// What is done to a text first; `None` for nothing. Default: [`BertNormalizer::default`].
    #[must_use]
    pub fn with_normalizer(self, normalizer: impl Into<Option<BertNormalizer>>) -> Self {
        let steps = normalizer.into().into_iter().flat_map(BertNormalizer::steps);
        WordPieceBuilder { steps: steps.collect(), ..self }
    }

    /// One more token that is found by its text. It has the id that the vocabulary says, or the next that is free.
    #[must_use]
    pub fn with_added_token(mut self, token: AddedToken) -> Self {
        self.added.push(token);
        self
    }

    /// The special tokens before and behind each text. Default: none.
    #[must_use]
    pub fn with_special_tokens(
        self,
        before: impl IntoIterator<Item = u32>,
        after: impl IntoIterator<Item = u32>,
    ) -> Self {
        WordPieceBuilder { before: before.into_iter().collect(), after: after.into_iter().collect(), ..self }
    }

    #[cfg(feature = "tokenizers")]
    pub(crate) fn with_added_token_of(mut self, token: AddedToken, id: u32) -> Self {
        self.added_ids.insert(token.content.clone(), id);
        self.with_added_token(token)
    }

    pub(crate) fn with_steps(self, steps: Vec<Step>) -> Self {
        WordPieceBuilder { steps, ..self }
    }

    pub(crate) fn id(&self, token: &str) -> Option<u32> {
        self.vocabulary.iter().rfind(|(known, _)| known == token).map(|&(_, id)| id)
    }

    /// The tokenizer.
    ///
    /// # Errors
    /// The vocabulary lacks the token for unknown words, or has over four million bytes; or normalizing leaves nothing of an
    /// added token that is looked for in the normalized text.
    pub fn build(self) -> Result<WordPiece, WordPieceError> {
        let tokens = Sorted::of(&self.vocabulary);
        let vocabulary = Vocabulary::of(&tokens, &self.unknown, &self.prefix, self.max_chars)?;
        let lowercase = self.steps.contains(&Step::Lowercase);
        let bare = AddedVocabulary::of(&[], |_| None, 0, str::to_owned)?;
        let normalizing = Exact { steps: self.steps.clone(), added: bare };
        let id = |token: &str| self.added_ids.get(token).copied().or_else(|| tokens.id(token));
        let added = AddedVocabulary::of(&self.added, id, tokens.len(), |token| normalizing.normal(token))?;
        let near = Near::of(&added, lowercase);
        let suspects = near.as_ref().map_or_else(Vec::new, Near::suspects);
        let mut punctuation = [vocabulary.unknown(); 128];
        for (byte, id) in (0_u8..).zip(&mut punctuation) {
            *id = vocabulary.id_of_char(char::from(byte).encode_utf8(&mut [0; 4]));
        }
        Ok(WordPiece::of(Inner {
            exact: Exact { steps: self.steps, added },
            vocabulary,
            forms: Forms::new(suspects),
            near,
            punctuation,
            lowercase,
            before: self.before,
            after: self.after,
        }))
    }
}
