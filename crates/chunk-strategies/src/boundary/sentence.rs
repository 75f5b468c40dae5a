//! Where sentences end.
//!
//! A sentence ends only behind a mark, so the [rules](rule) are asked at marks and nowhere else.

mod abbreviations;
mod chars;
mod function_words;
mod rule;
mod word;

use std::ops::Range;

use self::abbreviations::{LONGEST_BYTES, may_be};
use self::rule::Next;
use super::LOOK_AHEAD_BYTES;

/// The part of a text that may decide on a sentence's end.
#[derive(Clone, Copy)]
pub(crate) struct View<'d> {
    text: &'d str,
    from: usize,
    to: usize,
    /// Whether a word may have begun before `from`.
    is_cut: bool,
}

impl<'d> View<'d> {
    /// From `from`, where a word begins, and as far ahead as rules look.
    pub(super) fn from(text: &'d str, from: usize) -> Self {
        View { text, from, to: text.len(), is_cut: false }
    }

    /// Of nothing but this range.
    pub(crate) fn within(text: &'d str, range: Range<usize>) -> Self {
        View { text, from: range.start, to: range.end, is_cut: range.start > 0 }
    }

    fn char_at(&self, at: usize) -> Option<char> {
        let byte = *self.text.as_bytes()[..self.to].get(at)?;
        if byte.is_ascii() { Some(char::from(byte)) } else { self.text.get(at..self.to)?.chars().next() }
    }

    fn char_before(&self, at: usize) -> Option<char> {
        let byte = *self.text.as_bytes()[self.from..at].last()?;
        if byte.is_ascii() { Some(char::from(byte)) } else { self.text[self.from..at].chars().next_back() }
    }

    /// Up to so many bytes before `at`.
    fn back_str(&self, at: usize, bytes: usize) -> &'d str {
        let start = self.text.ceil_char_boundary(at.saturating_sub(bytes));
        &self.text[start.max(self.from).min(at)..at]
    }

    /// Their characters, the last first.
    fn back(&self, at: usize, bytes: usize) -> impl Iterator<Item = char> + use<'d> {
        self.back_str(at, bytes).chars().rev()
    }

    /// Up to so many bytes behind `at`.
    fn ahead_str(&self, at: usize, bytes: usize) -> &'d str {
        let end = self.text.floor_char_boundary(at.saturating_add(bytes).min(self.to));
        self.text.get(at..end).unwrap_or_default()
    }

    fn ahead(&self, at: usize, bytes: usize) -> impl Iterator<Item = char> + use<'d> {
        self.ahead_str(at, bytes).chars()
    }

    fn between(&self, from: usize, to: usize) -> &'d str {
        &self.text[from..to]
    }

    /// Behind what `holds` of, no farther than rules look.
    fn skip(&self, at: usize, holds: impl Fn(char) -> bool) -> usize {
        let ahead = self.ahead_str(at, RUN_BYTES);
        at + ahead.find(|c| !holds(c)).unwrap_or(ahead.len())
    }

    /// The first character from `at` that opens nothing.
    fn opened(&self, at: usize) -> Option<Next> {
        let ahead = self.ahead_str(at, RUN_BYTES);
        let (behind, c) = ahead.char_indices().find(|&(_, c)| !chars::is_opener(c))?;
        Some(Next { at: at + behind, c, in_bracket: ahead[..behind].contains(['(', '[']) })
    }

    fn is_cut_at(&self, at: usize) -> bool {
        self.is_cut && at == self.from
    }
}

/// How many blanks, or other characters of a kind, a rule passes over.
const RUN_BYTES: usize = 64;

/// How far behind a place the mark may stand that tells it: the bracket of `2)`.
const MARK_BYTES: usize = 8;

/// Offsets in `(window.start, window.end]` at which a sentence ends, with the blanks behind it, ascending; `from` is where
/// the text begins that may be looked at.
pub(super) fn ends<'d>(
    text: &'d str,
    from: usize,
    window: &Range<usize>,
) -> impl Iterator<Item = usize> + use<'d> {
    let (view, end) = (View::from(text, from), window.end);
    let mut highest = window.start;
    candidates_forth(text.as_bytes(), &(window.start..marks_end(text, window.end)))
        .filter_map(move |at| plain_end(text.as_bytes(), from, at).unwrap_or_else(|| end_at(view, at)))
        .filter(move |&found| found <= end)
        // Several marks in a row have one end.
        .filter(move |&found| {
            let is_new = found > highest;
            highest = highest.max(found);
            is_new
        })
}

