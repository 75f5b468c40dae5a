//! Where a cut is allowed: boundaries of text, from paragraphs down to graphemes.
//!
//! Every function looks at a window only, so that cost follows what is looked at. A boundary is an offset between two
//! characters; blanks belong to what comes before them, so that a chunk starts with its first word.

mod clause;
mod sentence;
mod space;
mod words;

use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr2, memrchr_iter};
use unicode_segmentation::GraphemeCursor;

pub(crate) use self::clause::end_behind as clause_end;
pub(crate) use self::sentence::{View, end_behind as sentence_end};
pub(crate) use self::space::parts_words;
pub(crate) use self::words::{ends_within as word_ends_within, leads as mark_leads};

/// How strong a boundary is, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// After a form feed, where a page ends.
    Page,
    /// After a blank line.
    Paragraph,
    /// After a line end.
    Line,
    /// After a sentence, by Unicode's rules (UAX #29) as [`sentence`] tailors them.
    Sentence,
    /// After a comma, semicolon or colon, and the blanks behind it; those of East Asia need none.
    Clause,
    /// After blanks, or where East Asia writes none behind a clause's mark.
    Space,
    /// Between words where a script writes no blanks, as [`words`] finds them.
    Word,
    /// Between what a reader sees as characters (extended grapheme clusters, UAX #29).
    Grapheme,
}

/// Finds boundaries in a document.
///
/// `anchor` is a grapheme boundary at or before the places asked about: clusters are told apart from there, and what
/// lies before it is not looked at.
#[derive(Clone, Copy)]
pub(crate) struct Boundaries<'d> {
    text: &'d str,
    anchor: usize,
}

impl<'d> Boundaries<'d> {
    pub(crate) fn new(text: &'d str, anchor: usize) -> Self {
        Boundaries { text, anchor }
    }

    /// The last boundary of this level in `(window.start, window.end]`.
    pub(crate) fn last(&self, level: Level, window: Range<usize>) -> Option<usize> {
        let found = match level {
            Level::Page => self.page_starts_back(&window).find(|&at| at <= window.end),
            Level::Paragraph => {
                let found = self.line_starts_back(&window).find(|&at| self.follows_blank_line(at));
                found.or_else(|| self.returns_alone(&window).rev().find(|&at| self.follows_blank_line(at)))
            }
            Level::Line => {
                let found = self.line_starts_back(&window).next();
                found.or_else(|| self.returns_alone(&window).next_back())
            }
            Level::Sentence => self.whole(sentence::ends_back(self.text, self.anchor, &window)).next(),
            Level::Clause => self.whole(clause::ends_back(self.text, &window)).next(),
            Level::Space => self.whole(space::word_starts_back(self.text, &window)).next(),
            Level::Word => self.whole(words::starts_back(self.text, self.anchor, &window)).next(),
            Level::Grapheme => self.last_grapheme(&window),
        };
        found.filter(|&at| at > window.start)
    }

    /// The first boundary of this level in `(window.start, window.end]`; the document's end is one of every level.
    pub(crate) fn first(&self, level: Level, window: Range<usize>) -> Option<usize> {
        let found = match level {
            Level::Page => self.page_starts(&window).next(),
            Level::Paragraph => {
                let found = self.line_starts(&window).find(|&at| self.follows_blank_line(at));
                found.or_else(|| self.returns_alone(&window).find(|&at| self.follows_blank_line(at)))
            }
            Level::Line => self.line_starts(&window).next().or_else(|| self.returns_alone(&window).next()),
            Level::Sentence => self.whole(sentence::ends(self.text, self.anchor, &window)).next(),
            Level::Clause => self.whole(clause::ends(self.text, &window)).next(),
            Level::Space => self.whole(space::word_starts(self.text, &window)).next(),
            Level::Word => self.whole(words::starts(self.text, self.anchor, &window)).next(),
            Level::Grapheme => self.next_grapheme(window.start),
        };
        let end = Some(window.end).filter(|&end| end == self.text.len() && end > window.start);
        found.filter(|&at| at <= window.end).or(end)
    }

    /// All ends of sentences up to the document's end, which is not one of them, ascending.
    pub(crate) fn sentence_ends(self) -> impl Iterator<Item = usize> {
        sentence::ends(self.text, self.anchor, &(self.anchor..self.text.len()))
            .filter(move |&at| self.is_grapheme_boundary(at))
    }

