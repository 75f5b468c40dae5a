//! Word starts in scripts that write blanks.

use std::ops::Range;

/// Offsets in `(window.start, window.end]` where a word starts after a blank, descending.
pub(super) fn word_starts_back<'d>(
    text: &'d str,
    window: &Range<usize>,
) -> impl Iterator<Item = usize> + use<'d> {
    let start = window.start;
    // The character behind the window decides whether its end is a word's start.
    let mut behind = text[window.end..].chars().next();
    text[window.clone()].char_indices().rev().filter_map(move |(at, this)| {
        let starts = is_blank(this) && behind.is_some_and(|behind| !is_blank(behind));
        behind = Some(this);
        starts.then(|| start + at + this.len_utf8())
    })
}

/// Offsets in `(window.start, window.end]` where a word starts after a blank, ascending.
pub(super) fn word_starts<'d>(text: &'d str, window: &Range<usize>) -> impl Iterator<Item = usize> + use<'d> {
    let (start, end) = (window.start, window.end);
    let mut after_blank = false;
    text[start..]
        .char_indices()
        .map_while(move |(at, this)| {
            let at = start + at;
            if at > end {
                return None;
            }
            let starts = after_blank && !is_blank(this);
            after_blank = is_blank(this);
            Some(starts.then_some(at))
        })
        .flatten()
}

/// White space that a line may be broken at.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace() && !matches!(c, '\u{a0}' | '\u{2007}' | '\u{202f}')
}
