//! From spans to chunks: keeps count of characters and lines along the document.

use unicode_segmentation::UnicodeSegmentation;

use crate::chunk::{Chunk, CutBy, More, context_prefix};
use crate::config::ChunkConfig;
use crate::count;
use crate::error::ChunkError;
use crate::sizer::ChunkSizer;
use crate::strategy::Strategy;
use crate::window::{Span, begins_with_pages, is_blank};

/// Turns ascending spans that tile a document into its chunks. In a hierarchy, the spans of each level tile it, and a
/// span comes before those inside it.
pub(crate) struct Assemble<'d, I> {
    text: &'d str,
    spans: I,
    assembler: Assembler<'d>,
}

impl<'d, I> Assemble<'d, I> {
    pub(crate) fn new<S: ChunkSizer>(
        text: &'d str,
        spans: I,
        strategy: Strategy,
        config: &'d ChunkConfig<S>,
    ) -> Self {
        Assemble { text, spans, assembler: Assembler::new(strategy, config) }
    }

    /// Of spans on so many levels.
    pub(crate) fn with_levels(mut self, levels: usize) -> Self {
        self.assembler.hierarchy = true;
        self.assembler.places = vec![Place::default(); levels];
        self
    }
}

/// Keeps count of where chunks lie.
pub(crate) struct Assembler<'c> {
    cut_by: CutBy,
    index: usize,
    hierarchy: bool,
    /// What measures a chunk again whose blanks are left out.
    trims: Option<&'c dyn ChunkSizer>,
    /// Whether a span's size is how many characters it has.
    sizes_are_chars: bool,
    /// Whether the document has pages, once its start was looked at.
    has_pages: Option<bool>,
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

impl<'c> Assembler<'c> {
    pub(crate) fn new<S: ChunkSizer>(strategy: Strategy, config: &'c ChunkConfig<S>) -> Self {
        Assembler {
            cut_by: CutBy { strategy, reason: None, is_fallback: false },
            index: 0,
            hierarchy: false,
            trims: config.is_trimmed.then_some(&config.sizer),
            sizes_are_chars: config.sizer.counts_chars(),
            has_pages: None,
            places: vec![Place::default()],
        }
    }

    /// Whether a span has anything but blanks, where those are left out.
    pub(crate) fn is_shown(&self, text: &str, span: &Span) -> bool {
        self.trims.is_none() || !inked(&text[span.own..span.end]).is_empty()
    }

