//! Where a block of text may be cut, judged by the bytes next to each place and by nothing else.

mod rules;

use super::landmarks::{Candidate, Priority};
use super::radii::Radii;
use super::weights::Weights;
use crate::boundary::{self, Level};

/// Finds the candidates in blocks of one document.
///
/// A weak candidate counts only where no strong one is near. So each level is looked for only between candidates of
/// higher levels that lie far apart; a block's borders, where that is not known, count as far. What is found too much
/// is beaten by what is stronger and near, hence the borders of blocks change nothing.
pub(super) struct Finder<'a> {
    pub(super) text: &'a str,
    /// Strongest first.
    pub(super) levels: &'a [Level],
    pub(super) weights: &'a Weights,
    pub(super) radii: &'a Radii,
}

/// A stretch of text between two places, neither included.
#[derive(Clone, Copy)]
struct Stretch {
    start: usize,
    end: usize,
    /// The least level that is looked for in it however short it is, because at one of its ends lies no candidate of a
    /// higher level that is known.
    open_until: usize,
}

impl Finder<'_> {
    /// Where the block from `start` ends: behind a line if there is one, so that lines are seldom parted.
    pub(super) fn block_end(&self, start: usize) -> usize {
        let end = self.text.floor_char_boundary(start.saturating_add(self.radii.block_bytes));
        if end == self.text.len() {
            return end;
        }
        let half = start + (end - start) / 2;
        let ends = memchr::memrchr2_iter(b'\n', b'\r', &self.text.as_bytes()[half..end]);
        ends.map(|at| half + at + 1).find(|&at| boundary::is_line_start(self.text, at)).unwrap_or(end)
    }

    /// The candidates in `(start, end]`, ascending; `weight` is the document's up to `start`.
    pub(super) fn block(&self, start: usize, end: usize, weight: u64, mut found: impl FnMut(Candidate)) {
        let (mut at, mut weight) = (start, weight);
        let mut push = |place: usize, level: usize| {
            weight += self.weights.of_text(&self.text[at..place]);
            at = place;
            found(Candidate { at, weight, priority: self.priority(at, level) });
        };
        let line = self.levels.iter().position(|&level| level == Level::Line).unwrap_or(usize::MAX);
        let is_line = |at: usize| at == 0 || (boundary::is_line_start(self.text, at) && self.is_whole(at));
        let open_until = if is_line(start) && is_line(end) { line } else { usize::MAX };
        self.stretch(Stretch { start, end, open_until }, 0, &mut push);
        if end < self.text.len()
            && let Some(level) = (0..self.levels.len()).find(|&level| self.is_candidate(end, level))
        {
            push(end, level);
        }
    }

    fn stretch(&self, stretch: Stretch, level: usize, push: &mut impl FnMut(usize, usize)) {
        let Stretch { start, end, open_until } = stretch;
        if start >= end || level >= self.levels.len() {
            return;
        }
        let is_short = || self.weights.of_text(&self.text[start..end]) <= self.radii.window;
        if level > open_until && is_short() {
            return;
        }
        let mut last = start;
        self.each(level, start, end, &mut |at| {
            let open_until = if last == start { open_until } else { 0 };
            self.stretch(Stretch { start: last, end: at, open_until }, level + 1, push);
            push(at, level);
            last = at;
        });
        self.stretch(Stretch { start: last, end, open_until }, level + 1, push);
    }

    fn priority(&self, at: usize, level: usize) -> Priority {
        let context = (2 * self.radii.near_bytes).min(HASHED_BYTES);
        let bytes = self.text.as_bytes();
        let around = &bytes[at.saturating_sub(context)..bytes.len().min(at + context)];
        let strength = u8::try_from(self.levels.len() - level).unwrap_or(u8::MAX - 1);
        Priority { strength, hash: xxhash_rust::xxh3::xxh3_64(around) }
    }

    fn is_candidate(&self, at: usize, level: usize) -> bool {
        let before = self.text.floor_char_boundary(at.saturating_sub(1));
        let mut is_candidate = false;
        self.each(level, before, at + 1, &mut |_| is_candidate = true);
        is_candidate
    }

    /// The places of this level in `(start, end)`, ascending.
    fn each(&self, level: usize, start: usize, end: usize, found: &mut impl FnMut(usize)) {
        let mut last = start;
        let mut offer = |at: usize| {
            if at > last && at < end && self.is_whole(at) {
                last = at;
                found(at);
            }
        };
        // What decides on a place may lie before it.
        let from = self.text.floor_char_boundary(start.saturating_sub(self.radii.near_bytes));
        match self.levels[level] {
            Level::Page => self.page_starts(from, end).for_each(offer),
            Level::Paragraph => {
                self.line_starts(start, end).filter(|&at| self.starts_paragraph(at)).for_each(offer);
            }
            Level::Line => self.line_starts(start, end).for_each(offer),
            Level::Sentence => {
                self.chars(from, end).filter_map(|(at, c)| self.sentence_end(at, c)).for_each(offer);
            }
            Level::Clause => {
                self.chars(from, end).filter_map(|(at, c)| self.clause_end(at, c)).for_each(offer);
            }
            Level::Space => self.word_starts(start, end).for_each(offer),
            Level::Word => self
                .chars(start, end)
                .map(|(at, _)| at)
                .filter(|&at| self.is_word_boundary(at))
                .for_each(offer),
            Level::Grapheme => self.chars(start, end).for_each(|(at, _)| offer(at)),
        }
    }
}

