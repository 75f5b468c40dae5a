//! From spans to chunks: keeps count of characters and lines along the document.

use crate::chunk::{Chunk, CutBy, More};
use crate::count;
use crate::error::ChunkError;
use crate::sizer::ChunkSizer;
use crate::strategy::Strategy;
use crate::window::Span;

/// Turns ascending spans that tile a document into its chunks. In a hierarchy, the spans of each level tile it, and a
/// span comes before those inside it.
pub(crate) struct Assemble<'d, I> {
    text: &'d str,
    spans: I,
    assembler: Assembler,
}

impl<'d, I> Assemble<'d, I> {
    pub(crate) fn new(text: &'d str, spans: I, strategy: Strategy, sizer: &impl ChunkSizer) -> Self {
        Assemble { text, spans, assembler: Assembler::new(strategy, sizer) }
    }

    /// Of spans on so many levels.
    pub(crate) fn with_levels(mut self, levels: usize) -> Self {
        self.assembler.hierarchy = true;
        self.assembler.places = vec![Place::default(); levels];
        self
    }
}

/// Keeps count of where chunks lie.
pub(crate) struct Assembler {
    cut_by: CutBy,
    index: usize,
    hierarchy: bool,
    /// Whether a span's size is how many characters it has.
    sizes_are_chars: bool,
    /// One a level.
    places: Vec<Place>,
}

/// Where the next span of a level begins to own text, and the chunk before it.
#[derive(Clone, Copy, Default)]
struct Place {
    byte: usize,
    char: usize,
    /// Counted from 0.
    line: usize,
    /// Counted from 0.
    page: usize,
    /// The index of the level's last chunk.
    last: usize,
}

impl Assembler {
    pub(crate) fn new(strategy: Strategy, sizer: &impl ChunkSizer) -> Self {
        let cut_by = CutBy { strategy, reason: None, is_fallback: false };
        let sizes_are_chars = sizer.counts_chars();
        Assembler { cut_by, index: 0, hierarchy: false, sizes_are_chars, places: vec![Place::default()] }
    }

    /// The chunk of the next span. `text` begins `base` bytes into the document, and the span's offsets are those of
    /// `text`.
    pub(crate) fn chunk<'d>(&mut self, text: &'d str, base: usize, span: Span) -> Chunk<'d> {
        let parent = span.level.checked_sub(1).map(|above| self.places[above].last);
        let place = &mut self.places[span.level];
        debug_assert_eq!(base + span.own, place.byte, "spans tile the document");
        let text = &text[span.start..span.end];
        let (overlap, owned) = text.split_at(span.own - span.start);
        let (overlap_chars, overlap_lines) = match overlap {
            "" => (0, 0),
            overlap => (count::chars(overlap), count::line_ends(overlap)),
        };
        let chars = if self.sizes_are_chars { span.size - overlap_chars } else { count::chars(owned) };
        debug_assert_eq!(chars, count::chars(owned), "a size of characters");
        let first_char = place.char - overlap_chars;
        let first_line = place.line - overlap_lines;
        let first_page = if place.page == 0 { 0 } else { place.page - count::page_ends(overlap) };
        *place = Place {
            byte: base + span.end,
            char: place.char + chars,
            line: place.line + count::line_ends(owned),
            page: place.page + span.pages.unwrap_or_else(|| count::page_ends(owned)),
            last: self.index,
        };
        // A line end at the very end belongs to the line that it ends.
        let last_line = place.line - usize::from(text.ends_with('\n'));
        let pages =
            if place.page == first_page { first_page..=first_page } else { pages_of(text, first_page) };
        let CutBy { strategy, reason, is_fallback } = span.cut_by.unwrap_or_else(|| self.cut_by.clone());
        let more = More {
            pages: (pages.start() + 1, pages.end() + 1),
            reason,
            is_fallback,
            boundary_score: span.boundary_score,
            parent,
            context: span.context,
        };
        let chunk = Chunk {
            text,
            byte: base + span.start,
            chars: first_char..place.char,
            lines: (first_line + 1, last_line + 1),
            size: span.size,
            overlap_bytes: overlap.len(),
            index: self.index,
            strategy,
            level: self.hierarchy.then(|| span.level.try_into().unwrap_or(u8::MAX)),
            more: more.is_any().then(|| Box::new(more)),
        };
        self.index += 1;
        chunk
    }
}

/// The pages of the first and the last character that is not blank, of a text that begins on this page.
fn pages_of(text: &str, page: usize) -> std::ops::RangeInclusive<usize> {
    let end = text.trim_end().len();
    let start = text.len() - text.trim_start().len();
    let first = page + count::page_ends(&text[..start.min(end)]);
    first..=first + count::page_ends(text.get(start..end).unwrap_or_default())
}

impl<'d, I: Iterator<Item = Result<Span, ChunkError>>> Iterator for Assemble<'d, I> {
    type Item = Result<Chunk<'d>, ChunkError>;

    fn next(&mut self) -> Option<Self::Item> {
        let span = self.spans.next()?;
        Some(span.map(|span| self.assembler.chunk(self.text, 0, span)))
    }
}
