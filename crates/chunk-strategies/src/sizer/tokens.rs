//! Sizes in tokens, as a model's tokenizer counts.

use std::cell::RefCell;
use std::ops::Range;

use tokenizers::Tokenizer;

use super::{BYTES_PER_UNIT, ChunkSizer, SizeIndex};
use crate::error::ChunkError;

/// Counts tokens through the `tokenizers` crate, special tokens included, as `encode(text).ids` has them.
///
/// Padding and truncation that are baked into a `tokenizer.json` are switched off: they would count what is not there,
/// or not count what is. A chunk in tokens also has a byte ceiling of 32 × its size, since a run of blanks, or one giant
/// word, may cost a single token.
///
/// A document is tokenised once, in windows, and cuts are found from the offsets; each chunk is then encoded on its own
/// and the cut moved where that gives another count, so that the size is exact for every tokenizer.
#[derive(Clone, Debug)]
pub struct Tokens {
    tokenizer: Tokenizer,
    special: usize,
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
        tokenizer.encode_fast("a \u{10a60}", true).map_err(ChunkError::tokenizer)?;
        Ok(Tokens { tokenizer, special })
    }

    /// How many special tokens each text gets.
    pub fn special_tokens(&self) -> usize {
        self.special
    }

    /// The tokenizer, without padding and truncation.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }
}

impl ChunkSizer for Tokens {
    /// The number of tokens. Should encoding fail all the same, the number of bytes stands in: no token is shorter.
    fn size(&self, text: &str) -> usize {
        self.tokenizer.encode_fast(text, true).map_or(text.len() + self.special, |encoding| encoding.len())
    }

    fn index<'a>(&'a self, text: &'a str) -> Box<dyn SizeIndex + 'a> {
        Box::new(TokenIndex { sizer: self, text, tokens: RefCell::new(TokenStarts::default()) })
    }

    fn byte_ceiling(&self, size: usize) -> usize {
        size.saturating_mul(BYTES_PER_UNIT)
    }
}

/// Where tokens start, found window by window as far as the questions reach.
struct TokenIndex<'a> {
    sizer: &'a Tokens,
    text: &'a str,
    tokens: RefCell<TokenStarts>,
}

#[derive(Default)]
struct TokenStarts {
    /// Byte offset of each token's first char, ascending.
    starts: Vec<usize>,
    /// Up to where the document has been tokenised.
    done: usize,
}

/// Long enough that a tokenizer's cost per call disappears, short enough that one that is quadratic within a word stays
/// harmless.
const WINDOW_BYTES: usize = 16 * 1024;

impl TokenIndex<'_> {
    /// Tokenises the next window. It ends behind a blank where there is one; elsewhere the token at the seam may be
    /// counted twice, which the verification of each chunk makes good.
    fn advance(&self, tokens: &mut TokenStarts) {
        let from = tokens.done;
        let hard_end = self.text.floor_char_boundary(from.saturating_add(WINDOW_BYTES));
        let mut end = hard_end.max(self.text.ceil_char_boundary((from + 1).min(self.text.len())));
        if end < self.text.len()
            && let Some(blank) = self.text[from..end].rfind(char::is_whitespace)
            && blank > WINDOW_BYTES / 2
        {
            end = from + blank;
        }
        if let Ok(encoding) = self.sizer.tokenizer.encode(&self.text[from..end], false) {
            let mut last = from;
            tokens.starts.extend(encoding.get_offsets().iter().map(|&(start, _)| {
                // Ascending whatever a normalizer did to the offsets, since they are searched by bisection.
                last = self.text.floor_char_boundary(from + start).max(last);
                last
            }));
        }
        tokens.done = end;
    }
}

impl SizeIndex for TokenIndex<'_> {
    fn size(&self, span: Range<usize>) -> usize {
        self.text.get(span).map_or(0, |text| self.sizer.size(text))
    }

    fn reach(&self, start: usize, size: usize) -> usize {
        let ceiling = self.text.floor_char_boundary(start.saturating_add(self.sizer.byte_ceiling(size)));
        let room = size.saturating_sub(self.sizer.special);
        let mut tokens = self.tokens.borrow_mut();
        loop {
            let first = tokens.starts.partition_point(|&at| at < start);
            if let Some(&beyond) = tokens.starts.get(first + room) {
                return beyond.min(ceiling);
            }
            if tokens.done >= ceiling {
                return ceiling;
            }
            self.advance(&mut tokens);
        }
    }

    fn reach_back(&self, end: usize, size: usize) -> usize {
        let floor = self.text.ceil_char_boundary(end.saturating_sub(self.sizer.byte_ceiling(size)));
        let mut tokens = self.tokens.borrow_mut();
        while tokens.done < end {
            self.advance(&mut tokens);
        }
        let before = tokens.starts.partition_point(|&at| at < end);
        match before.checked_sub(size) {
            Some(first) if size > 0 => tokens.starts.get(first).map_or(end, |&at| at.max(floor)),
            Some(_) => end,
            None => floor,
        }
    }

    fn is_exact(&self) -> bool {
        false
    }
}
