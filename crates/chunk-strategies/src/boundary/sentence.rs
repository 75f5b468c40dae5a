//! Where sentences end.
//!
//! A sentence ends only behind a mark, so the [rules](rule) are asked at marks and nowhere else.

mod abbreviations;
mod bits;
mod candidates;
mod chars;
mod function_words;
mod indic;
mod leads_on;
mod plain;
mod quotation;
mod rule;
mod speakers;
mod word;
mod word_lists;

use std::ops::Range;

use self::candidates::{candidates_back, candidates_forth};
use self::plain::plain_end;
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
        .filter_map(move |at| plain_end(text, from, at).unwrap_or_else(|| end_at(view, at)))
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
        .filter_map(move |at| plain_end(text, from, at).unwrap_or_else(|| end_at(view, at)))
        .filter(move |&found| {
            let is_new = found < lowest && found > start;
            lowest = if is_new { found } else { lowest };
            is_new
        })
}

fn marks_end(text: &str, window_end: usize) -> usize {
    text.len().min(window_end.saturating_add(MARK_BYTES))
}

/// The end that the character which starts at this byte gives away.
fn end_at(view: View<'_>, at: usize) -> Option<usize> {
    let c = match view.text.as_bytes()[at] {
        // What is most frequent: letters, digits, blanks, and the inner bytes of a character.
        b' ' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | 0x80..=0xbf => return None,
        // The full stop of `3.14` and `lib.rs`.
        b'.' if view.text.as_bytes().get(at + 1).is_some_and(u8::is_ascii_lowercase) => return None,
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

    use super::candidates::may_end;
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
            if !c.is_ascii() && plain_end(&text, 0, 2).is_some() {
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
            if let Some(end) = plain_end(&text, 0, 4) {
                assert_eq!(end_at(View::from(&text, 0), 4), end, "{text:?}");
            }
        }
        let words = "a An the Dr Inc st Str berlinerstr no etc x PDF Bros usw Herz sentence vgl hptst Skt prof mrs. e.g ii iv \
                     GPU NaNs IDs CSS XL IL EE UU EX Zt HashMap ESTR Yahoo Jump eks d kr x::y f(x) <b> 'c' 5a 12 i.e Mill";
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
                ". (Peter went.",
                ". 'Peter went.",
                ". [Peter went.",
                ".) Peter went.",
                "!) Peter went.",
                ".) peter",
                ") peter",
                "! Peter went.",
                "; Peter",
            ] {
                for before in [
                    "of ", "of\n", "of. ", "a-", "a_", "of (", "of \"", "a:", "Z. ", "f. ", "t.", "a&", "a [",
                ] {
                    // As many bytes behind it as rules look at.
                    let text = format!("{before}{word}{behind}{}", " It went on.".repeat(12));
                    for at in 0..text.len() {
                        if let Some(end) = plain_end(&text, 0, at) {
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
