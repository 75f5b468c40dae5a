//! Finds a document's blocks from front to back, one feed of text after the other.

use std::ops::Range;

use memchr::{memchr2, memrchr, memrchr2};

use super::block::{Block, Kind};
use super::context::html_heading;
use super::front_matter;
use super::outline::Outline;
use super::parse::{self, Parsed};
use super::resume;

/// Where the blocks of a document have been found, and how to go on.
///
/// A feed is parsed as a whole, but for its last block only what is closed in it is believed: the next feed begins at
/// what may still grow, behind [lines](resume::opening_lines) that open what is open there. Where feeds begin and end
/// depends on the text before them and nothing else.
pub(crate) struct Scanner {
    feed_bytes: usize,
    /// Up to where blocks are known.
    at: usize,
    /// What the text from `at` is parsed behind.
    opening: String,
    /// Whether `at` lies within a line that is longer than a feed.
    in_line: bool,
    at_document_start: bool,
    is_done: bool,
    parsed: Vec<Parsed>,
}

/// Long enough that what is parsed twice, the last block of each feed, does not count; short enough that memory and what
/// is read ahead stay small.
pub(super) const FEED_BYTES: usize = 32 * 1024;

/// At a document's start it is no part of the text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Deeper blocks are not told apart.
const MOST_DEPTH: usize = 32;

impl Scanner {
    pub(super) fn new(feed_bytes: usize) -> Self {
        Scanner {
            feed_bytes: feed_bytes.max(4),
            at: 0,
            opening: String::new(),
            in_line: false,
            at_document_start: true,
            is_done: false,
            parsed: Vec::new(),
        }
    }

    /// With nothing left to find.
    pub(super) fn done() -> Self {
        Scanner { is_done: true, ..Scanner::new(0) }
    }

    /// How far behind where blocks are known the text must reach for the next step.
    pub(super) fn feed_bytes(&self) -> usize {
        self.feed_bytes
    }

    /// Up to where blocks are known.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Whether the document's last block is known.
    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    pub(super) fn shift(&mut self, bytes: usize) {
        self.at -= bytes;
    }

    /// Finds all blocks that begin up to `until`. The text must reach a feed farther, or to the document's end.
    pub(super) fn scan(&mut self, text: &str, until: usize, outline: &mut Outline) {
        while self.at <= until && !self.is_done {
            if self.in_line {
                self.finish_line(text, outline);
            } else {
                self.feed(text, outline);
            }
        }
    }

    fn feed(&mut self, text: &str, outline: &mut Outline) {
        let limit = text.floor_char_boundary(self.at.saturating_add(self.feed_bytes));
        let is_start = std::mem::take(&mut self.at_document_start);
        if is_start && text.starts_with(BYTE_ORDER_MARK) {
            self.at = BYTE_ORDER_MARK.len_utf8();
        }
        if is_start && let Some(end) = front_matter::end(&text[self.at..limit]) {
            let (start, end) = (self.at, self.at + end);
            let text_end = text[..end].trim_end().len();
            outline.push(Block {
                kind: Kind::FrontMatter,
                start,
                text_start: start,
                end: text_end,
                depth: 0,
            });
            self.at = end;
            return;
        }
        self.is_done = limit == text.len();
        let end = if self.is_done { limit } else { feed_end(text, self.at, limit) };
        let behind = self.opening.len();
        let joined;
        let fed = if behind == 0 {
            &text[self.at..end]
        } else {
            joined = [&self.opening, &text[self.at..end]].concat();
            &joined[..]
        };
        let mut parsed = std::mem::take(&mut self.parsed);
        parsed.clear();
        let math = parse::blocks(fed, &mut parsed);
        let known = if self.is_done { fed.len() } else { resume_at(fed, behind, &parsed, &math) };
        let is_one_line = known == behind && !self.is_done;
        self.in_line = is_one_line && !(fed.ends_with('\n') || ends_with_return(text, end));
        let known = if is_one_line { fed.len() } else { known };
        Accept { fed, behind, base: self.at, known }.accept(&parsed, outline);
        self.opening = if self.is_done { String::new() } else { resume::opening_lines(fed, &parsed, known) };
        self.at += known - behind;
        self.parsed = parsed;
    }

    /// Passes over the rest of a line that was too long for a feed.
    fn finish_line(&mut self, text: &str, outline: &mut Outline) {
        let limit = text.floor_char_boundary(self.at.saturating_add(self.feed_bytes));
        let bytes = text.as_bytes();
        let line_end = memchr2(b'\n', b'\r', &bytes[self.at..limit]).map(|n| self.at + n);
        self.in_line = line_end.is_none();
        outline.extend_last(line_end.unwrap_or(limit));
        self.at = line_end.map_or(limit, |at| at + if bytes[at..].starts_with(b"\r\n") { 2 } else { 1 });
        self.is_done = self.at == text.len();
    }
}

/// The last line end that leaves a good part of the feed, else its limit.
fn feed_end(text: &str, at: usize, limit: usize) -> usize {
    let half = text.floor_char_boundary(at + (limit - at) / 2);
    let bytes = &text.as_bytes()[half..limit];
    let returned = || memrchr(b'\r', bytes).filter(|n| ends_with_return(text, half + n + 1));
    memrchr(b'\n', bytes).or_else(returned).map_or(limit, |n| half + n + 1)
}

/// Whether a carriage return alone ends a line here.
fn ends_with_return(text: &str, at: usize) -> bool {
    text[..at].ends_with('\r') && text.as_bytes().get(at) != Some(&b'\n')
}

