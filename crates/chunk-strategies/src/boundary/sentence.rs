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
            found = candidates(&bytes[from..end]);
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
            found = candidates(&bytes[block.clone()]);
        }
        let first = found.trailing_zeros();
        found &= found - 1;
        Some(block.start + first as usize)
    })
}

/// Most sentences of prose have an end in so many bytes.
const BLOCK_BYTES: usize = 64;

/// Which bytes of a block may begin a mark that ends a sentence, a bit for each. All are compared at once, and no branch
/// depends on what they are: in prose that cannot be predicted, and a branch that was not costs as much as all of this.
fn candidates(block: &[u8]) -> u64 {
    let mut bytes = [0; BLOCK_BYTES];
    match block.first_chunk() {
        Some(whole) => bytes = *whole,
        None => bytes[..block.len()].copy_from_slice(block),
    }
    let found = bytes.map(may_end);
    let (eights, _) = found.as_chunks();
    eights.iter().rev().fold(0, |bits, &eight| bits << 8 | bits_of(eight))
}

/// Eight zeros and ones as the bits of a byte, the first lowest: the product has each of them at its own place in the
/// highest byte.
fn bits_of(eight: [u8; 8]) -> u64 {
    u64::from_le_bytes(eight).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// 1 if a mark that ends a sentence may start with this byte, else 0.
fn may_end(byte: u8) -> u8 {
    let is = |wanted: u8| u8::from(byte == wanted);
    let within = |first: u8, last: u8| u8::from(byte.wrapping_sub(first) <= last - first);
    is(b'.')
        | is(b'?')
        // `!` and `)`
        | u8::from(byte & !8 == b'!')
        | within(b'\n', b'\r')
        // Not the letters of Latin, Greek and Cyrillic, ideographs and the syllables of Hangul.
        | is(0xc2)
        | is(0xcd)
        | within(0xd5, 0xe3)
        | is(0xea)
        | u8::from(byte >= 0xee)
}

/// What is most frequent, and told without the rules: where a line ends, or a mark stands with a blank behind it, before an
/// ASCII letter. `None` where that does not decide.
///
/// Few branches, and what is frequent first: this takes as long as what the processor guesses wrong here.
#[allow(clippy::option_option)]
fn plain_end(bytes: &[u8], from: usize, at: usize) -> Option<Option<usize>> {
    let &[mark, behind @ ..] = bytes.get(at..)?.first_chunk::<4>()?;
    let before = *bytes[from..at].last()?;
    if mark == b'\n' {
        return plain_line_end(bytes, from, at, before, behind);
    }
    if has(mark, MARK) {
        return plain_mark_end(bytes, from, at, behind[0]);
    }
    let is_told = match mark {
        b')' => {
            let may_be_item = (before.is_ascii_digit() || before == b'.')
                && (!behind[0].is_ascii() || chars::is_blank(char::from(behind[0])));
            !may_be_item || behind[1].is_ascii_lowercase()
        }
        // Quotation marks, dashes, and blanks of a given width; arrows and boxes; kana.
        0xe2 => (behind[0] == 0x80 && behind[1] <= 0xa1) || matches!(behind[0], 0x82..=0x95),
        0xe3 => matches!(behind[0], 0x81..=0x83),
        mark => mark == b'\x0b',
    };
    is_told.then_some(None)
}

/// The same of a full stop, `!` or `?`.
#[allow(clippy::option_option)]
fn plain_mark_end(bytes: &[u8], from: usize, at: usize, next: u8) -> Option<Option<usize>> {
    let closed = at + 1 + usize::from(next == b'"');
    let &behind = bytes.get(closed..)?.first_chunk::<3>()?;
    let is_line_end = behind[0] == b'\n';
    if !is_line_end && behind[0] != b' ' {
        return has(behind[0], ALPHANUMERIC | INNER).then_some(None);
    }
    if is_line_end && behind[1] == b'\n' {
        return Some(Some(closed + 1));
    }
    let blanks = 1 + usize::from(behind[0] == b' ' && behind[1] == b' ');
    let next = behind[blanks];
    // `A.` may be an item behind a line's end.
    if next.is_ascii_uppercase() && (!is_line_end || has(behind[2], LETTER)) {
        return match PlainWord::before(&bytes[from..at], bytes[at]) {
            PlainWord::Last => Some(Some(closed + blanks)),
            PlainWord::Title if closed == at + 1 => Some(None),
            PlainWord::Title | PlainWord::Unknown => None,
        };
    }
    if is_line_end || !next.is_ascii_lowercase() {
        return None;
    }
    let behind = bytes.get(closed + blanks..)?.first_chunk()?;
    (!may_be_item(*behind)).then_some(None)
}

/// The same of a line's end.
#[allow(clippy::option_option)]
fn plain_line_end(
    bytes: &[u8],
    from: usize,
    at: usize,
    before: u8,
    behind: [u8; 3],
) -> Option<Option<usize>> {
    let next = behind[0];
    let goes_on = has(before, ALPHANUMERIC) || before == b',';
    // The next line begins with something of its own, or this one does not lead on.
    if has(next, BEGINS_LINE) | has(before, ENDS_LINE) | (goes_on & has(next, CAPITAL_OR_DIGIT)) {
        return Some(Some(at + 1));
    }
    if goes_on && next.is_ascii_lowercase() {
        return (!may_be_item(behind)).then_some(None);
    }
    let is_deep = next == b'\t' || (behind == *b"   " && matches!(bytes.get(at + 4), Some(b' ' | b'\t')));
    let is_end = is_deep
        || (before == b'.' && next.is_ascii_uppercase() && has(behind[1], LETTER))
            && matches!(PlainWord::before(&bytes[from..at - 1], b'.'), PlainWord::Last);
    is_end.then_some(Some(at + 1))
}

/// Whether a small letter may be that of a list's item, as in `b)` and `iv.`
fn may_be_item(start: [u8; 3]) -> bool {
    has(start[1], ITEM_MARK) | (has(start[0], NUMERAL) & has(start[1], NUMERAL))
}

/// Whether a byte is of one of these kinds.
fn has(byte: u8, kinds: u16) -> bool {
    KINDS[usize::from(byte)] & kinds != 0
}

const LETTER: u16 = 1;
const ALPHANUMERIC: u16 = 2;
const CAPITAL_OR_DIGIT: u16 = 4;
/// What a line begins with that does not go on with the one before.
const BEGINS_LINE: u16 = 8;
/// What a line ends with that the next one does not go on with.
const ENDS_LINE: u16 = 16;
/// Before this, a mark ends nothing: in code, and before another mark, which is asked instead.
const INNER: u16 = 32;
const ITEM_MARK: u16 = 64;
/// Of small Roman numerals.
const NUMERAL: u16 = 128;
/// What ends most sentences.
const MARK: u16 = 256;

static KINDS: [u16; 256] = {
    let mut kinds = [0; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        if byte.is_ascii_alphabetic() {
            kinds[at] |= LETTER;
        }
        if byte.is_ascii_alphanumeric() {
            kinds[at] |= ALPHANUMERIC;
        }
        if byte.is_ascii_uppercase() || byte.is_ascii_digit() {
            kinds[at] |= CAPITAL_OR_DIGIT;
        }
        // Neither letters and digits nor blanks and what opens something.
        let may_go_on = matches!(
            byte,
            b' ' | b'\t' | b'\x0b' | b'"' | b'\'' | b'(' | b'[' | b'{' | b'*' | b'_' | b'~' | b'`'
        );
        if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !may_go_on {
            kinds[at] |= BEGINS_LINE;
        }
        if matches!(byte, b'\n' | b':' | b';' | b'{' | b'|' | b'>' | b'=' | b'#') {
            kinds[at] |= ENDS_LINE;
        }
        if matches!(byte, b'#'..=b'&' | b'(' | b'+'..=b'/' | b':'..=b'@' | b'\\' | b'^' | b'{' | b'|') {
            kinds[at] |= INNER;
        }
        if matches!(byte, b'.' | b')' | b']') {
            kinds[at] |= ITEM_MARK;
        }
        if matches!(byte, b'i' | b'v' | b'x') {
            kinds[at] |= NUMERAL;
        }
        if matches!(byte, b'.' | b'!' | b'?') {
            kinds[at] |= MARK;
        }
        at += 1;
    }
    kinds
};

/// What a mark's word says before a capital.
enum PlainWord {
    /// A sentence may end with it.
    Last,
    /// A name follows.
    Title,
    Unknown,
}

impl PlainWord {
    /// Of the word that the text ends with.
    fn before(bytes: &[u8], mark: u8) -> Self {
        let Some(&last) = bytes.last() else { return PlainWord::Unknown };
        if last == b')' || (mark != b'.' && last.is_ascii_alphanumeric()) {
            return PlainWord::Last;
        }
        if mark != b'.' {
            return PlainWord::Unknown;
        }
        let (mut letters, mut has_vowel, mut is_numeral) = (0, false, true);
        for &byte in bytes.iter().rev().take(LONGEST_BYTES + 2) {
            let lower = byte | 0x20;
            // But for the first, in small letters.
            if !lower.is_ascii_lowercase() || byte != lower && letters == 0 {
                break;
            }
            let bit = 1 << (lower - b'a');
            has_vowel |= VOWELS & bit != 0;
            is_numeral &= NUMERALS & bit != 0;
            letters += 1;
            if byte != lower {
                break;
            }
        }
        let (head, word) = bytes.split_at(bytes.len() - letters);
        if letters > LONGEST_BYTES && word[letters - LONGEST_BYTES - 1..].iter().all(u8::is_ascii_lowercase) {
            return PlainWord::Last;
        }
        let is_apart = matches!(head.last(), Some(b' ' | b'\n'));
        // `ii.` may be a list's.
        if letters < 2 || !is_apart || is_numeral {
            return PlainWord::Unknown;
        }
        if has_vowel && !may_be(word) && !word.ends_with(b"str") {
            return PlainWord::Last;
        }
        let is_title = matches!(word, b"Mr" | b"Mrs" | b"Ms" | b"Dr");
        if is_title { PlainWord::Title } else { PlainWord::Unknown }
    }
}

const VOWELS: u32 = bits(b"aeiouy");
const NUMERALS: u32 = bits(b"ivx");

/// Letters as bits of a number.
const fn bits(letters: &[u8]) -> u32 {
    let (mut bits, mut at) = (0, 0);
    while at < letters.len() {
        bits |= 1 << (letters[at] - b'a');
        at += 1;
    }
    bits
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
                let mut block = vec![b'a'; length];
                block[0] = b'.';
                block[place] = byte;
                let expected = block.iter().rev().fold(0, |bits, &byte| bits << 1 | u64::from(may_end(byte)));
                assert_eq!(candidates(&block), expected, "{byte:#x} at {place} of {length}");
            }
        }
    }

    /// A character that is no candidate, or is told at once to end nothing, ends nothing by the rules.
    #[test]
    fn every_mark_is_a_candidate() {
        for c in '\0'..=char::MAX {
            let text = format!("An{c} End");
            let lead = text.as_bytes()[2];
            let is_mark = chars::is_mark(c) || chars::ends_line(c) || chars::is_bullet(c) || c == ')';
            if is_mark {
                assert_eq!(may_end(lead), 1, "{c:?}");
            }
            if !c.is_ascii() && plain_end(text.as_bytes(), 0, 2).is_some() {
                assert!(!is_mark, "{c:?}");
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