    /// The char boundary at or before `at`.
    pub(crate) fn floor(&self, at: usize) -> usize {
        self.text.floor_char_boundary(at)
    }

    /// The grapheme boundary after `at`, which must be one itself or lie inside a grapheme.
    pub(crate) fn next_grapheme(&self, at: usize) -> Option<usize> {
        let mut cursor = GraphemeCursor::new(at - self.anchor, self.text.len() - self.anchor, true);
        cursor.next_boundary(self.tail(), 0).ok().flatten().map(|found| found + self.anchor)
    }

    fn last_grapheme(&self, window: &Range<usize>) -> Option<usize> {
        if window.end == self.text.len() || self.is_grapheme_boundary(window.end) {
            return Some(window.end);
        }
        let mut cursor = GraphemeCursor::new(window.end - self.anchor, self.text.len() - self.anchor, true);
        cursor.prev_boundary(self.tail(), 0).ok().flatten().map(|found| found + self.anchor)
    }

    /// Whether a cut may be made here, or the document ends.
    pub(crate) fn is_cut(&self, at: usize) -> bool {
        at == self.text.len() || self.is_grapheme_boundary(at)
    }

    /// Whether a cut here leaves graphemes whole; `at` lies behind the anchor.
    pub(crate) fn is_grapheme_boundary(&self, at: usize) -> bool {
        // Between two ASCII characters there is one always, but within a line end.
        if let &[before, behind] = &self.text.as_bytes()[at.saturating_sub(1)..self.text.len().min(at + 1)]
            && before.is_ascii()
            && behind.is_ascii()
        {
            return (before, behind) != (b'\r', b'\n');
        }
        let mut cursor = GraphemeCursor::new(at - self.anchor, self.text.len() - self.anchor, true);
        cursor.is_boundary(self.tail(), 0).unwrap_or(false)
    }

    /// Leaves out offsets inside a grapheme: UAX #29's sentences and words may end before a mark that joins backwards.
    fn whole(&self, offsets: impl Iterator<Item = usize>) -> impl Iterator<Item = usize> {
        offsets.filter(|&at| self.is_grapheme_boundary(at))
    }

    /// The text of a window.
    pub(crate) fn between(&self, window: Range<usize>) -> &'d str {
        &self.text[window]
    }

    fn tail(&self) -> &'d str {
        &self.text[self.anchor..]
    }

    fn line_starts_back(&self, window: &Range<usize>) -> impl Iterator<Item = usize> {
        let start = window.start;
        memrchr_iter(b'\n', &self.text.as_bytes()[window.clone()]).map(move |at| start + at + 1)
    }

    fn line_starts(&self, window: &Range<usize>) -> impl Iterator<Item = usize> {
        let start = window.start;
        memchr_iter(b'\n', &self.text.as_bytes()[window.clone()]).map(move |at| start + at + 1)
    }

    /// Line starts in a window whose lines end with carriage returns alone, as old files have them.
    fn returns_alone(&self, window: &Range<usize>) -> impl DoubleEndedIterator<Item = usize> {
        let (text, start) = (self.text.as_bytes(), window.start);
        let within = &text[window.clone()];
        // Most windows without a line end have no return either.
        let is_asked = memchr(b'\n', within).is_none();
        let within = if is_asked { within } else { &[] };
        let behind = memchr_iter(b'\r', within).map(move |at| start + at + 1);
        behind.filter(move |&at| text.get(at) != Some(&b'\n'))
    }

    fn page_starts_back(&self, window: &Range<usize>) -> impl Iterator<Item = usize> {
        let (text, start) = (self.text.as_bytes(), window.start);
        memrchr_iter(FORM_FEED, &text[window.clone()]).map(move |at| page_start(text, start + at))
    }

    fn page_starts(&self, window: &Range<usize>) -> impl Iterator<Item = usize> {
        let (text, start) = (self.text.as_bytes(), window.start);
        memchr_iter(FORM_FEED, &text[window.clone()]).map(move |at| page_start(text, start + at))
    }

    /// Whether the line that ends just before `at`, a line start, holds nothing but blanks.
    fn follows_blank_line(&self, at: usize) -> bool {
        let before = &self.text.as_bytes()[self.anchor..at];
        // Only ASCII blanks: what an editor leaves on an empty line.
        if before.ends_with(b"\r") {
            let mut blanks = before.iter().rev().skip(1).skip_while(|byte| matches!(byte, b' ' | b'\t'));
            return blanks.next() == Some(&b'\r');
        }
        let mut blanks = before.iter().rev().skip(1).skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
        blanks.next() == Some(&b'\n')
    }
}

