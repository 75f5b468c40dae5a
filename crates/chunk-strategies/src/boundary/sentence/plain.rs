//! What is most frequent, told without the rules.

use super::abbreviations::{LONGEST_BYTES, ends_pair, may_be};
use super::leads_on::leads_on;
use super::rule::BRACKET_BYTES;
use super::{View, bits, chars, quotation, word};

/// What is most frequent, and told without the rules: where a line ends, or a mark stands with a blank behind it, before an
/// ASCII letter. `None` where that does not decide.
///
/// Few branches, and what is frequent first: this takes as long as what the processor guesses wrong here.
#[allow(clippy::option_option)]
pub(super) fn plain_end(text: &str, from: usize, at: usize) -> Option<Option<usize>> {
    let bytes = text.as_bytes();
    let &[mark, behind @ ..] = bytes.get(at..)?.first_chunk::<4>()?;
    let before = *bytes[from..at].last()?;
    if mark == b'\n' {
        return plain_line_end(text, from, at, before, behind);
    }
    if has(mark, MARK) {
        return plain_mark_end(text, from, at, behind[0]);
    }
    plain_other_end(bytes, from, at, mark, before, behind)
}

/// The same of other marks, which are seldom.
#[allow(clippy::option_option)]
#[inline(never)]
fn plain_other_end(
    bytes: &[u8],
    from: usize,
    at: usize,
    mark: u8,
    before: u8,
    behind: [u8; 3],
) -> Option<Option<usize>> {
    let is_told = match mark {
        // Of Greek and Armenian.
        b':' | b';' => {
            let near = bytes[from..at].iter().rev().take(32);
            near.copied()
                .find(|byte| !byte.is_ascii() || byte.is_ascii_alphabetic())
                .is_some_and(|byte| byte.is_ascii())
        }
        b')' => {
            let label_end = at - usize::from(before == b'.');
            // `:)` and `;-)` may end a sentence, too.
            let may_be_item = matches!(before, b':' | b';' | b'-') || may_be_label(&bytes[from..label_end]);
            !(may_be_item && (!behind[0].is_ascii() || chars::is_blank(char::from(behind[0]))))
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
#[inline(never)]
fn plain_mark_end(text: &str, from: usize, at: usize, next: u8) -> Option<Option<usize>> {
    let bytes = text.as_bytes();
    let is_bracket_end = next == b')';
    let closed = at + 1 + usize::from(next == b'"' || is_bracket_end);
    // `(?)` is no end.
    if is_bracket_end && bytes[at - 1] == b'(' {
        return None;
    }
    let &behind = bytes.get(closed..)?.first_chunk::<3>()?;
    let is_line_end = behind[0] == b'\n';
    if !is_line_end && behind[0] != b' ' {
        // Figures may be raised, as in `word.12`.
        let may_be_note = behind[0].is_ascii_digit() && !bytes[at - 1].is_ascii_digit();
        // Behind a small letter and before a capital, a blank may be missing.
        let may_begin = behind[0].is_ascii_uppercase() && !bytes[at - 1].is_ascii_uppercase();
        return (has(behind[0], ALPHANUMERIC | INNER) && !may_be_note && !may_begin).then_some(None);
    }
    if is_line_end && behind[1] == b'\n' {
        return Some(Some(closed + 1));
    }
    let blanks = 1 + usize::from(behind[0] == b' ' && behind[1] == b' ');
    let next = behind[blanks];
    // A quotation mark or a bracket behind a blank opens what begins with a letter.
    let is_opened = has(next, OPENS);
    let first = if is_opened { *bytes.get(closed + blanks + 1)? } else { next };
    // `A.` may be an item behind a line's end.
    if first.is_ascii_uppercase() && (!is_line_end || (!is_opened && has(behind[2], LETTER))) {
        // Who said it may follow.
        if closed > at + 1 && !is_bracket_end && bytes[at] != b'.' && !is_opened {
            return None;
        }
        let word = PlainWord::before(&bytes[from..at], bytes[at]);
        if matches!(word, PlainWord::Title) && closed == at + 1 && !is_opened {
            return Some(None);
        }
        let is_frequent = matches!(word, PlainWord::Last) && !is_bracket_end && (!is_opened || next == b'"');
        let is_told = is_frequent
            || (matches!(word, PlainWord::Last | PlainWord::LastInLatin) && is_latin(&bytes[at..]));
        return is_told.then(|| {
            let is_part = quotation::holds(View::from(text, from), at, closed);
            (!is_part).then_some(closed + blanks)
        });
    }
    if is_line_end || !next.is_ascii_lowercase() {
        return None;
    }
    let behind = bytes.get(closed + blanks..)?.first_chunk()?;
    (!may_be_item(*behind) && !may_be_label(&bytes[from..at])).then_some(None)
}

/// Whether no brackets of East Asia may be near that a sentence stands in.
fn is_latin(behind: &[u8]) -> bool {
    behind
        .first_chunk::<{ 1 + BRACKET_BYTES }>()
        .is_some_and(|near| near.iter().fold(0, |any, byte| any | byte) < 0x80)
}

/// Whether a text may end with the number or the letter of an item, apart from what is before: `2`, `b`, `iv`.
fn may_be_label(bytes: &[u8]) -> bool {
    let is_short = match *bytes {
        [.., before, last] => {
            last.is_ascii_digit() || !has(before, ALPHANUMERIC) || has(before, NUMERAL) && has(last, NUMERAL)
        }
        _ => true,
    };
    let is_graphic = |byte: &u8| byte.is_ascii_graphic();
    let mut back = bytes.iter().rev();
    // Not the last letter of `e.g.`, and not what is in brackets.
    is_short && !back.find(|&&byte| !has(byte, ALPHANUMERIC)).is_some_and(is_graphic)
}

/// The same of a line's end.
#[allow(clippy::option_option)]
fn plain_line_end(text: &str, from: usize, at: usize, before: u8, behind: [u8; 3]) -> Option<Option<usize>> {
    let bytes = text.as_bytes();
    let next = behind[0];
    let goes_on = has(before, GOES_ON);
    if goes_on && next.is_ascii_lowercase() {
        return (!may_be_item(behind)).then_some(None);
    }
    // The next line begins with something of its own, or this one does not lead on.
    if has(next, BEGINS_LINE) | has(before, ENDS_LINE) | (goes_on & next.is_ascii_digit()) {
        return Some(Some(at + 1));
    }
    if goes_on && next.is_ascii_uppercase() {
        // `B. ` may be an item.
        let goes_over = before == b',' || (before.is_ascii_lowercase() && leads_on(&bytes[from..at]));
        return if goes_over {
            (!may_be_item([next | 0x20, behind[1], behind[2]])).then_some(None)
        } else {
            Some(Some(at + 1))
        };
    }
    let is_deep = next == b'\t' || (behind == *b"   " && matches!(bytes.get(at + 4), Some(b' ' | b'\t')));
    let is_end = is_deep
        || (before == b'.' && next.is_ascii_uppercase() && has(behind[1], LETTER))
            && matches!(PlainWord::before(&bytes[from..at - 1], b'.'), PlainWord::Last)
            && !quotation::holds(View::from(text, from), at - 1, at);
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
/// What a line ends with that may go on.
const GOES_ON: u16 = 4;
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
/// What names end with that are written with `!`.
const ENDS_NAME: u16 = 512;
/// What may stand before the first letter of a sentence.
const OPENS: u16 = 1024;
/// What belongs to no word: a mark behind it ends a sentence.
const BEHIND_WORD: u16 = 2048;
/// Of Roman numerals up to 89, in any case.
const NUMERALS: u16 = 4096;

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
        if byte.is_ascii_alphanumeric() || byte == b',' {
            kinds[at] |= GOES_ON;
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
        if matches!(byte, b'#'..=b'&' | b'(' | b'+'..=b'/' | b':' | b';' | b'='..=b'@' | b'\\' | b'^' | b'{' | b'|')
        {
            kinds[at] |= INNER;
        }
        if matches!(byte, b'.' | b')' | b']') {
            kinds[at] |= ITEM_MARK;
        }
        if matches!(byte, b'i' | b'v' | b'x') {
            kinds[at] |= NUMERAL;
        }
        if matches!(byte | 0x20, b'i' | b'v' | b'x' | b'l') {
            kinds[at] |= NUMERALS;
        }
        if matches!(byte, b'.' | b'!' | b'?') {
            kinds[at] |= MARK;
        }
        if matches!(byte, b'"' | b'\'' | b'(' | b'[' | b'{' | b'*' | b'_' | b'~' | b'`') {
            kinds[at] |= OPENS;
        }
        if matches!(byte, b'"'..=b'\'' | b')' | b'+'..=b'-' | b':'..=b'>' | b'@' | b']'..=b'`' | b'{'..=b'~')
        {
            kinds[at] |= BEHIND_WORD;
        }
        let mut name = 0;
        while name < word::EXCLAIMED.len() {
            let letters = word::EXCLAIMED[name].as_bytes();
            if letters[letters.len() - 1] == byte {
                kinds[at] |= ENDS_NAME;
            }
            name += 1;
        }
        at += 1;
    }
    kinds
};

/// What a mark's word says before a capital.
#[derive(Clone, Copy)]
enum PlainWord {
    /// A sentence may end with it.
    Last,
    /// The same where no brackets of East Asia are near, in which a sentence may go on.
    LastInLatin,
    /// A name follows.
    Title,
    Unknown,
}

impl PlainWord {
    /// Of the word that the text ends with.
    fn before(bytes: &[u8], mark: u8) -> Self {
        let Some(&last) = bytes.last() else { return PlainWord::Unknown };
        if mark == b'!' && has(last, ENDS_NAME) {
            let is_name = word::EXCLAIMED.iter().any(|name| bytes.ends_with(name.as_bytes()));
            return if is_name { PlainWord::Unknown } else { PlainWord::LastInLatin };
        }
        if last == b')' || (mark != b'.' && last.is_ascii_alphanumeric()) {
            return PlainWord::Last;
        }
        if has(last, BEHIND_WORD) {
            return PlainWord::LastInLatin;
        }
        if mark != b'.' {
            return PlainWord::Unknown;
        }
        let padded;
        let near = if let Some(near) = bytes.last_chunk() {
            near
        } else {
            let mut all = [0; NEAR_BYTES];
            all[NEAR_BYTES - bytes.len()..].copy_from_slice(bytes);
            padded = all;
            &padded
        };
        // All at once: how long a word is cannot be predicted.
        let small = bits::of_16(near.map(|byte| u8::from(byte.wrapping_sub(b'a') < 26)));
        if small.leading_ones() as usize > LONGEST_BYTES {
            return PlainWord::Last;
        }
        let letters = near.map(|byte| u8::from((byte | 0x20).wrapping_sub(b'a') < 26));
        let letters = bits::of_16(letters).leading_ones() as usize;
        if !(2..=LONGEST_BYTES).contains(&letters) {
            return PlainWord::Unknown;
        }
        let of_word = !(u16::MAX >> letters);
        let (head, word) = bytes.split_at(bytes.len() - letters);
        let before = head.last().copied().unwrap_or(b'.');
        let is_apart = before.is_ascii() && before != b'.' && !has(before, ALPHANUMERIC);
        // `ii.` may be a list's.
        let is_numeral = has(last, NUMERALS) && word.iter().all(|&byte| has(byte, NUMERALS));
        if !is_apart || is_numeral {
            return PlainWord::Unknown;
        }
        // In small letters, but for the first.
        let is_cased = !small & (of_word << 1) == 0;
        let is_whole = if is_cased {
            let is = |byte: u8, letter: u8| u8::from(byte | 0x20 == letter);
            let vowels = near
                .map(|b| is(b, b'a') | is(b, b'e') | is(b, b'i') | is(b, b'o') | is(b, b'u') | is(b, b'y'));
            bits::of_16(vowels) & of_word != 0 && (letters > 3 || !ends_pair(word))
        } else {
            // `EE. UU.` is an abbreviation.
            letters > 3 || ((letters > 2 || word[0] != word[1]) && !ends_pair(word))
        };
        let is_abbreviation = may_be(word) || word[letters.saturating_sub(3)..].eq_ignore_ascii_case(b"str");
        let is_frequent = matches!(before, b' ' | b'\n' | b'"' | b'\'' | b'(' | b'-' | b'_');
        match word {
            _ if is_whole && !is_abbreviation && is_cased && is_frequent => PlainWord::Last,
            _ if is_whole && !is_abbreviation => PlainWord::LastInLatin,
            // Behind a hyphen it is a part of a word.
            b"Mr" | b"Mrs" | b"Ms" | b"Dr" if is_frequent && !matches!(before, b'-' | b'_') => {
                PlainWord::Title
            }
            _ => PlainWord::Unknown,
        }
    }
}

/// What is looked at of a word, which is more than any abbreviation has.
const NEAR_BYTES: usize = 16;
