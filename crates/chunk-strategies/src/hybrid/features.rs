//! What hybrid looks at: [`Features`] of a document or a section.

use super::lines::{Line, fence_mark, is_prose};

/// What a text looks like, by its lines.
///
/// Of a text over 8 KiB, pieces that are evenly spread stand for the whole, a thirty-second of it but no less than 4 KiB
/// and no more than 64: looking at a document must not cost more than cutting it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Features {
    /// Bytes of the text.
    pub bytes: usize,
    /// The share of lines that are not blank and look like Markdown: headings, items, quotes, table rows, links, emphasis,
    /// fences and what is in them. Lines that begin with `#` and `-`, as comments and entries do, count only where there is
    /// other markup, or prose under a heading.
    pub markup: f64,
    /// The share of lines that look like source code or data, of those that are not blank and begin with neither `#` nor
    /// `-`.
    pub code: f64,
    /// Bytes of a paragraph, in the mean: what lies between blank lines. All of the text if there are none.
    pub paragraph_bytes: f64,
    /// Bytes of a line, in the mean, blank lines not counted. All of the text if no line ends.
    pub line_bytes: f64,
    /// How much the words change along the text: 1 − the mean cosine of neighbouring parts' counts of words, from 0 (the
    /// same words everywhere) to 1 (no word in common). Words of four letters and more of scripts with
    /// capitals, in up to 64 KiB; 0 for less than
    /// [`Features::DIVERSITY_BYTES`], and where nobody asks because there is no embedder.
    pub topic_diversity: f64,
}

impl Features {
    /// In less text than this, words say nothing about topics.
    pub const DIVERSITY_BYTES: usize = 4096;

    /// Looks at a text.
    pub fn of(text: &str) -> Self {
        let topic_diversity =
            if text.len() < Features::DIVERSITY_BYTES { 0.0 } else { diversity(&pieces(text, MOST_BYTES)) };
        Features { topic_diversity, ..Features::of_lines(text) }
    }

    /// Looks at the lines of a text and not at its words, which takes most of the time.
    pub(super) fn of_lines(text: &str) -> Self {
        let mut lines = Lines::default();
        let pieces = pieces(text, (text.len() / 32).clamp(LEAST_BYTES, MOST_BYTES));
        for piece in &pieces {
            lines.add(piece);
        }
        let looked_at: usize = pieces.iter().map(|piece| piece.len()).sum();
        let share = |count: usize, of: usize| if of > 0 { count as f64 / of as f64 } else { 0.0 };
        // What does not end where it is looked at is taken to go on to the end.
        let mean = |ends: usize| if ends > 0 { looked_at as f64 / ends as f64 } else { text.len() as f64 };
        Features {
            bytes: text.len(),
            markup: share(lines.markup(), lines.full),
            code: share(lines.code, lines.telling()),
            // A text that is looked at as a whole has one paragraph more than breaks.
            paragraph_bytes: mean(lines.breaks + usize::from(pieces.len() == 1)),
            line_bytes: mean(lines.ends),
            topic_diversity: 0.0,
        }
    }
}

/// How much of a text is looked at.
const LEAST_BYTES: usize = 4 * 1024;
const MOST_BYTES: usize = 64 * 1024;
/// Long enough for a few lines.
const PIECE_BYTES: usize = 1024;
const MOST_PIECES: usize = 16;

/// The whole of a short text; of a longer one, pieces with so many bytes in all, that begin behind a line end where there
/// is one.
fn pieces(text: &str, bytes: usize) -> Vec<&str> {
    if text.len() <= bytes.max(2 * LEAST_BYTES) {
        return vec![text];
    }
    let count = (bytes / PIECE_BYTES).min(MOST_PIECES);
    let length = bytes / count;
    let stride = (text.len() - length) / (count - 1);
    let piece = |index: usize| {
        let from = text.floor_char_boundary(index * stride);
        let to = text.floor_char_boundary(from + length);
        let whole = &text[from..to];
        let skip =
            if index == 0 { 0 } else { memchr::memchr(b'\n', whole.as_bytes()).map_or(0, |at| at + 1) };
        &whole[skip..]
    };
    (0..count).map(piece).collect()
}

/// Counts of lines.
#[derive(Default)]
struct Lines {
    /// Lines that are not blank.
    full: usize,
    /// Lines that only Markdown has, and those within fences.
    markup: usize,
    /// Lines that begin with `#` or `-`.
    maybe: usize,
    /// Headings by themselves with prose under them.
    sections: usize,
    code: usize,
    /// Ends of lines that are not blank.
    ends: usize,
    /// Places where a paragraph ends and another begins.
    breaks: usize,
}

impl Lines {
    fn add(&mut self, text: &str) {
        let mut fence: Option<u8> = None;
        let (mut after_blank, mut is_first) = (true, true);
        // A heading by itself, and a blank line behind it.
        let (mut heading, mut section) = (false, false);
        let mut left = text.len();
        let mut changes = Changes::in_text(text);
        for line in text.split('\n') {
            let trimmed = line.trim().trim_start_matches('\u{feff}');
            let rest = left;
            left = left.saturating_sub(line.len() + 1);
            if trimmed.is_empty() {
                after_blank = true;
                section = heading;
                continue;
            }
            self.full += 1;
            self.breaks += usize::from(after_blank && !is_first);
            self.ends += usize::from(line.len() < rest);
            let stands_apart = std::mem::replace(&mut after_blank, false);
            is_first = false;
            let mark = fence_mark(trimmed);
            match (fence, mark) {
                (None, Some(mark)) => fence = Some(mark),
                (Some(open), Some(mark)) if open == mark => fence = None,
                _ => {}
            }
            let kind = match () {
                () if changes.has(line) => Line::Code,
                () if mark.is_some() || fence.is_some() => Line::Markup,
                () => Line::of(line),
            };
            match kind {
                Line::Markup => self.markup += 1,
                Line::Maybe => self.maybe += 1,
                Line::Code => self.code += 1,
                Line::Plain => self.sections += usize::from(section && is_prose(trimmed)),
            }
            heading = stands_apart && trimmed.starts_with('#') && kind == Line::Maybe;
            section = false;
        }
    }

