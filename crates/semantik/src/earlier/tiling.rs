//! [`Tiling`]: whether records are the whole of a text.

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// A text by its length and its hash: 128 bits, so that no two texts of anybody share one by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TextHash {
    bytes: usize,
    hash: u128,
}

impl TextHash {
    pub(super) fn of(text: &str) -> Self {
        TextHash { bytes: text.len(), hash: xxh3_128(text.as_bytes()) }
    }
}

/// The text that the records of one level have covered so far.
#[derive(Clone, Default)]
pub(super) struct Tiling {
    bytes: usize,
    hash: Xxh3,
    has_gap: bool,
}

impl Tiling {
    /// Takes in a record that begins at `start` and repeats `overlap` bytes of the one before.
    pub(super) fn add(&mut self, text: &str, start: usize, overlap: usize) {
        match text.get(overlap..) {
            Some(own) if start + overlap == self.bytes => {
                self.bytes += own.len();
                self.hash.update(own.as_bytes());
            }
            _ => self.has_gap = true,
        }
    }

    /// The text, if it was covered without a gap.
    pub(super) fn covered(&self) -> Option<TextHash> {
        (!self.has_gap).then(|| TextHash { bytes: self.bytes, hash: self.hash.digest128() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tiles_is_the_text_and_what_has_a_gap_is_none() {
        let text = "one two three";
        let mut tiling = Tiling::default();
        tiling.add("one two", 0, 0);
        tiling.add("two three", 4, 3);
        assert_eq!(tiling.covered(), Some(TextHash::of(text)));
        let mut gap = Tiling::default();
        gap.add("one ", 0, 0);
        gap.add("three", 8, 0);
        assert_eq!(gap.covered(), None);
        let mut absurd = Tiling::default();
        absurd.add("é", 0, 1);
        assert_eq!(absurd.covered(), None);
    }
}
