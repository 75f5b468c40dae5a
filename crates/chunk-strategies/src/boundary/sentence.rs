//! Sentence ends, by Unicode's rules (UAX #29).

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::LOOK_AHEAD_BYTES;

/// Offsets in `(window.start, window.end]` at which a sentence ends, with the blanks behind it, ascending.
pub(super) fn ends<'d>(text: &'d str, window: &Range<usize>) -> impl Iterator<Item = usize> + use<'d> {
    let (start, end) = (window.start, window.end);
    let looked_at = &text[start..text.floor_char_boundary(end.saturating_add(LOOK_AHEAD_BYTES))];
    looked_at
        .split_sentence_bound_indices()
        .map(move |(at, _)| start + at)
        .skip_while(move |&at| at <= start)
        .take_while(move |&at| at <= end)
}

/// The same offsets, descending, and found from the end of the window: a sentence ends only behind a terminator, so the
/// rules are applied around terminators and nowhere else.
pub(super) fn ends_back<'d>(text: &'d str, window: &Range<usize>) -> impl Iterator<Item = usize> + use<'d> {
    let (start, end) = (window.start, window.end);
    let mut lowest = end + 1;
    text[window.clone()]
        .char_indices()
        .rev()
        .map(move |(at, terminator)| (start + at, terminator))
        .filter(|&(at, terminator)| may_end_sentence(text, at, terminator))
        .filter_map(move |(at, terminator)| {
            let found = end_behind(text, start, at + terminator.len_utf8())?;
            // Several terminators in a row have one end.
            let is_new = found < lowest;
            lowest = lowest.min(found);
            is_new.then_some(found)
        })
}

/// Whether the character ends a sentence in some context. Sorts out quickly what is most frequent: letters, digits, and
/// the full stop of `3.14` and `lib.rs`, behind which the rules SB6 and SB8 know no end.
fn may_end_sentence(text: &str, at: usize, c: char) -> bool {
    match c {
        '.' => !text
            .as_bytes()
            .get(at + 1)
            .is_some_and(|next| next.is_ascii_digit() || next.is_ascii_lowercase()),
        '!' | '?' | '\n' | '\r' => true,
        c if c.is_ascii() || c.is_alphanumeric() => false,
        // Asks the rules themselves: between a terminator and a capital there is an end.
        c => {
            let mut probe = [0; 5];
            let length = c.encode_utf8(&mut probe).len();
            probe[length] = b'A';
            std::str::from_utf8(&probe[..=length])
                .is_ok_and(|probe| probe.split_sentence_bounds().count() == 2)
        }
    }
}

/// The first end behind a terminator that itself ends at `behind`, if the rules know one near it.
fn end_behind(text: &str, start: usize, behind: usize) -> Option<usize> {
    // The letter before a full stop matters (SB7), with the marks on it.
    let from = text.floor_char_boundary(behind.saturating_sub(CONTEXT_BYTES)).max(start);
    // Behind it, the first letter decides (SB8), with the marks on it.
    let limit = text.floor_char_boundary(behind.saturating_add(LOOK_AHEAD_BYTES));
    let letter = text[behind..limit].find(char::is_alphabetic).map_or(limit, |at| behind + at);
    let to = text.floor_char_boundary(letter.saturating_add(CONTEXT_BYTES).min(limit));
    let ends = text[from..to].split_sentence_bound_indices().map(|(at, _)| from + at);
    // An end behind the letter is another terminator's, and what decides it may lie beyond this excerpt.
    ends.skip_while(|&at| at < behind).take_while(|&at| at <= letter).next()
}

/// Room for a letter and a few marks.
const CONTEXT_BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "a",
            "B",
            "word",
            "Word",
            "7",
            ".",
            ". ",
            "..",
            "...",
            "!",
            "?! ",
            ")",
            "\u{201d} ",
            "\"",
            ", ",
            "; ",
            " ",
            "  ",
            "\n",
            "\r\n",
            "\r",
            "\u{85}",
            "\u{2028}",
            "\u{2029}",
            "。",
            "！",
            "?",
            "漢",
            "かな",
            "e\u{301}",
            "\u{301}",
            "\u{200d}",
            "\u{ad}",
            "👍",
            "ไทย",
            "मा",
            "।",
            "\u{2024}",
            "3.14",
            "e.g. ",
            "Dr. ",
            "U.S.A. ",
            "(",
            "-",
            "\0",
            "\u{a0}",
            "\u{feff}",
        ]);
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]
        #[test]
        fn from_the_end_is_from_the_start_reversed(text in pieces(), from in 0..50usize, to in 0..200usize) {
            let start = text.floor_char_boundary(from.min(text.len()));
            let end = text.floor_char_boundary(to.clamp(start, text.len()).max(start));
            let mut forward: Vec<usize> = ends(&text, &(start..end)).collect();
            forward.reverse();
            let back: Vec<usize> = ends_back(&text, &(start..end)).filter(|&at| at <= end).collect();
            prop_assert_eq!(back, forward, "{:?} in {}..{}", text, start, end);
        }
    }
}
