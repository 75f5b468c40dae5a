//! Word starts in scripts that write blanks, and where a mark stands for one.

use std::ops::Range;

use super::clause;

/// Offsets in `(window.start, window.end]` where a word starts after what parts words, descending.
pub(super) fn word_starts_back<'d>(
    text: &'d str,
    window: &Range<usize>,
) -> impl Iterator<Item = usize> + use<'d> {
    let start = window.start;
    // The character behind the window decides whether its end is a word's start.
    let mut behind = text[window.end..].chars().next();
    text[window.clone()].char_indices().rev().filter_map(move |(at, this)| {
        let starts = behind.is_some_and(|behind| parts_words(this, behind));
        behind = Some(this);
        starts.then(|| start + at + this.len_utf8())
    })
}

/// The same, ascending.
pub(super) fn word_starts<'d>(text: &'d str, window: &Range<usize>) -> impl Iterator<Item = usize> + use<'d> {
    let (start, end) = (window.start, window.end);
    let mut before: Option<char> = None;
    text[start..]
        .char_indices()
        .map_while(move |(at, this)| {
            let at = start + at;
            if at > end {
                return None;
            }
            let starts = before.is_some_and(|before| parts_words(before, this));
            before = Some(this);
            Some(starts.then_some(at))
        })
        .flatten()
}

/// Whether a word starts between these two: behind a blank, or behind a mark that East Asia writes without one.
pub(crate) fn parts_words(before: char, behind: char) -> bool {
    if is_blank(behind) {
        return false;
    }
    is_blank(before) || (clause::is_wide(before) && !behind.is_numeric())
}

/// White space that a line may be broken at, and the space without width that Khmer and others part words with.
pub(crate) fn is_blank(c: char) -> bool {
    match c {
        ' ' | '\n' => true,
        c if c.is_ascii() => c.is_ascii_whitespace() || c == '\u{b}',
        c => (c.is_whitespace() && !matches!(c, '\u{a0}' | '\u{2007}' | '\u{202f}')) || c == '\u{200b}',
    }
}
