//! What a chunk stands under: the headings of its sections, the items of lists, what introduces them, a table's header, a
//! fence's opening line.

use std::ops::Range;
use std::sync::Arc;

use super::block::{Block, Kind};
use super::outline::Outline;
use crate::boundary::line_end_in;
use crate::chunk::{Context, ContextPart};

/// Keeps what chunks stand under, each part read once, and the context that chunks of one section share.
#[derive(Default)]
pub(crate) struct ContextPath {
    headings: Vec<Part>,
    /// Items and lead-ins that blocks may lie under, outermost first.
    above: Vec<Above>,
    /// Of the last fence or table.
    inner: Option<Part>,
    context: Context,
    /// Where the parts of the context start.
    shown: Vec<usize>,
    /// Where the last heading outside all other blocks ends, in the document.
    heading_end: usize,
    /// How many bytes of the document lie before the text that is in memory.
    base: usize,
}

/// A part of a context, read when a chunk first stands under it.
struct Part {
    kind: Kind,
    /// Where it starts in the document, and where it ends.
    at: usize,
    end: usize,
    shown: Option<ContextPart>,
}

/// An item, or a paragraph that introduces the block behind it.
struct Above {
    depth: usize,
    part: Part,
    /// Where what stands under it begins, once that is known.
    own_end: Option<usize>,
    /// Lead-in: whether the block that it introduces has begun.
    is_entered: bool,
}

/// No heading of a context is longer: what goes beyond is no title.
const MOST_BYTES: usize = 4 * 1024;
/// No item and no lead-in is.
const MOST_ITEM_BYTES: usize = 240;

impl ContextPath {
    /// Of a text that begins `base` bytes into the document, under these headings.
    pub(super) fn under(headings: Vec<(u8, ContextPart)>, base: usize) -> Self {
        let context: Arc<[ContextPart]> = headings.iter().map(|(_, part)| part.clone()).collect();
        let shown = context.iter().map(|part| part.byte_range().start).collect();
        let part = |(level, part): (u8, ContextPart)| Part {
            kind: Kind::Heading(level),
            at: part.byte_range().start,
            end: part.byte_range().end,
            shown: Some(part),
        };
        ContextPath {
            headings: headings.into_iter().map(part).collect(),
            context: Some(context).filter(|context| !context.is_empty()),
            shown,
            base,
            ..ContextPath::default()
        }
    }

    /// Goes on to `place`, past all blocks that begin before it.
    pub(super) fn pass(&mut self, text: &str, place: usize, outline: &mut Outline) {
        let base = self.base;
        let (headings, above, inner, heading_end) =
            (&mut self.headings, &mut self.above, &mut self.inner, &mut self.heading_end);
        outline.pass(place, |block| {
            let part =
                || Part { kind: block.kind, at: base + block.text_start, end: base + block.end, shown: None };
            enter(above, block, base + block.text_start);
            match (block.kind, block.depth) {
                (Kind::Heading(level), 0) => {
                    headings.truncate(headings.partition_point(|heading| heading.level() < level));
                    headings.push(part());
                    *heading_end = base + block.end;
                }
                (Kind::Fence | Kind::Table, _) => *inner = Some(part()),
                (Kind::Item | Kind::LeadIn, depth) => {
                    let own_end = (block.kind == Kind::LeadIn).then_some(base + block.end);
                    above.push(Above { depth, part: part(), own_end, is_entered: false });
                }
                _ => {}
            }
        });
        if let Some(level) = heading_at(outline, place) {
            // Its section begins here, and those of its level and below have ended.
            self.headings.truncate(self.headings.partition_point(|heading| heading.level() < level));
            self.heading_end = base + place;
        }
        self.show(text, place, outline);
    }