/// Where the next feed begins: the outermost block that may still grow and is not most of this feed, else the last line;
/// not within math, but before it. What is returned is `behind` if all is one line.
fn resume_at(fed: &str, behind: usize, parsed: &[Parsed], math: &[Range<usize>]) -> usize {
    let half = behind + (fed.len() - behind) / 2;
    let at = last_block(fed, behind, parsed, half).unwrap_or_else(|| last_line(fed, behind));
    match math.iter().find(|math| math.start < at && at < math.end) {
        Some(math) if math.start >= half => {
            let up_to_it = &parsed[..parsed.partition_point(|block| block.line <= math.start)];
            last_block(fed, behind, up_to_it, half).unwrap_or(math.start)
        }
        _ => at,
    }
}

/// Where the outermost block starts that the last block lies in and that is not from before `half`.
fn last_block(fed: &str, behind: usize, parsed: &[Parsed], half: usize) -> Option<usize> {
    let mut last = None;
    let mut depth = usize::MAX;
    for (i, block) in parsed.iter().enumerate().rev() {
        if block.line < half {
            break;
        }
        if block.depth < depth {
            depth = block.depth;
            last = Some(i);
        }
    }
    last.map(|i| before_definitions(fed, parsed, i).filter(|&at| at > behind).unwrap_or(parsed[i].line))
}

fn last_line(fed: &str, behind: usize) -> usize {
    let lines = &fed.as_bytes()[behind..fed.len() - usize::from(fed.ends_with(['\n', '\r']))];
    let returned = || memrchr(b'\r', lines).filter(|n| ends_with_return(fed, behind + n + 1));
    memrchr(b'\n', lines).or_else(returned).map_or(behind, |n| behind + n + 1)
}

/// Where the link reference definitions start that come right before a block: with them it is parsed as part of a
/// paragraph, which not every block may interrupt.
fn before_definitions(fed: &str, parsed: &[Parsed], i: usize) -> Option<usize> {
    let (block, before) = (&parsed[i], &parsed[i.checked_sub(1)?]);
    if before.depth < block.depth {
        return None;
    }
    let from = before.end.min(block.line);
    let text = fed.get(from..block.line)?.trim_end();
    let first_line = fed.get(from..block.line)?.len() - fed[from..block.line].trim_start().len();
    let at = memrchr2(b'\n', b'\r', &fed.as_bytes()[..from + first_line]).map_or(0, |n| n + 1);
    (!text.is_empty() && at >= before.line && at < block.line).then_some(at)
}

/// Whether a paragraph ends with a colon, or opens a directive (`:::note`) or an admonition (`!!! note`).
fn introduces(text: &str) -> bool {
    let opens = |mark: &str| text.strip_prefix(mark).is_some_and(|name| name.contains(char::is_alphabetic));
    let is_directive = [":::", "!!! ", "??? "].into_iter().any(opens) && !text.contains(['\n', '\r']);
    is_directive || text.trim_end_matches(['*', '_']).ends_with([':', '：'])
}

/// Takes over the blocks of a feed that begin before `known`.
struct Accept<'t> {
    fed: &'t str,
    /// How much of `fed` was put before the document's text.
    behind: usize,
    /// Where the document's text in `fed` begins in the text.
    base: usize,
    known: usize,
}

impl Accept<'_> {
    fn accept(&self, parsed: &[Parsed], outline: &mut Outline) {
        // Up to where the blocks outside all others reach.
        let mut covered = self.behind;
        for block in parsed.iter().take_while(|block| block.line < self.known) {
            let end = block.end.min(self.known);
            if block.depth == 0 {
                self.definitions(covered, block.line, outline);
                covered = covered.max(end);
            }
            // The last block in it knows better, and the blanks at its end are looked through once.
            let has_blocks = block.kind == Kind::Table || block.content.is_some();
            let end = if has_blocks { block.start } else { self.text_end(block.start.max(self.behind), end) };
            if block.line < self.behind || block.depth >= MOST_DEPTH {
                if !has_blocks && end > self.behind {
                    outline.extend_last(self.place(end));
                }
            } else {
                outline.push(Block {
                    kind: self.kind(block, end),
                    start: self.place(block.line),
                    text_start: self.place(block.start),
                    end: self.place(end),
                    depth: block.depth,
                });
            }
        }
        self.definitions(covered, self.known, outline);
    }

    /// What a block is that its text, up to `end`, tells better than the parser.
    fn kind(&self, block: &Parsed, end: usize) -> Kind {
        let text = self.fed.get(block.start..end).unwrap_or_default();
        match block.kind {
            Kind::Paragraph if introduces(text) => Kind::LeadIn,
            Kind::Html => html_heading(text).map_or(Kind::Html, |(level, _)| Kind::Heading(level)),
            kind => kind,
        }
    }

    /// What is outside all blocks and not blank: link reference definitions, of which the parser tells nothing.
    fn definitions(&self, from: usize, to: usize, outline: &mut Outline) {
        let Some(gap) = self.fed.get(from..to) else { return };
        let text = gap.trim_start();
        if text.is_empty() {
            return;
        }
        let text_start = to - text.len();
        let line =
            memrchr2(b'\n', b'\r', &self.fed.as_bytes()[from..text_start]).map_or(from, |n| from + n + 1);
        let end = self.place(to - (gap.len() - gap.trim_end().len()));
        if !outline.extend_definitions(end) {
            outline.push(Block {
                kind: Kind::Definitions,
                start: self.place(line),
                text_start: self.place(text_start),
                end,
                depth: 0,
            });
        }
    }

    /// Where an offset of `fed` lies in the text.
    fn place(&self, at: usize) -> usize {
        self.base + at - self.behind
    }

    /// Without the blanks at the end.
    fn text_end(&self, from: usize, end: usize) -> usize {
        self.fed.get(from..end).map_or(end, |text| from + text.trim_end().len())
    }
}