    /// What is markup, where it is not the comments and the entries of something else.
    fn markup(&self) -> usize {
        if self.markup + self.sections > 0 { self.markup + self.maybe } else { 0 }
    }

    /// Lines that tell what the text is: `#` and `-` stand in code and data as well.
    fn telling(&self) -> usize {
        self.full - self.maybe
    }
}

/// A patch, in which nothing is what it looks like.
struct Changes {
    is_patch: bool,
}

impl Changes {
    fn in_text(text: &str) -> Self {
        let starts = |begin: &str| text.starts_with(begin) || text.contains(&format!("\n{begin}"));
        Changes { is_patch: (starts("@@ -") && starts("+")) || starts("diff --git ") }
    }

    fn has(&mut self, line: &str) -> bool {
        self.is_patch && line.starts_with(['+', '-', ' ', '@'])
    }
}

/// Parts of which the words are compared with their neighbours'.
const PARTS: usize = 8;
/// Words are told apart by a hash of so many values: few share one in a part of some thousand words.
const BUCKETS: usize = 1024;

fn diversity(pieces: &[&str]) -> f64 {
    let total: usize = pieces.iter().map(|piece| piece.len()).sum();
    let mut parts = vec![[0_f32; BUCKETS]; PARTS];
    let mut before = 0;
    for piece in pieces {
        for word in piece.split(|c: char| !is_cased(c)).filter(|word| word.chars().nth(3).is_some()) {
            let at = before + (word.as_ptr() as usize - piece.as_ptr() as usize);
            let part = (at * PARTS / total.max(1)).min(PARTS - 1);
            parts[part][bucket(word)] += 1.0;
        }
        before += piece.len();
    }
    let dot =
        |a: &[f32; BUCKETS], b: &[f32; BUCKETS]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
    let cosines: Vec<f64> = parts
        .windows(2)
        .filter_map(|pair| {
            let norms = (dot(&pair[0], &pair[0]) * dot(&pair[1], &pair[1])).sqrt();
            (norms > 0.0).then(|| dot(&pair[0], &pair[1]) / norms)
        })
        .collect();
    if cosines.is_empty() { 0.0 } else { 1.0 - cosines.iter().sum::<f64>() / cosines.len() as f64 }
}

/// Whether a letter has capitals: scripts without them mostly write no blanks either, and what lies between their
/// punctuation marks is no word.
fn is_cased(c: char) -> bool {
    c.is_lowercase() || c.is_uppercase()
}

/// FNV-1a over the letters, ASCII in lower case.
fn bucket(word: &str) -> usize {
    let hash = word.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0193)
    });
    (hash ^ (hash >> 16)) as usize % BUCKETS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_has_markup_and_code_has_code() {
        let markdown = Features::of("# Title\n\nText.\n\n- item\n- item\n\n| a | b |\n|---|---|\n");
        assert!(markdown.markup > 0.8, "{markdown:?}");
        let code = Features::of("fn main() {\n    let x = 1;\n    // text\n}\n");
        assert!(code.code > 0.99 && code.markup < 0.01, "{code:?}");
        let fenced = Features::of("```\nanything\nat all\n```\nText.\n");
        assert!(fenced.code == 0.0 && (fenced.markup - 0.8).abs() < 1e-9, "{fenced:?}");
        let prose =
            Features::of("One line of prose.\nAnother, 5.120 long.\n\nA second paragraph - with a dash.\n");
        assert!(prose.markup == 0.0 && prose.code == 0.0, "{prose:?}");
    }

    #[test]
    fn words_that_change_are_topics_that_change() {
        let foxes = "foxes hunt mice under leaves near rivers. ".repeat(200);
        let memory = "allocators hand pages back when pressure grows. ".repeat(200);
        let one = Features::of(&foxes.repeat(2)).topic_diversity;
        let blocks: String = (0..8).map(|i| if i % 2 == 0 { &foxes[..] } else { &memory[..] }).collect();
        let two = Features::of(&blocks).topic_diversity;
        assert!(one < 0.05 && two > 0.7, "{one} {two}");
        assert!(Features::of("foxes. memory.").topic_diversity == 0.0);
    }

    #[test]
    fn scripts_without_capitals_have_no_topics_to_tell() {
        let text: String = (0..2000)
            .map(|i| format!("{}。", char::from_u32(0x4e00 + i).unwrap().to_string().repeat(5)))
            .collect();
        assert!(Features::of(&text).topic_diversity == 0.0);
    }

    #[test]
    fn two_paragraphs_are_two() {
        let text = format!("\n{}\n\n{}\n", "a".repeat(798), "b".repeat(797));
        assert!((Features::of(&text).paragraph_bytes - 800.0).abs() < 2.0, "{:?}", Features::of(&text));
    }

    #[test]
    fn a_long_text_is_sampled() {
        let long = "# Title\n\nSome text stands in a line.\n".repeat(100_000);
        let features = Features::of(&long);
        assert_eq!(features.bytes, long.len());
        assert!((features.markup - 0.5).abs() < 0.02, "{features:?}");
    }

    #[test]
    fn nothing_has_no_features() {
        assert_eq!(Features::of(""), Features { bytes: 0, ..Features::default() });
    }
}