/// The same offsets, descending, and found from the end of the window.
pub(super) fn ends_back<'d>(
    text: &'d str,
    from: usize,
    window: &Range<usize>,
) -> impl Iterator<Item = usize> + use<'d> {
    let (view, start) = (View::from(text, from), window.start);
    let mut lowest = window.end + 1;
    candidates_back(text.as_bytes(), &(window.start..marks_end(text, window.end)))
        .filter_map(move |at| plain_end(text.as_bytes(), from, at).unwrap_or_else(|| end_at(view, at)))
        .filter(move |&found| {
            let is_new = found < lowest && found > start;
            lowest = if is_new { found } else { lowest };
            is_new
        })
}

fn marks_end(text: &str, window_end: usize) -> usize {
    text.len().min(window_end.saturating_add(MARK_BYTES))
}

/// Where marks may begin that end a sentence, the last first.
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
            found = candidates(bytes, from..end);
        }
        let last = found.ilog2();
        found ^= 1 << last;
        Some(from + last as usize)
    })
}

/// The same, the first first.
fn candidates_forth<'d>(bytes: &'d [u8], window: &Range<usize>) -> impl Iterator<Item = usize> + use<'d> {
    let (end, mut block) = (window.end, window.start..window.start);
    let mut found: u64 = 0;
    std::iter::from_fn(move || {
        while found == 0 {
            if block.end == end {
                return None;
            }
            block = block.end..end.min(block.end + BLOCK_BYTES);
            found = candidates(bytes, block.clone());
        }
        let first = found.trailing_zeros();
        found &= found - 1;
        Some(block.start + first as usize)
    })
}

/// Most sentences of prose have an end in so many bytes.
const BLOCK_BYTES: usize = 64;
/// What a candidate is told by, before it and behind it.
const BEFORE_BYTES: usize = 1;
const BEHIND_BYTES: usize = 3;

/// Which bytes of a block may begin a mark that ends a sentence, a bit for each. All are compared at once, and no branch
/// depends on what they are: in prose that cannot be predicted, and a branch that was not costs as much as all of this.
fn candidates(bytes: &[u8], block: Range<usize>) -> u64 {
    let mut near = [0; BEFORE_BYTES + BLOCK_BYTES + BEHIND_BYTES];
    let first = block.start.saturating_sub(BEFORE_BYTES);
    let known = &bytes[first..bytes.len().min(block.end + BEHIND_BYTES)];
    let offset = BEFORE_BYTES - (block.start - first);
    match (offset, known.first_chunk()) {
        (0, Some(whole)) => near = *whole,
        _ => near[offset..offset + known.len()].copy_from_slice(known),
    }
    let mut found = [0; BLOCK_BYTES];
    for (i, found) in found.iter_mut().enumerate() {
        *found = may_end(near[i], near[i + 1], near[i + 2], near[i + 3], near[i + 4]);
    }
    let (eights, _) = found.as_chunks();
    let bits = eights.iter().rev().fold(0, |bits, &eight| bits << 8 | bits_of(eight));
    // Behind the block are bytes that the next one looks at, too.
    bits & (u64::MAX >> (BLOCK_BYTES - block.len()))
}

