//! What a chunk stands under: the headings of its sections, a table's header, a fence's opening line.

use std::sync::Arc;

use super::block::Kind;
use super::outline::Outline;
use crate::chunk::{Context, ContextPart};

/// Keeps the lines that chunks stand under, each read once, and the context that chunks of one section share.
#[derive(Default)]
pub(crate) struct ContextPath {
    headings: Vec<Line>,
    /// Of the last fence or table.
    inner: Option<Line>,
    /// Whether the place lies in it.
    is_inside: bool,
    context: Context,
    /// How many bytes of the document lie before the text that is in memory.
    base: usize,
}

/// A line of the document, read when a chunk first stands under it.
struct Line {
    /// The heading's level; 0 of what is no heading.
    level: u8,
    /// Where it starts in the document.
    at: usize,
    part: Option<ContextPart>,
}

/// No line of a context is longer: what goes beyond is no title.
const MOST_BYTES: usize = 4 * 1024;

impl ContextPath {
    /// Of a text that begins `base` bytes into the document, under these headings.
    pub(super) fn under(headings: Vec<(u8, ContextPart)>, base: usize) -> Self {
        let context: Arc<[ContextPart]> = headings.iter().map(|(_, part)| part.clone()).collect();
        let line =
            |(level, part): (u8, ContextPart)| Line { level, at: part.byte_range().start, part: Some(part) };
        ContextPath {
            headings: headings.into_iter().map(line).collect(),
            context: Some(context).filter(|context| !context.is_empty()),
            base,
            ..ContextPath::default()
        }
    }

    /// Goes on to `place`, past all blocks that begin before it.
    pub(super) fn pass(&mut self, text: &str, place: usize, outline: &mut Outline) {
        let was_inside = std::mem::take(&mut self.is_inside);
        let (mut new_headings, mut new_inner) = (false, false);
        outline.pass(place, |block| {
            let line = |level| Line { level, at: self.base + block.text_start, part: None };
            match (block.kind, block.depth) {
                (Kind::Heading(level), 0) => {
                    let above = self.headings.partition_point(|heading| heading.level < level);
                    self.headings.truncate(above);
                    self.headings.push(line(level));
                    new_headings = true;
                }
                (Kind::Fence | Kind::Table, _) => {
                    self.inner = Some(line(0));
                    new_inner = true;
                }
                _ => {}
            }
        });
        if let Some(level) = heading_at(outline, place) {
            // Its section begins here, and those of its level and below have ended.
            let above = self.headings.partition_point(|heading| heading.level < level);
            new_headings |= above < self.headings.len();
            self.headings.truncate(above);
        }
        self.is_inside = is_inside(outline, place);
        if new_headings || self.is_inside != was_inside || (self.is_inside && new_inner) {
            let inner = self.inner.as_mut().filter(|_| self.is_inside);
            let lines = self.headings.iter_mut().chain(inner);
            let parts: Arc<[ContextPart]> = lines.map(|line| line.part(text, self.base)).collect();
            self.context = Some(parts).filter(|parts| !parts.is_empty());
        }
    }

    /// Of the text from the place that was last passed.
    pub(super) fn context(&self) -> Context {
        self.context.clone()
    }

    pub(super) fn shift(&mut self, bytes: usize) {
        self.base += bytes;
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

impl Line {
    fn part(&mut self, text: &str, base: usize) -> ContextPart {
        let read = || {
            let start = self.at.saturating_sub(base);
            let limit = text.floor_char_boundary(start.saturating_add(MOST_BYTES));
            let line = text.get(start..limit).unwrap_or_default();
            let line = line.split(['\n', '\r']).next().unwrap_or_default().trim_end();
            ContextPart::new(self.at..self.at + line.len(), line)
        };
        self.part.get_or_insert_with(read).clone()
    }
}