    fn show(&mut self, text: &str, place: usize, outline: &Outline) {
        let base = self.base;
        let around = outline.containing(place).len();
        let next = outline.ahead().front().filter(|next| next.start == place);
        let is_above = |above: &Above| {
            let lies_in = match above.part.kind {
                Kind::Item => above.depth < around,
                // In what it introduces, or right before it.
                _ if above.is_entered => above.depth < around,
                _ => next.is_some_and(|next| next.depth == above.depth && next.kind.is_introduced()),
            };
            lies_in && above.own_end.is_some_and(|end| base + place >= end)
        };
        let inner = self.inner.as_mut().filter(|_| is_inside(outline, place));
        let above = self.above.iter_mut().filter(|above| is_above(above)).map(|above| &mut above.part);
        let mut parts: Vec<&mut Part> = self.headings.iter_mut().chain(above).chain(inner).collect();
        if parts.iter().map(|part| part.at).eq(self.shown.iter().copied()) {
            return;
        }
        self.shown = parts.iter().map(|part| part.at).collect();
        let read: Arc<[ContextPart]> = parts.iter_mut().filter_map(|part| part.read(text, base)).collect();
        self.context = Some(read).filter(|parts| !parts.is_empty());
    }

    /// Of the text from the place that was last passed.
    pub(super) fn context(&self) -> Context {
        self.context.clone()
    }

    /// Where the last heading ends in the document, or begins if the place is there.
    pub(super) fn heading_end(&self) -> usize {
        self.heading_end
    }

    /// Where the text begins that is under the last heading.
    pub(super) fn text_start(&self) -> usize {
        self.heading_end.saturating_sub(self.base)
    }

    pub(super) fn shift(&mut self, bytes: usize) {
        self.base += bytes;
    }
}

/// Forgets what the block does not lie under, and notes what begins with it.
fn enter(above: &mut Vec<Above>, block: &Block, start: usize) {
    let is_over = |above: &Above| match above.part.kind {
        Kind::Item => above.depth >= block.depth,
        // The block behind it is what it introduces, and the next one of that depth is not.
        _ => {
            above.depth > block.depth
                || (above.depth == block.depth && (above.is_entered || !block.kind.is_introduced()))
        }
    };
    above.retain(|above| !is_over(above));
    for above in above.iter_mut() {
        if above.part.kind == Kind::Item {
            if above.own_end.is_none() {
                // Its own text, if it begins with any.
                let is_text = matches!(block.kind, Kind::Paragraph | Kind::LeadIn | Kind::Heading(_));
                let end = start + block.end.saturating_sub(block.text_start);
                // A mark alone says nothing of what stands behind it.
                above.own_end = Some(if is_text { end } else { usize::MAX });
                above.part.end = end;
            }
        } else if above.depth == block.depth {
            above.is_entered = true;
        }
    }
}

fn heading_at(outline: &Outline, place: usize) -> Option<u8> {
    let next = outline.ahead().front().filter(|next| next.start == place && next.depth == 0)?;
    match next.kind {
        Kind::Heading(level) => Some(level),
        _ => None,
    }
}

/// Whether the place lies in a fence or in a table, behind its opening line.
fn is_inside(outline: &Outline, place: usize) -> bool {
    outline.containing(place).last().is_some_and(|last| match last.kind {
        Kind::Fence => place < last.end,
        Kind::TableHead | Kind::TableRow => {
            let row_follows = outline.ahead().front().is_some_and(|next| next.kind == Kind::TableRow);
            place < last.end || row_follows
        }
        // A row begins at the place.
        Kind::Table => true,
        _ => false,
    })
}

impl Part {
    fn level(&self) -> u8 {
        match self.kind {
            Kind::Heading(level) => level,
            _ => 0,
        }
    }

