//! The [`Chunk`]: a contiguous span of a document and where it lies.

use std::borrow::Cow;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use crate::strategy::Strategy;

/// A contiguous span of a document, borrowed from it.
///
/// `text()` is exactly `&document[byte_range()]`; the char and line ranges say the same place in other units. The first
/// [`overlap_bytes`](Chunk::overlap_bytes) repeat the end of the chunk before: without them, the chunks of a document
/// tile it.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk<'d> {
    pub(crate) text: &'d str,
    /// Where it starts.
    pub(crate) byte: usize,
    pub(crate) chars: Range<usize>,
    /// The first and the last.
    pub(crate) lines: (usize, usize),
    pub(crate) size: usize,
    pub(crate) overlap_bytes: usize,
    pub(crate) index: usize,
    pub(crate) strategy: Strategy,
    pub(crate) level: Option<u8>,
    /// What most chunks have nothing of: moving a chunk is a good part of the time that cutting takes.
    pub(crate) more: Option<Box<More>>,
}

/// What only some strategies and some documents have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct More {
    /// The first and the last.
    pub(crate) pages: Option<(usize, usize)>,
    pub(crate) reason: Option<Arc<str>>,
    pub(crate) is_fallback: bool,
    pub(crate) boundary_score: Option<f32>,
    pub(crate) parent: Option<usize>,
    pub(crate) context: Context,
}

impl More {
    /// Whether there is any of it.
    pub(crate) fn is_any(&self) -> bool {
        self.pages.is_some()
            || self.reason.is_some()
            || self.is_fallback
            || self.boundary_score.is_some()
            || self.parent.is_some()
            || self.context.is_some()
    }
}

/// What cut a chunk, and why.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CutBy {
    pub(crate) strategy: Strategy,
    pub(crate) reason: Option<Arc<str>>,
    /// Whether it stands in for another strategy that could not cut the document.
    pub(crate) is_fallback: bool,
}

/// What a chunk stands under: shared by the chunks that stand under the same.
pub(crate) type Context = Option<Arc<[ContextPart]>>;

/// A part of what a chunk stands under: a heading, an item of a list above, a paragraph that introduces it, a table's header
/// with the line under it, the first line of a code block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextPart {
    bytes: Range<usize>,
    text: Arc<str>,
}

impl ContextPart {
    pub(crate) fn new(bytes: Range<usize>, text: &str) -> Self {
        ContextPart { bytes, text: text.into() }
    }

    /// Where it lies in the document, in bytes, half-open.
    pub fn byte_range(&self) -> Range<usize> {
        self.bytes.clone()
    }

    /// The document's text in [`byte_range`](ContextPart::byte_range), what has several lines as one; of a table two,
    /// and of a heading in HTML without its tags.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl<'d> Chunk<'d> {
    /// The text: the document's bytes in [`byte_range`](Chunk::byte_range), overlap included.
    pub fn text(&self) -> &'d str {
        self.text
    }

    /// Where the text lies in the document, in bytes, half-open.
    pub fn byte_range(&self) -> Range<usize> {
        self.byte..self.byte + self.text.len()
    }

    /// Where the text lies in the document, in `char`s, half-open.
    pub fn char_range(&self) -> Range<usize> {
        self.chars.clone()
    }

    /// The lines of its first and its last character, counted from 1. Lines end at `\n`.
    pub fn line_range(&self) -> RangeInclusive<usize> {
        self.lines.0..=self.lines.1
    }

    /// The pages of its first and its last character that is not blank, counted from 1. Pages end at form feeds (`\x0c`); a
    /// document without any in its first 16 KiB has one page.
    pub fn page_range(&self) -> RangeInclusive<usize> {
        let (first, last) = self.more.as_ref().and_then(|more| more.pages).unwrap_or((1, 1));
        first..=last
    }

    /// Whether its document has pages.
    pub fn has_pages(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.pages.is_some())
    }

    /// The size of the text in the configured unit, overlap and special tokens included.
    pub fn size(&self) -> usize {
        self.size
    }

    /// How many leading bytes repeat the end of the chunk before.
    pub fn overlap_bytes(&self) -> usize {
        self.overlap_bytes
    }

    /// Its position among the document's chunks, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The strategy that cut it: the one that hybrid chose, or another than the one asked for after a fallback.
    pub fn strategy(&self) -> Strategy {
        self.strategy
    }

    /// Semantic: the distance (1 − cosine) at the boundary where the chunk begins to add text of its own. Absent at the
    /// document's start and for other strategies.
    pub fn boundary_score(&self) -> Option<f32> {
        self.more.as_ref().and_then(|more| more.boundary_score)
    }

    /// Why this strategy cut it: hybrid's choice, or a fallback's cause.
    pub fn reason(&self) -> Option<&str> {
        self.more.as_ref().and_then(|more| more.reason.as_deref())
    }

    /// Whether the strategy that should have cut it could not, and another stands in.
    pub fn is_fallback(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.is_fallback)
    }

    /// Where it stands in its hierarchy, 0 the coarsest; absent for strategies with one level.
    pub fn level(&self) -> Option<usize> {
        self.level.map(usize::from)
    }

    /// The [`index`](Chunk::index) of the chunk one level up that owns what this one owns; absent on the coarsest level.
    pub fn parent(&self) -> Option<usize> {
        self.more.as_ref().and_then(|more| more.parent)
    }

    /// What it stands under, the outermost first: its headings, and of a table or a code block that it continues, the
    /// header or the first line; in rows the header, in a transcript the label of the turn. Not part of the text.
    pub fn context(&self) -> &[ContextPart] {
        self.more.as_ref().and_then(|more| more.context.as_deref()).unwrap_or_default()
    }

    /// The text behind its context, as it is embedded where the context counts: a line for each part, a blank line (but between a
    /// table's header and its rows), the text. Just the text where there is no context.
    pub fn text_with_context(&self) -> Cow<'d, str> {
        match self.context() {
            [] => Cow::Borrowed(self.text),
            parts => Cow::Owned(context_prefix(parts) + self.text),
        }
    }
}

/// What stands before the text where the context is embedded with it. The rows of a table stand right below its header.
pub(crate) fn context_prefix(parts: &[ContextPart]) -> String {
    let mut prefix = String::new();
    let is_table = |part: &ContextPart| part.text().contains('\n');
    for part in parts {
        if is_table(part) && !prefix.is_empty() {
            prefix.push('\n');
        }
        prefix.extend([part.text(), "\n"]);
    }
    if !parts.last().is_some_and(is_table) {
        prefix.push('\n');
    }
    prefix
}
