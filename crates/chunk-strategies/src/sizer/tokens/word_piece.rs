//! [`WordPiece`]: the tokens of BERT and its kind, found without the `tokenizers` crate.

mod added;
mod forms;
mod short_word;
mod sink;
mod trie;
mod vocabulary;
mod walk;

#[cfg(test)]
mod oracle_tests;

use std::fmt;
use std::ops::Range;

use tokenizers::normalizers::NormalizerWrapper;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::{ModelWrapper, Tokenizer};

use self::added::AddedTokens;
use self::forms::Forms;
use self::sink::{Count, Sink, Starts};
use self::vocabulary::Vocabulary;
use self::walk::{OddAt, Walk};
use super::Tokens;
use super::seams::{Seams, is_kept_space};

/// What `BertNormalizer`, `BertPreTokenizer` and `WordPiece` do, in one pass over the text and without copies of it.
///
/// The tokens are the tokenizer's, start by start. Where the few things that are not known here may play a part (added
/// tokens in the text, marks that change places), the tokenizer itself is asked, about what lies between the white space
/// on both sides: nothing that it does looks across that, as [`Seams::AroundSpace`] says.
pub(super) struct WordPiece {
    added: AddedTokens,
    forms: Forms,
    vocabulary: Vocabulary,
    lowercase: bool,
}

impl WordPiece {
    /// `None` for a tokenizer that has any part that is not known here.
    pub(super) fn of(tokenizer: &Tokenizer, seams: Seams) -> Option<Self> {
        let normalizer = match tokenizer.get_normalizer() {
            None => None,
            Some(NormalizerWrapper::BertNormalizer(bert)) => Some(*bert),
            Some(_) => return None,
        };
        let (
            Seams::AroundSpace { .. },
            Some(PreTokenizerWrapper::BertPreTokenizer(_)),
            ModelWrapper::WordPiece(model),
        ) = (seams, tokenizer.get_pre_tokenizer(), tokenizer.get_model())
        else {
            return None;
        };
        let lowercase = normalizer.is_some_and(|bert| bert.lowercase);
        let added = AddedTokens::of(tokenizer, lowercase)?;
        let forms = Forms::new(normalizer, added.suspects());
        Some(WordPiece { added, forms, vocabulary: Vocabulary::of(model)?, lowercase })
    }

    /// How many tokens a text has, special tokens aside; `None` if it cannot be encoded.
    pub(super) fn count(&self, tokens: &Tokens, text: &str) -> Option<usize> {
        let mut count = Count::default();
        self.tokens(tokens, text, &mut count)?;
        Some(count.0)
    }

    /// Where the tokens of a text start.
    pub(super) fn starts(&self, tokens: &Tokens, text: &str) -> Option<Vec<u32>> {
        // English has a token for every four or five bytes.
        let mut starts = Starts(Vec::with_capacity(text.len() / 4));
        self.tokens(tokens, text, &mut starts)?;
        Some(starts.0)
    }

    fn tokens(&self, tokens: &Tokens, text: &str, sink: &mut impl Sink) -> Option<()> {
        let mut from = 0;
        while let Some(hit) = self.added.next(text, from, &self.forms) {
            let odd = between_spaces(text, from, hit);
            self.walk(tokens, text, from..odd.start, sink)?;
            from = odd.end;
            sink.encode(tokens, text, odd)?;
        }
        self.walk(tokens, text, from..text.len(), sink)
    }

    /// Where there are no added tokens.
    fn walk(&self, tokens: &Tokens, text: &str, span: Range<usize>, sink: &mut impl Sink) -> Option<()> {
        let text = &text[..span.end];
        let mut from = span.start;
        while let Err(OddAt(at)) = Walk::new(self, text, sink).run(from) {
            let odd = between_spaces(text, from, at);
            from = odd.end;
            sink.encode(tokens, text, odd)?;
        }
        Some(())
    }
}

/// What lies around the offset without white space, not before `floor`.
fn between_spaces(text: &str, floor: usize, at: usize) -> Range<usize> {
    let start = text[floor..at].rfind(is_kept_space).map_or(floor, |space| floor + space + 1);
    let end = text[at..].find(is_kept_space).map_or(text.len(), |space| at + space);
    start..end
}

impl fmt::Debug for WordPiece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WordPiece").field("lowercase", &self.lowercase).finish_non_exhaustive()
    }
}