/// Behind the first line end in these bytes: a line feed, or a carriage return without one.
pub(crate) fn line_end_in(bytes: &[u8]) -> Option<usize> {
    let at = memchr2(b'\n', b'\r', bytes)?;
    Some(at + if bytes[at..].starts_with(b"\r\n") { 2 } else { 1 })
}

/// Whether a line begins here: at the start, behind a line feed, or behind a carriage return without one.
pub(crate) fn is_line_start(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    match at.checked_sub(1).map(|before| bytes[before]) {
        None | Some(b'\n') => true,
        Some(b'\r') => bytes.get(at) != Some(&b'\n'),
        Some(_) => false,
    }
}

/// What ends a page.
pub(crate) const FORM_FEED: u8 = b'\x0c';

/// Where the page begins behind the form feed at `at`: behind the end of its line, if nothing else stands on that.
pub(crate) fn page_start(text: &[u8], at: usize) -> usize {
    match text[at + 1..] {
        [b'\r', b'\n', ..] => at + 3,
        [b'\n', ..] => at + 2,
        _ => at + 1,
    }
}

/// How far behind a window the rules for words and sentences look. Farther, a sentence's end may be seen where a lower
/// case letter would have denied it; bounded, since Unicode's rule SB8 would look on to the end of the document.
pub(crate) const LOOK_AHEAD_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn last(level: Level, text: &str) -> Option<usize> {
        Boundaries::new(text, 0).last(level, 0..text.len() - 1)
    }

    #[test]
    fn each_level_finds_its_last_boundary() {
        let text = "First one. Second, with 5,120 parts\nnext line\n \t\nlast paragraph";
        assert_eq!(last(Level::Paragraph, text).map(|at| &text[at..]), Some("last paragraph"));
        assert_eq!(last(Level::Line, &text[..46]).map(|at| &text[at..46]), Some("next line\n"));
        assert_eq!(last(Level::Sentence, &text[..35]).map(|at| &text[at..18]), Some("Second,"));
        assert_eq!(last(Level::Clause, &text[..35]).map(|at| &text[at..23]), Some("with"));
        assert_eq!(last(Level::Space, &text[..35]).map(|at| &text[at..35]), Some("parts"));
    }

    #[test]
    fn first_is_the_other_end_of_the_window() {
        let text = "a b\nc\n\nd";
        let boundaries = Boundaries::new(text, 0);
        assert_eq!(boundaries.first(Level::Space, 0..text.len()), Some(2));
        assert_eq!(boundaries.first(Level::Line, 0..text.len()), Some(4));
        assert_eq!(boundaries.first(Level::Paragraph, 0..text.len()), Some(7));
        assert_eq!(boundaries.first(Level::Paragraph, 0..3), None);
        assert_eq!(
            boundaries.first(Level::Paragraph, 7..text.len()),
            Some(text.len()),
            "the end ends a paragraph"
        );
    }

    #[test]
    fn words_are_the_same_from_either_end() {
        let texts = [
            "漢字かな交じり文",
            "ab, cd's 1.5 e\u{301}f",
            "🇩🇪🇫🇷🇩🇪🇫",
            "👨\u{200d}👩\u{200d}👧x",
            "ฉันรักเธอ",
            "a\r\nb",
        ];
        for text in texts.map(|text| text.repeat(5)) {
            for end in (1..=text.len()).filter(|&end| text.is_char_boundary(end)) {
                let forward: Vec<usize> = words::starts(&text, 0, &(0..end)).collect();
                let mut back: Vec<usize> = words::starts_back(&text, 0, &(0..end)).collect();
                back.reverse();
                assert_eq!(back, forward, "{text:?} up to {end}");
            }
        }
    }

    #[test]
    fn a_run_of_flags_is_cut_between_flags() {
        let text = "🇩🇪🇫🇷🇩🇪";
        let boundaries = Boundaries::new(text, 0);
        assert_eq!(boundaries.last(Level::Grapheme, 0..12), Some(8));
        assert_eq!(boundaries.last(Level::Grapheme, 8..20), Some(16));
        assert_eq!(boundaries.next_grapheme(8), Some(16));
    }

    #[test]
    fn a_blank_before_a_joining_mark_is_no_boundary() {
        let text = "word \u{301}x";
        assert_eq!(last(Level::Space, text), None);
    }
}
