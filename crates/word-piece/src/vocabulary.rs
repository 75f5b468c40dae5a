//! [`Vocabulary`]: which pieces a word is made of.

use crate::error::WordPieceError;
use crate::sorted::Sorted;
use crate::trie::Trie;

/// The longest piece that a word begins with, then the longest that what is left begins with, and so on.
pub(crate) struct Vocabulary {
    whole: WholeWords,
    /// What a word may begin with.
    first: Trie,
    /// What may follow, without the prefix that says so.
    next: Trie,
    unknown: u32,
    max_chars: usize,
}

impl Vocabulary {
    /// Words of more than `max_chars` characters, and those that cannot be split, are `unknown`.
    pub(crate) fn of(
        tokens: &Sorted<'_>,
        unknown: &str,
        prefix: &str,
        max_chars: usize,
    ) -> Result<Self, WordPieceError> {
        let Some(unknown) = tokens.id(unknown) else {
            return Err(WordPieceError::missing(unknown, "stands for unknown words"));
        };
        let bytes = tokens.all().iter().map(|(token, _)| token.len()).sum();
        if bytes >= Trie::MOST_BYTES {
            return Err(WordPieceError::too_large(bytes, Trie::MOST_BYTES));
        }
        // The empty one is the first.
        let first = &tokens.all()[tokens.all().iter().take_while(|(token, _)| token.is_empty()).count()..];
        // Sorted as they are with the prefix.
        let next = first.iter().filter_map(|&(token, id)| Some((token.strip_prefix(prefix.as_bytes())?, id)));
        let next: Vec<(&[u8], u32)> = next.filter(|(token, _)| !token.is_empty()).collect();
        let whole = first.iter().filter(|(token, _)| chars(token) <= max_chars);
        let whole = whole.filter_map(|&(token, id)| Some((packed(token)?, id)));
        Ok(Vocabulary {
            whole: WholeWords::of(whole),
            first: Trie::of(first),
            next: Trie::of(&next),
            unknown,
            max_chars,
        })
    }

    /// The id of words that are none of the vocabulary's.
    pub(crate) fn unknown(&self) -> u32 {
        self.unknown
    }

    /// The token that the word is, as [`packed`] packs it. A word that is too long to be packed may be one all the same.
    #[inline]
    pub(crate) fn id(&self, word: u128) -> Option<u32> {
        self.whole.id(word)
    }

    /// Tells of each token of the word where in it it begins, its length, and its id. `false`, whatever was told before, for
    /// a word that is unknown as a whole.
    pub(crate) fn split(&self, word: &[u8], mut token: impl FnMut(usize, usize, u32)) -> bool {
        if word.len() > self.max_chars && chars(word) > self.max_chars {
            return false;
        }
        let (mut at, mut pieces) = (0, &self.first);
        while at < word.len() {
            let (length, id) = pieces.longest(&word[at..]);
            if length == 0 {
                return false;
            }
            token(at, length, id);
            at += length;
            pieces = &self.next;
        }
        true
    }

    /// The token of a piece of one character.
    pub(crate) fn id_of_char(&self, piece: &str) -> u32 {
        let mut found = self.unknown;
        if self.split(piece.as_bytes(), |_, _, id| found = id) { found } else { self.unknown }
    }
}

/// How many characters, of UTF-8.
fn chars(word: &[u8]) -> usize {
    word.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

/// A word of at most 16 bytes as a number. `None` for a longer one, and for one that ends like the filling.
pub(crate) fn packed(word: &[u8]) -> Option<u128> {
    let mut bytes = [0; 16];
    bytes.get_mut(..word.len())?.copy_from_slice(word);
    (word.last() != Some(&0)).then_some(u128::from_le_bytes(bytes))
}

/// Words that are one token: most of those that are written.
struct WholeWords {
    /// At least half of them free.
    slots: Vec<u128>,
    /// Of each slot the id of its word.
    ids: Vec<u32>,
}

/// No word is packed as zero.
const FREE: u128 = 0;

impl WholeWords {
    fn of(words: impl Iterator<Item = (u128, u32)>) -> Self {
        let words: Vec<(u128, u32)> = words.collect();
        let room = (words.len() * 2).next_power_of_two().max(2);
        let mut table = WholeWords { slots: vec![FREE; room], ids: vec![0; room] };
        for (word, id) in words {
            let at = table.place(word);
            (table.slots[at], table.ids[at]) = (word, id);
        }
        table
    }

    fn id(&self, word: u128) -> Option<u32> {
        let at = self.place(word);
        (self.slots[at] == word).then(|| self.ids[at])
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
    use std::collections::BTreeSet;

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
        let words: BTreeSet<u128> = (1..5_000_u128).map(|n| (n * n * 7_919) << (n % 64)).collect();
        let table = WholeWords::of(words.iter().copied().zip(5..));
        assert!(words.iter().zip(5..).all(|(&word, id)| table.id(word) == Some(id)));
        assert_eq!(table.id(3), None);
    }
}
