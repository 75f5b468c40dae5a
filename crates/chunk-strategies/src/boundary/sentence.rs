//! Sentence ends, by Unicode's rules (UAX #29).

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::LOOK_AHEAD_BYTES;

/// Offsets in `(window.start, window.end]` at which a sentence ends, with the blanks behind it, ascending.
///
/// A sentence ends only behind a terminator, so the rules are applied around terminators and nowhere else. Applied to
/// the whole text, Unicode's rule SB8 would look on from each of a hundred thousand blanks behind a full stop.
pub(super) fn ends<'d>(text: &'d str, window: &Range<usize>) -> impl Iterator<Item = usize> + use<'d> {
    let (start, end) = (window.start, window.end);
    let mut highest = start;
    terminators(text, window)
        .filter_map(move |(at, terminator)| end_behind(text, start, at, terminator))
        .take_while(move |&found| found <= end)
        // Several terminators in a row have one end.
        .filter(move |&found| std::mem::replace(&mut highest, found) < found)
}

/// The same offsets, descending, and found from the end of the window.
pub(super) fn ends_back<'d>(text: &'d str, window: &Range<usize>) -> impl Iterator<Item = usize> + use<'d> {
    let (start, end) = (window.start, window.end);
    let mut lowest = end + 1;
    candidates_back(text.as_bytes(), window)
        .filter_map(move |at| {
            plain_end(text.as_bytes(), at).or_else(|| {
                let (at, terminator) = terminator(text, at)?;
                end_behind(text, start, at, terminator)
            })
        })
        .filter(move |&found| {
            let is_new = found < lowest;
            lowest = lowest.min(found);
            is_new
        })
}

/// The characters of the span that may end a sentence.
fn terminators<'d>(text: &'d str, window: &Range<usize>) -> impl Iterator<Item = (usize, char)> + use<'d> {
    window.clone().filter_map(move |at| terminator(text, at))
}

/// Where terminators may begin, the last first.
fn candidates_back<'d>(bytes: &'d [u8], window: &Range<usize>) -> impl Iterator<Item = usize> + use<'d> {
    let (start, mut from) = (window.start, window.end);
    let mut found = 0;
    std::iter::from_fn(move || {
        while found == 0 {
            if from == start {
                return None;
            }
            let end = from;
            from = end.saturating_sub(BLOCK_BYTES).max(start);
            found = candidates(&bytes[from..end]);
        }
        let last = found.ilog2();
        found ^= 1 << last;
        Some(from + last as usize)
    })
}

/// Most sentences of prose have an end in so many bytes.
const BLOCK_BYTES: usize = 64;

/// Which bytes of a block may begin a terminator, a bit for each. All are compared at once, and no branch depends on what
/// they are: in prose that cannot be predicted, and a branch that was not costs as much as all of this.
fn candidates(block: &[u8]) -> u64 {
    let mut bytes = [0; BLOCK_BYTES];
    match block.first_chunk() {
        Some(whole) => bytes = *whole,
        None => bytes[..block.len()].copy_from_slice(block),
    }
    let mut found = [0; BLOCK_BYTES];
    for (found, &byte) in found.iter_mut().zip(&bytes) {
        *found = may_terminate(byte);
    }
    let (eights, _) = found.as_chunks();
    eights.iter().rev().fold(0, |bits, &eight| bits << 8 | bits_of(eight))
}