    /// `None` of an item or a lead-in that is too long for one.
    fn read(&mut self, text: &str, base: usize) -> Option<ContextPart> {
        if self.shown.is_none() {
            let from = self.at.saturating_sub(base);
            let (start, end) = (from, self.end.saturating_sub(base).max(from));
            let limit = text.floor_char_boundary(start.saturating_add(MOST_BYTES));
            let behind = text.get(start..limit).unwrap_or_default();
            let own = &behind[..behind.floor_char_boundary(end - start)];
            if matches!(self.kind, Kind::Heading(_))
                && let Some((_, inner)) = html_heading(own)
            {
                let at = self.at;
                let shown =
                    ContextPart::new(at + inner.start..at + inner.end, &one_line(&without_tags(&own[inner])));
                self.shown = Some(shown);
                return self.shown.clone();
            }
            let (length, shown) = match self.kind {
                Kind::Heading(_) => heading(own),
                Kind::Table => table_head(behind),
                Kind::Item | Kind::LeadIn if end - start > MOST_ITEM_BYTES => return None,
                Kind::Item | Kind::LeadIn => (own.len(), one_line(own)),
                _ => first_line(behind),
            };
            self.shown = Some(ContextPart::new(self.at..self.at + length, &shown));
        }
        self.shown.clone()
    }
}

/// The level of a heading that is written in HTML, if the block holds no more, and where its text lies: `<h1>Title</h1>`.
pub(super) fn html_heading(block: &str) -> Option<(u8, Range<usize>)> {
    let bytes = block.as_bytes();
    let level = match bytes.first_chunk::<4>()? {
        [b'<', b'h' | b'H', level @ b'1'..=b'6', b'>' | b' ' | b'\t' | b'\n'] => level - b'0',
        _ => return None,
    };
    let start = memchr::memchr(b'>', bytes)? + 1;
    let end = block.trim_end().len().checked_sub("</h1>".len())?;
    let closing = bytes.get(end..end + 5)?;
    let is_closed =
        closing[..2] == *b"</" && closing[2..4].eq_ignore_ascii_case(&bytes[1..3]) && closing[4] == b'>';
    let inner = block.get(start..end).filter(|_| is_closed)?;
    let from = start + inner.len() - inner.trim_start().len();
    let one = !inner.contains("</h") && !inner.contains("</H") && block.len() <= MOST_BYTES;
    // A picture alone tells nothing.
    (one && !without_tags(inner).trim().is_empty()).then(|| (level, from..from + inner.trim().len()))
}

fn without_tags(html: &str) -> String {
    let mut parts = html.split('<');
    let first = parts.next().unwrap_or_default();
    let behind = parts.map(|part| part.split_once('>').map_or(part, |(_, behind)| behind));
    std::iter::once(first).chain(behind).collect()
}

/// A heading's text in one line, without the line under it, and how long it is in the document.
pub(crate) fn heading(block: &str) -> (usize, String) {
    let is_hashed = block.trim_start_matches([' ', '\t']).starts_with('#');
    let lines = if is_hashed { block.lines().next().unwrap_or_default() } else { block.trim_end() };
    // What is underlined may have several lines; of a block that is cut short all of them count.
    let underline = lines.rsplit(['\n', '\r']).next().unwrap_or_default().trim();
    let is_underlined =
        !is_hashed && underline.len() < lines.len() && underline.chars().all(|c| matches!(c, '=' | '-'));
    let text =
        if is_underlined { lines[..lines.len() - underline.len()].trim_end() } else { lines.trim_end() };
    let text = if is_underlined { text.trim_end_matches(['\n', '\r']) } else { text };
    (text.len(), one_line(text))
}

/// A table's header and the line of dashes under it, so that rows behind them are a table again.
fn table_head(table: &str) -> (usize, String) {
    let line = |text: &str| line_end_in(text.as_bytes()).unwrap_or(text.len());
    let (first, rest) = table.split_at(line(table));
    let second = &rest[..line(rest)];
    let length = (first.len() + second.len()) - (second.len() - second.trim_end().len());
    // Without the marks of what it lies in, as the first line is.
    let second = second.trim().trim_start_matches(['>', ' ', '\t']);
    (length, format!("{}\n{second}", first.trim_end()).trim_end().to_owned())
}

fn first_line(text: &str) -> (usize, String) {
    let line = text.split(['\n', '\r']).next().unwrap_or_default().trim_end();
    (line.len(), line.to_owned())
}

/// Line ends, with the blanks around them, as blanks.
fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
