//! Sentence ends, by Unicode's rules.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::LOOK_AHEAD_BYTES;

/// Offsets in `(window.start, window.end]` at which a sentence ends (UAX #29, with the blanks behind it), ascending.
pub(super) fn ends<'d>(text: &'d str, window: &Range<usize>) -> impl Iterator<Item = usize> + use<'d> {
    let (start, end) = (window.start, window.end);
    let looked_at = &text[start..text.floor_char_boundary(end.saturating_add(LOOK_AHEAD_BYTES))];
    looked_at
        .split_sentence_bound_indices()
        .map(move |(at, _)| start + at)
        .skip_while(move |&at| at <= start)
        .take_while(move |&at| at <= end)
}
