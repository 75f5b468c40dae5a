//! The rules that tell the places of each level.

use memchr::{memchr_iter, memchr2_iter};
use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

use super::Finder;
use crate::boundary::{self, View};

/// Each looks no further than `near_bytes`, or a few characters, from the place it judges.
impl Finder<'_> {
    /// The chars in `start..end` and where they begin.
    pub(super) fn chars(&self, start: usize, end: usize) -> impl Iterator<Item = (usize, char)> {
        self.text[start..]
            .char_indices()
            .map(move |(at, c)| (start + at, c))
            .take_while(move |&(at, _)| at < end)
    }

    pub(super) fn line_starts(&self, start: usize, end: usize) -> impl Iterator<Item = usize> {
        let ends = memchr2_iter(b'\n', b'\r', &self.text.as_bytes()[start..end - 1]);
        ends.map(move |at| start + at + 1).filter(|&at| boundary::is_line_start(self.text, at))
    }

    pub(super) fn page_starts(&self, start: usize, end: usize) -> impl Iterator<Item = usize> {
        let bytes = self.text.as_bytes();
        memchr_iter(boundary::FORM_FEED, &bytes[start..end])
            .map(move |at| boundary::page_start(bytes, start + at))
    }

    /// Whether the line before the one that starts at `at` is blank, and this one is not.
    pub(super) fn starts_paragraph(&self, at: usize) -> bool {
        let bytes = self.text.as_bytes();
        let before = &bytes[at.saturating_sub(2 * self.radii.near_bytes)..at - 1];
        let returns_alone = bytes[at - 1] == b'\r';
        let is_blank = |byte: u8| matches!(byte, b' ' | b'\t') || (byte == b'\r' && !returns_alone);
        let end = before.iter().rev().find(|&&byte| !is_blank(byte));
        end == Some(&bytes[at - 1]) && !matches!(bytes.get(at), Some(b'\n' | b'\r'))
    }

    /// The end, behind the blanks, of the sentence that the character at `at` terminates, unless it is a line's end too.
    pub(super) fn sentence_end(&self, at: usize, c: char) -> Option<usize> {
        if c.is_ascii() && !matches!(c, '.' | '!' | '?' | '\r') {
            return None;
        }
        let bytes = self.text.as_bytes();
        // What is most frequent: the line's end is a place of its own, and `3.14` and `lib.rs` have none.
        if c != '\r'
            && c.is_ascii()
            && bytes.get(at + 1).is_some_and(|&next| next == b'\n' || next.is_ascii_alphanumeric())
        {
            return None;
        }
        self.sentence_end_near(at, c).filter(|&end| !boundary::is_line_start(self.text, end))
    }

    fn sentence_end_near(&self, at: usize, c: char) -> Option<usize> {
        let near = self.radii.near_bytes;
        let from = self.text.floor_char_boundary(at.saturating_sub(near));
        let to = self.text.ceil_char_boundary((at + c.len_utf8() + near).min(self.text.len()));
        boundary::sentence_end(View::within(self.text, from..to), at, c)
    }

    /// The end, behind the blanks, of the clause that the character at `at` ends.
    pub(super) fn clause_end(&self, at: usize, c: char) -> Option<usize> {
        let to =
            self.text.ceil_char_boundary((at + c.len_utf8() + self.radii.near_bytes).min(self.text.len()));
        boundary::clause_end(&self.text[..to], at, c)
    }

    /// Where a word starts behind what parts words, in `(start, end)` or at `end`.
    pub(super) fn word_starts(&self, start: usize, end: usize) -> impl Iterator<Item = usize> {
        let mut before: Option<char> = None;
        self.chars(start, end).filter_map(move |(at, c)| {
            let starts = before.is_some_and(|before| boundary::parts_words(before, c));
            before = Some(c);
            starts.then_some(at)
        })
    }

    /// Whether a word ends here, as far as a few characters on both sides tell.
    pub(super) fn is_word_boundary(&self, at: usize) -> bool {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        // These join words in some contexts, or letters of other scripts.
        let may_join =
            |byte: u8| matches!(byte, b'.' | b',' | b':' | b';' | b'\'' | b'"' | b'_') || !byte.is_ascii();
        if let (Some(&before), Some(&behind)) =
            (self.text.as_bytes().get(at.wrapping_sub(1)), self.text.as_bytes().get(at))
        {
            if is_word(before) && is_word(behind) {
                return false;
            }
            if !may_join(before) && !may_join(behind) {
                return (before, behind) != (b' ', b' ')
                    && (before, behind) != (b'\r', b'\n')
                    && !boundary::mark_leads(self.text.as_bytes(), at);
            }
        }
        if boundary::mark_leads(self.text.as_bytes(), at) {
            return false;
        }
        let from = self.text.floor_char_boundary(at.saturating_sub(2 * char::MAX_LEN_UTF8));
        let to = self.text.ceil_char_boundary((at + 2 * char::MAX_LEN_UTF8).min(self.text.len()));
        self.text[from..to].split_word_bound_indices().any(|(found, _)| from + found == at)
            && self.parts_letters(at)
    }

    /// Whether letters of a script without blanks belong to two words here.
    fn parts_letters(&self, at: usize) -> bool {
        let near = self.radii.near_letters_bytes;
        let from = self.text.floor_char_boundary(at.saturating_sub(near));
        let to = self.text.ceil_char_boundary((at + near).min(self.text.len()));
        boundary::word_ends_within(&self.text[from..to], at - from)
    }

    /// Whether `at`, no end of the document, is sure to lie between two graphemes. In the midst of many flags that is
    /// told by how many came before, and so nothing is sure there.
    pub(super) fn is_whole(&self, at: usize) -> bool {
        let bytes = self.text.as_bytes();
        let (Some(&before), Some(&behind)) = (at.checked_sub(1).and_then(|at| bytes.get(at)), bytes.get(at))
        else {
            return false;
        };
        if before.is_ascii() && behind.is_ascii() {
            return (before, behind) != (b'\r', b'\n');
        }
        let from = self.text.floor_char_boundary(at.saturating_sub(GRAPHEME_BYTES));
        // An offset above 0, so that the excerpt's start is not taken for the document's.
        let mut cursor = GraphemeCursor::new(at - from + 1, usize::MAX, true);
        cursor.is_boundary(&self.text[from..], 1).unwrap_or(false)
    }
}

/// How far back a grapheme is looked for: a family of four and what holds it together.
const GRAPHEME_BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::anchored::candidates::tests::{pieces, with_finder};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn what_is_told_quickly_is_what_the_rules_say(text in pieces()) {
            with_finder(&text, 1000, |finder| {
                for (at, c) in text.char_indices() {
                    let is_asked = !c.is_ascii() || matches!(c, '.' | '!' | '?' | '\r');
                    let end = Some(at).filter(|_| is_asked).and_then(|at| finder.sentence_end_near(at, c));
                    let end = end.filter(|&end| !boundary::is_line_start(&text, end));
                    prop_assert_eq!(finder.sentence_end(at, c), end, "{:?} at {}", text, at);
                    let from = text.floor_char_boundary(at.saturating_sub(8));
                    let to = text.ceil_char_boundary((at + 8).min(text.len()));
                    let is_boundary = text[from..to].split_word_bound_indices().any(|(found, _)| from + found == at)
                        && !boundary::mark_leads(text.as_bytes(), at);
                    prop_assert_eq!(at == 0 || finder.is_word_boundary(at), is_boundary, "{:?} at {}", text, at);
                }
                Ok(())
            })?;
        }
    }
}
