//! The blocks of a piece of text, through pulldown-cmark.

use std::ops::Range;

use memchr::{memchr2, memrchr2};
use pulldown_cmark::{Event, Options, Parser};

use super::block::Kind;
use super::math;

/// A block as the parser tells it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parsed {
    pub(super) kind: Kind,
    /// Where its first line starts.
    pub(super) line: usize,
    pub(super) start: usize,
    /// Where the parser says that it ends, blank lines included.
    pub(super) end: usize,
    /// Where what is in it starts, if it is a container and not empty.
    pub(super) content: Option<usize>,
    pub(super) depth: usize,
}

/// Calls back with each block, parents before children.
///
/// Items of a tight list have their text in a paragraph, too: whether a list is loose is not known before its end.
///
/// Returns where display math lies, the last to the largest offset if the text does not close it: with more of it, what
/// begins there may be no blocks at all.
pub(super) fn blocks(text: &str, found: &mut Vec<Parsed>) -> Vec<Range<usize>> {
    let (masked, math) = math::masked(text);
    let mut collector = Collector { text, found, open: Vec::new(), bare: false };
    for (event, range) in Parser::new_ext(&masked, options()).into_offset_iter() {
        collector.event(&event, range);
    }
    math
}

/// What has a say in where blocks begin and end. Syntax within a line (emphasis, math, strikethrough, links) has none.
pub(super) fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_TASKLISTS | Options::ENABLE_GFM
}

struct Collector<'t, 'f> {
    text: &'t str,
    found: &'f mut Vec<Parsed>,
    /// The indices of the blocks that are not closed yet.
    open: Vec<usize>,
    /// Whether the last of them is a paragraph that the parser did not tell, in an item of a tight list.
    bare: bool,
}

impl Collector<'_, '_> {
    fn event(&mut self, event: &Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => match Kind::of(tag) {
                Some(kind) => self.start(kind, range),
                None => self.inline(&range),
            },
            Event::Rule => {
                self.start(Kind::Rule, range);
                self.open.pop();
            }
            Event::End(tag) => {
                if is_block_end(*tag) {
                    self.close_bare();
                    self.open.pop();
                }
            }
            Event::TaskListMarker(_) => self.task_marker(&range),
            _ => self.inline(&range),
        }
    }

    /// Comes before the text of the item or within its first paragraph, whose start does not count it.
    fn task_marker(&mut self, range: &Range<usize>) {
        self.inline(range);
        let mut open = self.open.iter().rev();
        let (Some(&paragraph), Some(&item)) = (open.next(), open.next()) else { return };
        self.found[paragraph].start = self.found[paragraph].start.min(range.start);
        self.found[item].content = self.found[item].content.min(Some(range.start));
    }

    fn start(&mut self, kind: Kind, range: Range<usize>) {
        self.close_bare();
        let start = match kind {
            Kind::List | Kind::Item => marker_start(self.text, range.start),
            _ => self.text.floor_char_boundary(range.start),
        };
        let range = start..self.text.floor_char_boundary(range.end).max(start);
        if let Some(&parent) = self.open.last() {
            self.found[parent].content.get_or_insert(range.start);
        }
        // Only what lies behind the block before is looked at, so that many blocks on one line cost no more than it.
        let before = self.found.last().map_or((0, 0), |last| (last.start, last.line));
        let behind = self.text.as_bytes().get(before.0..range.start).unwrap_or_default();
        let line = memrchr2(b'\n', b'\r', behind).map_or(before.1, |at| before.0 + at + 1);
        self.found.push(Parsed {
            kind,
            line: line.min(range.start),
            start: range.start,
            end: range.end,
            content: None,
            depth: self.open.len(),
        });
        self.open.push(self.found.len() - 1);
    }

    fn inline(&mut self, range: &Range<usize>) {
        let Some(&last) = self.open.last() else { return };
        if self.bare {
            self.found[last].end = self.found[last].end.max(range.end);
        } else if self.found[last].kind == Kind::Item {
            self.start(Kind::Paragraph, range.clone());
            self.bare = true;
        }
    }

    fn close_bare(&mut self) {
        if self.bare {
            self.bare = false;
            self.open.pop();
        }
    }
}

/// Where the line of an item starts, or the item. The parser takes off the indent in columns, which behind a tab leads
/// into the line before: that line's end gives it away.
fn marker_start(text: &str, told: usize) -> usize {
    let bytes = text.as_bytes();
    let reach = &bytes[told..bytes.len().min(told + 3)];
    let Some(end) = memchr2(b'\n', b'\r', reach) else { return text.floor_char_boundary(told) };
    // An item that is empty has a line end, too, but behind its mark.
    let is_mark = reach[..end].trim_ascii().iter().any(|byte| b"-+*.)".contains(byte));
    let line = memrchr2(b'\n', b'\r', &bytes[told.saturating_sub(MARKS_BYTES)..told]);
    let line = line.map_or(told.saturating_sub(MARKS_BYTES), |n| told.saturating_sub(MARKS_BYTES) + n + 1);
    let is_behind_marks =
        bytes[line..told].iter().all(|byte| byte.is_ascii_digit() || b" \t>-+*.)".contains(byte));
    if is_mark && is_behind_marks {
        return told;
    }
    let behind = told + end;
    behind + 1 + usize::from(bytes[behind] == b'\r' && bytes.get(behind + 1) == Some(&b'\n'))
}

/// So far back the marks before an empty item are looked at.
const MARKS_BYTES: usize = 64;

fn is_block_end(tag: pulldown_cmark::TagEnd) -> bool {
    use pulldown_cmark::TagEnd;
    matches!(
        tag,
        TagEnd::Heading(_)
            | TagEnd::Paragraph
            | TagEnd::CodeBlock
            | TagEnd::HtmlBlock
            | TagEnd::Table
            | TagEnd::TableHead
            | TagEnd::TableRow
            | TagEnd::List(_)
            | TagEnd::Item
            | TagEnd::BlockQuote(_)
            | TagEnd::FootnoteDefinition
    )
}