    /// The chunk of the next span; `None` of one without anything but blanks, where those are left out. `text` begins
    /// `base` bytes into the document, and the span's offsets are those of `text`.
    pub(crate) fn chunk<'d>(&mut self, text: &'d str, base: usize, span: Span) -> Option<Chunk<'d>> {
        let has_pages = *self.has_pages.get_or_insert_with(|| begins_with_pages(text));
        let parent = span.level.checked_sub(1).map(|above| self.places[above].last);
        let place = &mut self.places[span.level];
        debug_assert_eq!(base + span.own, place.byte, "spans tile the document");
        let whole = &text[span.start..span.end];
        let (overlap, owned) = whole.split_at(span.own - span.start);
        let (overlap_chars, overlap_lines) = match overlap {
            "" => (0, 0),
            overlap => (count::chars(overlap), count::line_ends(overlap)),
        };
        let chars = if self.sizes_are_chars { span.size - overlap_chars } else { count::chars(owned) };
        debug_assert_eq!(chars, count::chars(owned), "a size of characters");
        let mut first = Place {
            byte: base + span.start,
            char: place.char - overlap_chars,
            line: place.line - overlap_lines,
            page: if has_pages { place.page - count::page_ends(overlap) } else { 0 },
            last: 0,
        };
        *place = Place {
            byte: base + span.end,
            char: place.char + chars,
            line: place.line + count::line_ends(owned),
            page: if has_pages { place.page + count::page_ends(owned) } else { 0 },
            last: place.last,
        };
        let (mut end, mut kept, mut size) = (*place, 0..whole.len(), span.size);
        if let Some(sizer) = self.trims {
            kept = inked(whole);
            if kept.end <= overlap.len() {
                return None;
            }
            let context = span.context.as_deref().map(context_prefix).unwrap_or_default();
            match trimmed_size(sizer, whole, &whole[kept.clone()], &context, span.size) {
                Some(trimmed) => size = trimmed,
                None => kept = 0..whole.len(),
            }
            first.move_over(&whole[..kept.start]);
            end.move_back_over(&whole[kept.end..]);
        }
        let text = &whole[kept.clone()];
        let pages = match has_pages {
            false => None,
            true if end.page == first.page => Some((first.page + 1, first.page + 1)),
            true => Some(pages_of(text, first.page)),
        };
        place.last = self.index;
        let CutBy { strategy, reason, is_fallback } = span.cut_by.unwrap_or_else(|| self.cut_by.clone());
        let more = More {
            pages,
            reason,
            is_fallback,
            boundary_score: span.boundary_score,
            parent,
            context: span.context,
        };
        let chunk = Chunk {
            text,
            byte: first.byte,
            chars: first.char..end.char,
            // A line end at the very end belongs to the line that it ends.
            lines: (first.line + 1, end.line + 1 - usize::from(text.ends_with('\n'))),
            size,
            overlap_bytes: overlap.len().saturating_sub(kept.start),
            index: self.index,
            strategy,
            level: self.hierarchy.then(|| span.level.try_into().unwrap_or(u8::MAX)),
            more: more.is_any().then(|| Box::new(more)),
        };
        self.index += 1;
        Some(chunk)
    }
}

impl Place {
    fn move_over(&mut self, blanks: &str) {
        self.byte += blanks.len();
        self.char += count::chars(blanks);
        self.line += count::line_ends(blanks);
        self.page += count::page_ends(blanks);
    }

    fn move_back_over(&mut self, blanks: &str) {
        self.char -= count::chars(blanks);
        self.line -= count::line_ends(blanks);
        self.page = self.page.saturating_sub(count::page_ends(blanks));
    }
}

/// What lies between the blanks at both ends; no grapheme is taken apart.
fn inked(text: &str) -> std::ops::Range<usize> {
    let is_ink = |grapheme: &str| !grapheme.chars().all(is_blank);
    let Some((start, _)) = text.grapheme_indices(true).find(|(_, grapheme)| is_ink(grapheme)) else {
        return 0..0;
    };
    let last = text.grapheme_indices(true).rev().find(|(_, grapheme)| is_ink(grapheme));
    start..last.map_or(start, |(at, grapheme)| at + grapheme.len())
}

/// The size of a text without its blanks; `None` where it would be larger, alone or behind its context, as tokens may be.
fn trimmed_size(
    sizer: &dyn ChunkSizer,
    whole: &str,
    kept: &str,
    context: &str,
    whole_size: usize,
) -> Option<usize> {
    if whole.len() == kept.len() {
        return Some(whole_size);
    }
    let size = sizer.size(kept);
    let is_no_larger = || {
        let behind = |text: &str| sizer.size(&[context, text].concat());
        context.is_empty() || behind(kept) <= behind(whole)
    };
    (size <= whole_size && is_no_larger()).then_some(size)
}

/// The pages, from 1, of the first and the last character that is not blank, of a text that begins on this page, from 0.
fn pages_of(text: &str, page: usize) -> (usize, usize) {
    let end = text.trim_end().len();
    let start = text.len() - text.trim_start().len();
    let first = page + 1 + count::page_ends(&text[..start.min(end)]);
    (first, first + count::page_ends(text.get(start..end).unwrap_or_default()))
}

impl<'d, I: Iterator<Item = Result<Span, ChunkError>>> Iterator for Assemble<'d, I> {
    type Item = Result<Chunk<'d>, ChunkError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.spans.next()? {
                Ok(span) => {
                    if let Some(chunk) = self.assembler.chunk(self.text, 0, span) {
                        return Some(Ok(chunk));
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
