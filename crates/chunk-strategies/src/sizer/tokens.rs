//! Sizes in tokens, as a model's tokenizer counts.

mod head;
mod inspect;
mod starts;

#[cfg(test)]
mod same_chunks;

use tokenizers::Tokenizer;
use word_piece::WordPiece;

use super::tokenised::{Seams, TokenIndex, Tokenise, WINDOW_BYTES, sized_in_tokens};
use super::{BYTES_PER_UNIT, ChunkSizer, SizeIndex};
use crate::error::ChunkError;

/// Counts tokens through the `tokenizers` crate, special tokens included, as `encode(text).ids` has them.
///
/// Padding and truncation that are baked into a `tokenizer.json` are switched off: they would count what is not there,
/// or not count what is. A chunk in tokens also has a byte ceiling of 32 × its size, since a run of blanks, or one giant
/// word, may cost a single token.
///
/// # How a document is counted
///
/// A document is tokenised once, in windows of about 16 KiB that end at absolute offsets, so that a document that is
/// read piece by piece is counted as it would be in memory. Every size is exact, whatever the tokenizer; what differs is
/// what is encoded a second time to know it. That depends on where a tokenizer has *seams*: places that nothing it does
/// looks across, so that the counts of what lies before and behind add up.
///
/// | tokenizer | seams | encoded again for each chunk |
/// |---|---|---|
/// | BERT, `MPNet`, ELECTRA and their kind: white space is dropped by `BertPreTokenizer`, `Whitespace` or `WhitespaceSplit`, with any model behind | on both sides of white space; with BERT's own parts also around ASCII punctuation and ideographs | nothing, or the word that a cut falls into |
/// | byte-level BPE: GPT-2, `RoBERTa`, Llama 3, Qwen 2 (`ByteLevel`, alone or behind one of the known patterns of `Split`) | before white space that follows a letter, a digit or ASCII punctuation | at each end, the word or the white space between the cut and the next seam |
/// | `Metaspace` that splits, with Unigram or BPE | before a space that follows one of these | the same |
/// | all others: `SentencePiece` with a precompiled character map (T5, XLM-R, multilingual E5), BPE over whole texts (Llama 2), dropout, other patterns | none that can be proved | the whole chunk |
///
/// A normalizer other than `BertNormalizer`, `NFC`, `NFD`, `Lowercase` and (where white space is dropped) `NFKC`, `NFKD`
/// and `StripAccents` moves a tokenizer into the last row; so does an added token that holds white space, or, in the
/// second and third row, one that swallows the white space behind it. Where a text has no seams for long (Thai, a giant
/// word), what lies between two of them is encoded again.
///
/// The tokens of `BertNormalizer`, `BertPreTokenizer` and `WordPiece` together, which the models of the first row have but
/// for a few, are found by the crate `word-piece`, in one pass over the text. They are those of `tokenizers`, one by one, at
/// seventy times its speed.
///
/// With the feature `rayon`, the windows of a long document are tokenised on the caller's pool, a few ahead; counts are
/// the same.
#[derive(Clone, Debug)]
pub struct Tokens {
    tokenizer: Tokenizer,
    special: usize,
    seams: Seams,
    window: usize,
    /// Finds the same tokens many times faster, where the tokenizer is of the kind that it knows.
    word_piece: Option<WordPiece>,
}

impl Tokens {
    /// Sizes as this tokenizer counts.
    ///
    /// # Errors
    /// The tokenizer cannot encode every text (it has no token for what it does not know).
    pub fn new(mut tokenizer: Tokenizer) -> Result<Self, ChunkError> {
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(ChunkError::tokenizer)?;
        let special = tokenizer.encode_fast("", true).map_err(ChunkError::tokenizer)?.len();
        // A letter of Old South Arabian is in next to no vocabulary, and unlike a private-use character no normalizer
        // drops it: a tokenizer that has no token for what it does not know fails here, not in the middle of a document.
        let probe = "a \u{10a60}";
        let encoded = tokenizer.encode_fast(probe, true).map_err(ChunkError::tokenizer)?.len();
        let bare = tokenizer.encode_fast(probe, false).map_err(ChunkError::tokenizer)?.len();
        // A template may repeat the text; then its special tokens are not all that it adds.
        let seams = if encoded == bare + special { Seams::of(&tokenizer) } else { Seams::Nowhere };
        let word_piece = WordPiece::from_tokenizer(&tokenizer).ok();
        Ok(Tokens { tokenizer, special, seams, window: WINDOW_BYTES, word_piece })
    }

    /// How many special tokens each text gets.
    pub fn special_tokens(&self) -> usize {
        self.special
    }

    /// The tokenizer, without padding and truncation.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Tokenises so many bytes at a time, from 64 to a GiB; the answers are the same. Default: 16 KiB, long enough that the
    /// cost of a call to the tokenizer disappears. Twice as much is kept in memory around a chunk of a document that is
    /// read piece by piece.
    #[must_use]
    pub fn with_window(self, bytes: usize) -> Self {
        Tokens { window: bytes.clamp(64, 1 << 30), ..self }
    }
}

sized_in_tokens!(Tokens);

impl Tokenise for Tokens {
    fn whole(&self, text: &str) -> Option<usize> {
        match &self.word_piece {
            Some(words) => Some(words.count(text)),
            None => self.tokenizer.encode_fast(text, true).ok().map(|encoding| encoding.len()),
        }
    }

    fn bare(&self, text: &str) -> Option<usize> {
        if text.is_empty() {
            return Some(0);
        }
        match &self.word_piece {
            Some(words) => Some(words.count_bare(text)),
            None => self.tokenizer.encode_fast(text, false).ok().map(|encoding| encoding.len()),
        }
    }

    fn starts(&self, text: &str) -> Option<Vec<u32>> {
        starts::starts(self, text)
    }

    fn seams(&self) -> Seams {
        self.seams
    }

    fn special_tokens(&self) -> usize {
        self.special
    }

    fn window(&self) -> usize {
        self.window
    }
}