/// Eight zeros and ones as the bits of a byte, the first lowest: the product has each of them at its own place in the
/// highest byte.
fn bits_of(eight: [u8; 8]) -> u64 {
    u64::from_le_bytes(eight).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// 1 if a terminator may start with this byte, else 0.
fn may_terminate(byte: u8) -> u8 {
    let is = |terminator| u8::from(byte == terminator);
    is(b'.') | is(b'!') | is(b'?') | is(b'\n') | is(b'\r') | u8::from(byte >= 0xc0)
}

/// What ends most sentences: a line end, or a terminator, one or two spaces and a capital. Without a branch between them.
fn plain_end(bytes: &[u8], at: usize) -> Option<usize> {
    let &[terminator, behind @ ..] = bytes.get(at..)?.first_chunk::<4>()?;
    let is = |byte, wanted| u8::from(byte == wanted);
    let line = is(terminator, b'\n');
    let mark = is(terminator, b'.') | is(terminator, b'!') | is(terminator, b'?');
    let one = mark & is(behind[0], b' ');
    let spaces = one + (one & is(behind[1], b' '));
    let plain = one & u8::from(behind[usize::from(spaces)].is_ascii_uppercase());
    (line | plain == 1).then_some(at + 1 + usize::from(spaces))
}

/// The character that starts at this byte, if it may end a sentence.
fn terminator(text: &str, at: usize) -> Option<(usize, char)> {
    let c = match text.as_bytes()[at] {
        // What is most frequent: letters, digits, blanks, and the inner bytes of a character.
        b' ' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | 0x80..=0xbf => return None,
        byte if byte.is_ascii() => char::from(byte),
        _ => text[at..].chars().next()?,
    };
    may_end_sentence(text, at, c).then_some((at, c))
}

/// The end of the sentence, with the blanks behind it, that the character at `at` terminates in this excerpt.
pub(crate) fn end_after(excerpt: &str, at: usize, terminator: char) -> Option<usize> {
    may_end_sentence(excerpt, at, terminator).then(|| end_behind(excerpt, 0, at, terminator)).flatten()
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
        // Dashes, quotation marks and bullets.
        '\u{2010}'..='\u{2023}' => false,
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

/// The first end behind the terminator at `at`, if the rules know one near it.
fn end_behind(text: &str, start: usize, at: usize, terminator: char) -> Option<usize> {
    let behind = at + terminator.len_utf8();
    let limit = text.floor_char_boundary(behind.saturating_add(LOOK_AHEAD_BYTES));
    let ends_paragraph = matches!(terminator, '\u{85}' | '\u{2028}' | '\u{2029}');
    let near = if terminator.is_ascii() {
        ascii_end(text.as_bytes(), start, at, limit)
    } else if text[behind..limit].starts_with(terminator) && !ends_paragraph {
        // Of several terminators in a row, the last is asked (SB8a).
        Near::NoEnd
    } else {
        Near::Unclear
    };
    match near {
        Near::End(end) => Some(end).filter(|&end| end < text.len()),
        Near::NoEnd => None,
        Near::Unclear => excerpt_end(text, start, at, behind, limit),
    }
}

/// What the characters near a terminator say.
enum Near {
    End(usize),
    NoEnd,
    /// What decides is not ASCII.
    Unclear,
}

/// The rules SB3 to SB11, written out for ASCII and quotation marks, which most terminators stand in.
fn ascii_end(bytes: &[u8], start: usize, at: usize, limit: usize) -> Near {
    let behind = at + 1;
    let line_end = |at: usize| Near::End(at + if bytes[at..].starts_with(b"\r\n") { 2 } else { 1 });
    if matches!(bytes[at], b'\n' | b'\r') {
        return line_end(at);
    }
    let closed = behind + run(&bytes[behind..limit], true, |byte| b"\"'()[]{}".contains(&byte));
    let end = closed + run(&bytes[closed..limit], false, |byte| b" \t\x0b\x0c".contains(&byte));
    let full_stop = bytes[at] == b'.';
    match bytes[..limit].get(end) {
        None | Some(b',' | b'-' | b':' | b';' | b'.' | b'!' | b'?') => Near::NoEnd,
        Some(b'\n' | b'\r') => line_end(end),
        // `U.S.` is no end, `5.A` is one.
        Some(b'A'..=b'Z') if full_stop && end == behind => match bytes[start..at].last() {
            Some(before) if before.is_ascii_alphabetic() => Near::NoEnd,
            Some(before) if !before.is_ascii() => Near::Unclear,
            _ => Near::End(end),
        },
        // Behind a full stop, a sentence goes on if the next letter is small.
        Some(_) if full_stop => {
            let passed = run(&bytes[end..limit], true, |byte| {
                !byte.is_ascii_alphabetic() && !b"\n\r.!?".contains(&byte)
            });
            match bytes[..limit].get(end + passed) {
                Some(decides) if !decides.is_ascii() => Near::Unclear,
                Some(b'a'..=b'z') => Near::NoEnd,
                _ => Near::End(end),
            }
        }
        Some(next) if !next.is_ascii() => Near::Unclear,
        Some(_) => Near::End(end),
    }
}

/// How many bytes the run at the start is long, of ASCII that `holds`, and of quotation marks (U+2018 to U+201F) if they
/// are passed over too.
fn run(bytes: &[u8], quotation_marks: bool, holds: impl Fn(u8) -> bool) -> usize {
    let mut length = 0;
    loop {
        length += match bytes[length..] {
            [byte, ..] if byte.is_ascii() && holds(byte) => 1,
            [0xe2, 0x80, 0x98..=0x9f, ..] if quotation_marks => 3,
            _ => return length,
        };
    }
}

/// The rules, applied to an excerpt.
fn excerpt_end(text: &str, start: usize, at: usize, behind: usize, limit: usize) -> Option<usize> {
    // The letter before a full stop matters (SB7), with the marks on it; before other terminators nothing does.
    let is_full_stop = matches!(&text[at..behind], "." | "\u{2024}" | "\u{fe52}" | "\u{ff0e}");
    let context = if is_full_stop { CONTEXT_BYTES } else { 0 };
    let from = text.floor_char_boundary(at.saturating_sub(context)).max(start);
    // Behind it, the first letter decides (SB8), with the marks on it.
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
            "\u{201c}",
            "\u{2019}",
            "\u{2014}",
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
            ": ",
            "\u{b}",
            "\u{c} ",
            "[",
            "}",
            "É.",
            "Éa",
            "x.Y",
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
        fn ends_are_those_of_the_rules(text in pieces(), from in 0..50usize, to in 0..200usize) {
            let start = text.floor_char_boundary(from.min(text.len()));
            let end = text.floor_char_boundary(to.clamp(start, text.len()).max(start));
            let forward: Vec<usize> = ends(&text, &(start..end)).collect();
            prop_assert_eq!(&forward, &by_the_rules(&text, start..end), "{:?} in {}..{}", text, start, end);
            let mut back: Vec<usize> = ends_back(&text, &(start..end)).filter(|&at| at <= end).collect();
            back.reverse();
            prop_assert_eq!(back, forward, "{:?} in {}..{}", text, start, end);
        }
    }

    #[test]
    fn candidates_are_found_wherever_they_stand() {
        for byte in 0..=u8::MAX {
            for (length, place) in [(64, 0), (64, 7), (64, 8), (64, 63), (1, 0), (9, 8), (63, 62), (33, 5)] {
                let mut block = vec![b'a'; length];
                block[0] = b'.';
                block[place] = byte;
                let expected = (0..length)
                    .filter(|&at| may_terminate(block[at]) != 0)
                    .fold(0, |bits, at| bits | 1 << at);
                assert_eq!(candidates(&block), expected, "{byte:#x} at {place} of {length}");
            }
        }
    }

    /// What is decided without the rules is what they say.
    #[test]
    fn plain_ends_are_those_of_the_rules() {
        let some = ['.', '!', '?', '\n', '\r', ' ', '\t', 'A', 'a', '7', '"', ',', 'É'];
        for four in
            (0..some.len().pow(4)).map(|n| [1, 13, 169, 2197].map(|place| some[n / place % some.len()]))
        {
            let text: String = ['x'].into_iter().chain(four).chain(['b', '\n']).collect();
            if let Some(end) = plain_end(text.as_bytes(), 1) {
                assert_eq!(ends(&text, &(0..text.len())).find(|&end| end > 1), Some(end), "{text:?}");
            }
        }
    }

    fn by_the_rules(text: &str, window: Range<usize>) -> Vec<usize> {
        let looked_at = &text[window.start..text.floor_char_boundary(window.end + LOOK_AHEAD_BYTES)];
        let ends = looked_at.split_sentence_bound_indices().map(|(at, _)| window.start + at);
        ends.filter(|&at| at > window.start && at <= window.end).collect()
    }

    /// A search that looks on from each blank would not come back from this.
    #[test]
    fn blanks_and_brackets_behind_a_full_stop_cost_no_more_than_others() {
        for run in [" ", ")", "(", "1 ", "\u{301}", "。"] {
            let text = format!("An end.{}", run.repeat(100_000));
            let _ = ends(&text, &(0..text.len())).count();
        }
    }
}
