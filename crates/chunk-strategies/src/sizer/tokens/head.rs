//! The beginning of a text, as far as its first tokens reach.

use super::Tokens;
use crate::sizer::ChunkSizer;
use crate::sizer::tokenised::Tokenise;

/// English has a token for every four or five bytes, so that a step is often all that is needed.
const BYTES_A_TOKEN: usize = 8;

impl Tokens {
    /// How many bytes of the text hold its first `count` tokens, special tokens aside: so much of it, encoded alone, has
    /// the same first `count` tokens, and its tokens and those of the rest add up. All of the text where it has no more
    /// tokens, and for a tokenizer of which that cannot be proved.
    pub fn head(&self, text: &str, count: usize) -> usize {
        let step = count.saturating_mul(BYTES_A_TOKEN).max(BYTES_A_TOKEN);
        let (mut at, mut found) = (0_usize, 0);
        while found < count {
            let from = text.floor_char_boundary(at.saturating_add(step));
            let seam = self.seams.first(text, from, text.len()).filter(|&seam| seam < text.len());
            let Some((seam, more)) = seam.and_then(|seam| Some((seam, self.bare(&text[at..seam])?))) else {
                return text.len();
            };
            (at, found) = (seam, found + more);
        }
        at
    }

    /// How many tokens the text has, special tokens aside. A long one is encoded in parts where that makes no difference,
    /// so that memory stays that of a part.
    pub fn bare_size(&self, text: &str) -> usize {
        match &self.word_piece {
            Some(words) => words.count_bare(text),
            None => self.index(text).size(0..text.len()).saturating_sub(self.special),
        }
    }

    /// Whether the tokens of `before` followed by any text that begins as `behind` does are those of the two, one behind
    /// the other. `false` where that cannot be proved.
    pub fn adds_up(&self, before: &str, behind: &str) -> bool {
        match (before.chars().next_back(), behind.chars().next()) {
            (Some(before), Some(behind)) => self.seams.lies_between(before, behind),
            _ => true,
        }
    }
}
