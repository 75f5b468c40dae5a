//! [`Vocabulary`]: which pieces a word is made of.

use tokenizers::Model;
use tokenizers::models::wordpiece::WordPiece as WordPieceModel;

use super::trie::Trie;

/// The longest piece that a word begins with, then the longest that what is left begins with, and so on.
pub(super) struct Vocabulary {
    whole: WholeWords,
    /// What a word may begin with.
    first: Trie,
    /// What may follow, without the prefix that says so.
    next: Trie,
    max_chars: usize,
}

impl Vocabulary {
    /// `None` for a model that cannot split every word.
    pub(super) fn of(model: &WordPieceModel) -> Option<Self> {
        let tokens = model.get_vocab();
        tokens.get(&model.unk_token)?;
        let mut first: Vec<&[u8]> =
            tokens.keys().filter(|token| !token.is_empty()).map(String::as_bytes).collect();
        first.sort_unstable();
        let prefix = model.continuing_subword_prefix.as_bytes();
        // Sorted as they are with the prefix.
        let next = first.iter().filter_map(|token| token.strip_prefix(prefix));
        let next: Vec<&[u8]> = next.filter(|token| !token.is_empty()).collect();
        let max_chars = model.max_input_chars_per_word;
        let whole = tokens.keys().filter(|token| token.chars().count() <= max_chars);
        Some(Vocabulary {
            whole: WholeWords::of(whole.filter_map(|token| packed(token.as_bytes()))),
            first: Trie::of(&first)?,
            next: Trie::of(&next)?,
            max_chars,
        })
    }

    /// Whether the word, as [`packed`] packs it, is one token. A word that is too long to be packed may be one all the
    /// same.
    pub(super) fn is_token(&self, word: u128) -> bool {
        self.whole.has(word)
    }

    /// Tells where in the word its tokens begin. `false`, whatever was told before, for a word that is unknown as a whole.
    pub(super) fn split(&self, word: &[u8], mut token: impl FnMut(usize)) -> bool {
        if word.len() > self.max_chars && chars(word) > self.max_chars {
            return false;
        }
        let (mut at, mut pieces) = (0, &self.first);
        while at < word.len() {
            let length = pieces.longest(&word[at..]);
            if length == 0 {
                return false;
            }
            token(at);
            at += length;
            pieces = &self.next;
        }
        true
    }
}

/// How many characters, of UTF-8.
fn chars(word: &[u8]) -> usize {
    word.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

/// A word of at most 16 bytes as a number. `None` for a longer one, and for one that ends like the filling.
pub(super) fn packed(word: &[u8]) -> Option<u128> {
    let mut bytes = [0; 16];
    bytes.get_mut(..word.len())?.copy_from_slice(word);
    (word.last() != Some(&0)).then_some(u128::from_le_bytes(bytes))
}

/// Words that are one token: most of those that are written.
struct WholeWords {
    /// At least half of them free.
    slots: Vec<u128>,
}

/// No word is packed as zero.
const FREE: u128 = 0;

impl WholeWords {
    fn of(words: impl Iterator<Item = u128>) -> Self {
        let words: Vec<u128> = words.collect();
        let mut table = WholeWords { slots: vec![FREE; (words.len() * 2).next_power_of_two().max(2)] };
        for word in words {
            let at = table.place(word);
            table.slots[at] = word;
        }
        table
    }

    fn has(&self, word: u128) -> bool {
        self.slots[self.place(word)] == word
    }

    /// Where the word is, or would be.
    fn place(&self, word: u128) -> usize {
        let last = self.slots.len() - 1;
        let (low, high) = (word as u64, (word >> 64) as u64);
        // Multipliers of Fibonacci hashing and of MurmurHash3's finalizer: odd, with well spread bits.
        let mixed = (low ^ high.wrapping_mul(0xff51_afd7_ed55_8ccd)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut at = (mixed ^ (mixed >> 32)) as usize & last;
        while self.slots[at] != word && self.slots[at] != FREE {
            at = (at + 1) & last;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_end_like_the_filling_are_not_packed() {
        assert_eq!(packed(b"a\0"), None);
        assert_eq!(packed(b"a"), Some(u128::from(b'a')));
        assert_ne!(packed(b"\0a"), packed(b"a"));
        assert_eq!(packed(b"seventeen letters"), None);
    }

    #[test]
    fn every_word_is_in_the_table_and_no_other() {
        let words: Vec<u128> = (1..5_000_u128).map(|n| (n * n * 7_919) << (n % 64)).collect();
        let table = WholeWords::of(words.iter().copied());
        assert!(words.iter().all(|&word| table.has(word)));
        assert!(!table.has(3));
    }
}