/// Eight zeros and ones as the bits of a byte, the first lowest: the product has each of them at its own place in the
/// highest byte.
fn bits_of(eight: [u8; 8]) -> u64 {
    u64::from_le_bytes(eight).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// 1 if a mark that ends a sentence may start with this byte, given one before it and three behind it; else 0.
fn may_end(before: u8, byte: u8, next: u8, third: u8, fourth: u8) -> u8 {
    let is = |byte: u8, wanted: u8| u8::from(byte == wanted);
    let within = |byte: u8, first: u8, last: u8| u8::from(byte.wrapping_sub(first) <= last - first);
    let is_lower = |byte: u8| within(byte, b'a', b'z');
    let is_digit = |byte: u8| within(byte, b'0', b'9');
    let is_alphanumeric = |byte: u8| is_lower(byte | 0x20) | is_digit(byte);
    // The letter of a list's item, as `may_be_item` tells it.
    let is_item = |letter: u8, behind: u8| {
        let is_numeral = |byte: u8| is(byte, b'i') | is(byte, b'v') | is(byte, b'x');
        is(behind, b'.') | is(behind, b')') | is(behind, b']') | (is_numeral(letter) & is_numeral(behind))
    };
    let goes_on = |letter: u8, behind: u8| is_lower(letter) & (is_item(letter, behind) ^ 1);
    let mark = is(byte, b'.') | is(byte, b'!') | is(byte, b'?');
    let inner_mark = is_alphanumeric(next) | (is(next, b' ') & goes_on(third, fourth));
    let inner_line = goes_on(next, third) & (is_alphanumeric(before) | is(before, b','));
    let item = is_digit(before) | is(before, b'.');
    // Ideographs, and the syllables of Hangul.
    let is_letter = within(byte, 0xe4, 0xe9) | within(byte, 0xeb, 0xed);
    (mark & (inner_mark ^ 1))
        | (is(byte, b'\n') & (inner_line ^ 1))
        | is(byte, b'\r')
        | is(byte, b'\x0c')
        | (is(byte, b')') & item)
        | (u8::from(byte >= 0xc0) & (is_letter ^ 1))
}

/// What is most frequent, and told without the rules: where a line ends, or a mark stands with a blank behind it, before an
/// ASCII letter. `None` where that does not decide.
#[allow(clippy::option_option)]
fn plain_end(bytes: &[u8], from: usize, at: usize) -> Option<Option<usize>> {
    let &[mark, behind @ ..] = bytes.get(at..)?.first_chunk::<4>()?;
    let before = *bytes[from..at].last()?;
    match mark {
        b'\n' if before == b'\n' || behind[0] == b'\n' => Some(Some(at + 1)),
        b'\n' if behind[0].is_ascii_lowercase() && (before.is_ascii_alphanumeric() || before == b',') => {
            (!may_be_item(behind)).then_some(None)
        }
        b'\n' if behind[0].is_ascii_uppercase() => {
            let is_plain =
                before.is_ascii_alphanumeric() || (before == b'.' && is_plain_word(&bytes[from..at - 1]));
            (is_plain && behind[1].is_ascii_alphabetic()).then_some(Some(at + 1))
        }
        b'.' | b'!' | b'?' => {
            let blanks = match behind {
                [b'\n', b'\n', _] => return Some(Some(at + 2)),
                [b' ', b' ', _] => 2,
                [b' ' | b'\n', ..] => 1,
                [next, ..] if next.is_ascii_alphanumeric() => return Some(None),
                _ => return None,
            };
            let next = behind[blanks];
            if next.is_ascii_lowercase() && behind[0] == b' ' {
                let behind = bytes.get(at + 1 + blanks..)?.first_chunk()?;
                return (!may_be_item(*behind)).then_some(None);
            }
            let is_plain = || {
                before == b')'
                    || if mark == b'.' {
                        is_plain_word(&bytes[from..at])
                    } else {
                        before.is_ascii_alphanumeric()
                    }
            };
            // `A.` may be an item behind a line's end.
            let is_capital = next.is_ascii_uppercase()
                && (behind[0] == b' ' || bytes.get(at + 3).is_some_and(u8::is_ascii_alphabetic));
            (is_capital && is_plain()).then_some(Some(at + 1 + blanks))
        }
        b')' if !(before.is_ascii_digit() || before == b'.') => Some(None),
        _ => None,
    }
}

/// Whether a small letter may be that of a list's item, as in `b)` and `iv.`
fn may_be_item(start: [u8; 3]) -> bool {
    let is_mark = |byte: u8| matches!(byte, b'.' | b')' | b']');
    let is_numeral = |byte: u8| matches!(byte, b'i' | b'v' | b'x');
    is_mark(start[1]) || (is_numeral(start[0]) && is_numeral(start[1]))
}

/// Whether the text ends with a word that is certainly no abbreviation.
fn is_plain_word(bytes: &[u8]) -> bool {
    let near = &bytes[bytes.len().saturating_sub(LONGEST_BYTES + 1)..];
    let letters = near.iter().rev().take_while(|byte| byte.is_ascii_lowercase()).count();
    if letters > LONGEST_BYTES {
        return true;
    }
    let (head, word) = near.split_at(near.len() - letters);
    let (head, word) = match head.split_last() {
        Some((capital, before)) if capital.is_ascii_uppercase() => (before, &near[before.len()..]),
        _ => (head, word),
    };
    // `ii.` may be a list's.
    let is_numeral = |byte: &u8| matches!(byte | 0x20, b'i' | b'v' | b'x');
    let is_vowel = |byte: &u8| matches!(byte | 0x20, b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
    word.len() > 1
        && matches!(head.last(), Some(b' ' | b'\n'))
        && word.iter().any(is_vowel)
        && !word.iter().all(is_numeral)
        && !word.ends_with(b"str")
        && !may_be(word)
}

/// The end that the character which starts at this byte gives away.
fn end_at(view: View<'_>, at: usize) -> Option<usize> {
    let c = match view.text.as_bytes()[at] {
        // What is most frequent: letters, digits, blanks, and the inner bytes of a character.
        b' ' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | 0x80..=0xbf => return None,
        // The full stop of `3.14` and `lib.rs`.
        b'.' if view.text.as_bytes().get(at + 1).is_some_and(u8::is_ascii_alphanumeric) => return None,
        byte if byte.is_ascii() => char::from(byte),
        _ => view.char_at(at)?,
    };
    end_behind(view, at, c)
}

/// The end of the sentence, with the blanks behind it, that this character of the view gives away; not the text's end.
pub(crate) fn end_behind(view: View<'_>, at: usize, c: char) -> Option<usize> {
    let to = view.text.floor_char_boundary(at.saturating_add(LOOK_AHEAD_BYTES).min(view.to));
    rule::end(View { to, ..view }, at, c).filter(|&end| end < view.text.len())
}

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
            let forward: Vec<usize> = ends(&text, 0, &(start..end)).collect();
            prop_assert_eq!(&forward, &by_the_rules(&text, start..end), "{:?} in {}..{}", text, start, end);
            let mut back: Vec<usize> = ends_back(&text, 0, &(start..end)).collect();
            back.reverse();
            prop_assert_eq!(back, forward, "{:?} in {}..{}", text, start, end);
        }
    }

    #[test]
    fn candidates_are_found_wherever_they_stand() {
        for byte in 0..=u8::MAX {
            for (length, place) in [(64, 0), (64, 7), (64, 8), (64, 63), (1, 0), (9, 8), (63, 62), (33, 5)] {
                for start in [0, 1, 5] {
                    let mut text = vec![b' '; start + length + 2];
                    let block = start..start + length;
                    text[block.start] = b'.';
                    text[block.start + place] = byte;
                    let at = |at: usize| text.get(at).copied().unwrap_or(0);
                    let expected = block.clone().fold(0, |bits, i| {
                        let before = i.checked_sub(1).map_or(0, at);
                        bits | u64::from(may_end(before, at(i), at(i + 1), at(i + 2), at(i + 3)))
                            << (i - start)
                    });
                    assert_eq!(
                        candidates(&text, block),
                        expected,
                        "{byte:#x} at {place} of {length} from {start}"
                    );
                }
            }
        }
    }

    /// What is decided without the rules is what they say.
    #[test]
    fn plain_ends_are_those_of_the_rules() {
        let some = ['.', '!', '?', '\n', '\r', ' ', ')', 'A', 'a', '7', '"', ',', 'i'];
        for four in
            (0..some.len().pow(4)).map(|n| [1, 13, 169, 2197].map(|place| some[n / place % some.len()]))
        {
            let text: String = "of x".chars().chain(four).chain(['b', '\n']).collect();
            if let Some(end) = plain_end(text.as_bytes(), 0, 4) {
                assert_eq!(end_at(View::from(&text, 0), 4), end, "{text:?}");
            }
        }
        let words = "a An the Dr Inc st Str berlinerstr no etc x PDF Bros usw Herz sentence vgl hptst Skt prof mrs. e.g ii iv";
        for word in words.split(' ') {
            for behind in [
                ". Peter went.",
                ".  Peter went.",
                ".\nPeter went.",
                ". peter",
                "\nPeter",
                "\npeter",
                ",\nb) c",
                "? A. B",
                ".\nA. B",
            ] {
                for before in ["of ", "of\n", "of. "] {
                    let text = format!("{before}{word}{behind}");
                    for at in 0..text.len() {
                        if let Some(end) = plain_end(text.as_bytes(), 0, at) {
                            assert_eq!(end_at(View::from(&text, 0), at), end, "{text:?} at {at}");
                        }
                    }
                }
            }
        }
    }

    /// Every character asked, and the rules each time.
    fn by_the_rules(text: &str, window: Range<usize>) -> Vec<usize> {
        let view = View::from(text, 0);
        let marks = text.char_indices().filter(|&(at, _)| at >= window.start && at < window.end + MARK_BYTES);
        let mut ends: Vec<usize> = marks.filter_map(|(at, c)| end_behind(view, at, c)).collect();
        ends.sort_unstable();
        ends.dedup();
        ends.retain(|&at| at > window.start && at <= window.end);
        ends
    }

    /// A search that looks on from each blank would not come back from this.
    #[test]
    fn blanks_and_brackets_behind_a_full_stop_cost_no_more_than_others() {
        for run in [" ", ")", "(", "1 ", "\u{301}", "。"] {
            let text = format!("An end.{}", run.repeat(100_000));
            let _ = ends(&text, 0, &(0..text.len())).count();
        }
    }
}
