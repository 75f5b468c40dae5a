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
    terminators_back(text, start, end).filter_map(move |(at, terminator)| {
        let found = match end_in_ascii(text, start, at, terminator) {
            Answer::End(found) => found,
            Answer::None => return None,
            Answer::Unknown => end_behind(text, start, at + terminator.len_utf8())?,
        };
        // Several terminators in a row have one end; the document's is nobody's.
        let is_new = found < lowest && found < text.len();
        lowest = lowest.min(found);
        is_new.then_some(found)
    })
}

/// The characters of the span that may end a sentence, the last first.
fn terminators_back(text: &str, start: usize, end: usize) -> impl Iterator<Item = (usize, char)> {
    let bytes = text.as_bytes();
    let mut at = end;
    std::iter::from_fn(move || {
        while at > start {
            at -= 1;
            let c = match bytes[at] {
                // What is most frequent: letters, digits, blanks, and the inner bytes of a character.
                b' ' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | 0x80..=0xbf => continue,
                byte if byte.is_ascii() => char::from(byte),
                _ => text[at..].chars().next()?,
            };
            if may_end_sentence(text, at, c) {
                return Some((at, c));
            }
        }
        None
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

/// What the rules say of a terminator.
enum Answer {
    /// A sentence ends here.
    End(usize),
    /// None ends here.
    None,
    /// It takes the whole of the rules to tell.
    Unknown,
}

/// The rules SB4 to SB11 where everything that they look at is ASCII: most of the sentences in Latin script, at a tenth
/// of the cost.
fn end_in_ascii(text: &str, start: usize, at: usize, terminator: char) -> Answer {
    let bytes = text.as_bytes();
    let behind = at + 1;
    match terminator {
        '\n' => return Answer::End(behind),
        '.' | '!' | '?' => {}
        _ => return Answer::Unknown,
    }
    let limit = bytes.len().min(behind.saturating_add(LOOK_AHEAD_BYTES));
    let skip = |from: usize, skipped: &[u8]| {
        from + bytes[from..limit].iter().take_while(|byte| skipped.contains(byte)).count()
    };
    let closed = skip(behind, b"\"')]}([{");
    let next = skip(closed, b" \t\x0b\x0c");
    let Some(&follows) = bytes[..limit].get(next) else { return Answer::Unknown };
    match follows {
        // A carriage return may be half of a line end; the semicolon's class depends on Unicode's version.
        0x80.. | b'\r' | b';' => Answer::Unknown,
        b'\n' => Answer::End(next + 1),
        // These go on with the sentence (SB8a), or end it themselves.
        b',' | b'-' | b':' | b'.' | b'!' | b'?' => Answer::None,
        _ if terminator != '.' => Answer::End(next),
        b'a'..=b'z' => Answer::None,
        _ if next > behind => full_stop_before(bytes, next, limit),
        b'0'..=b'9' => Answer::None,
        // As in `U.S.`: between letters a full stop ends nothing (SB7).
        b'A'..=b'Z' if at > start && bytes[at - 1].is_ascii_alphabetic() => Answer::None,
        _ => Answer::Unknown,
    }
}

/// A full stop and blanks come before `next`: they end a sentence unless the first letter behind is in lower case (SB8).
fn full_stop_before(bytes: &[u8], next: usize, limit: usize) -> Answer {
    for byte in &bytes[next..limit] {
        match byte {
            b'a'..=b'z' => return Answer::None,
            b'A'..=b'Z' | b'\n' | b'\r' | b'.' | b'!' | b'?' => return Answer::End(next),
            0x80.. => return Answer::Unknown,
            _ => {}
        }
    }
    Answer::Unknown
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
            "(b) ",
            "\t",
            ": ",
            "'",
            "*",
            "42 ",
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