/// How many bytes on either side of a place tell it from others of its level.
const HASHED_BYTES: usize = 32;

/// How many bytes before a place are looked at.
pub(super) const LOOK_BACK_BYTES: usize = 2 * HASHED_BYTES + char::MAX_LEN_UTF8;

/// How many bytes behind a place are looked at.
pub(super) const LOOK_AHEAD_BYTES: usize = 4 * HASHED_BYTES;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::anchored::landmarks::{Landmark, Landmarks};
    use crate::config::ChunkConfig;
    use crate::sizer::Chars;

    const LEVELS: &[Level] = &[Level::Line, Level::Sentence, Level::Space, Level::Word, Level::Grapheme];

    pub(super) fn pieces() -> impl Strategy<Value = String> {
        let pieces = vec![
            "a",
            "B",
            "word",
            "Word",
            "7",
            ".",
            ". ",
            "..",
            "!",
            "?! ",
            ")",
            "\u{201d} ",
            "\"",
            ", ",
            "; ",
            ":",
            "'",
            " ",
            "  ",
            "\n",
            "\r\n",
            "\r",
            "\t",
            "\u{85}",
            "。",
            "漢",
            "かな",
            "カナ",
            "e\u{301}",
            "\u{301}",
            "\u{200d}",
            "👍",
            "🇩🇪",
            "3.14",
            "e.g. ",
            "(",
            "-",
            "_",
            "א\"",
            "\0",
        ];
        prop::collection::vec(prop::sample::select(pieces), 0..60).prop_map(|pieces| pieces.concat())
    }

    pub(super) fn with_finder<T>(text: &str, size: usize, ask: impl Fn(&Finder<'_>) -> T) -> T {
        let weights = Weights::of(&Chars);
        let config = ChunkConfig::new(size);
        ask(&Finder { text, levels: LEVELS, weights: &weights, radii: &Radii::of(&config, &weights) })
    }

    fn landmarks(finder: &Finder<'_>, borders: &[usize]) -> Vec<Landmark> {
        let mut landmarks = Landmarks::default();
        landmarks.push(Candidate { at: 0, weight: 0, priority: Priority::EDGE });
        let mut weight = 0;
        for border in borders.windows(2) {
            finder.block(border[0], border[1], weight, |candidate| landmarks.push(candidate));
            weight += finder.weights.of_text(&finder.text[border[0]..border[1]]);
        }
        landmarks.push(Candidate { at: finder.text.len(), weight, priority: Priority::EDGE });
        let mut found = Vec::new();
        landmarks.settle(u64::MAX, finder.radii, |landmark| found.push(landmark));
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn the_borders_of_blocks_change_nothing(text in pieces(), parts in prop::collection::vec(0..300usize, 0..6)) {
            with_finder(&text, 40, |finder| {
                let mut borders: Vec<usize> =
                    parts.iter().map(|&at| text.floor_char_boundary(at.min(text.len()))).collect();
                borders.extend([0, text.len()]);
                borders.sort_unstable();
                borders.dedup();
                let (whole, parted) = (landmarks(finder, &[0, text.len()]), landmarks(finder, &borders));
                prop_assert_eq!(whole, parted, "{:?} parted at {:?}", text, borders);
                Ok(())
            })?;
        }
    }
}
