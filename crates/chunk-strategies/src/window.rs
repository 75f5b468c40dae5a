//! The engine under the strategies that cut from front to back: a [`Cutter`] decides on one span after the other.

use std::cell::Cell;
use std::rc::Rc;

use crate::boundary::{Boundaries, FORM_FEED, LOOK_AHEAD_BYTES, Level};
use crate::chunk::{Context, CutBy};
use crate::config::{Capacity, ChunkConfig};
use crate::error::ChunkError;
use crate::sizer::{ChunkSizer, SizeIndex};

/// Chooses among the boundaries of a window.
pub(crate) trait Choose {
    /// The offset to cut at, in `(window.own, window.max]`.
    fn choose(&self, window: &Window<'_>) -> Option<usize>;
}

/// Where the next cut may be made.
pub(crate) struct Window<'d> {
    pub(crate) boundaries: Boundaries<'d>,
    /// Where the text begins that no chunk has had yet; the cut lies behind it.
    pub(crate) own: usize,
    /// Up to where the chunk is no larger than desired.
    pub(crate) desired: usize,
    /// Up to where it is no larger than the maximum; at least `desired`.
    pub(crate) max: usize,
    /// Whether a page may end in it.
    pub(crate) may_have_pages: bool,
}

impl Window<'_> {
    /// The offset that leaves the first `1/n` of the text that is not overlap before it.
    pub(crate) fn part(&self, n: usize) -> usize {
        self.boundaries.floor(self.own + (self.desired - self.own) / n)
    }

    /// The last grapheme boundary that fits, however early, else the first one up to the maximum.
    pub(crate) fn last_resort(&self) -> Option<usize> {
        let within = self.boundaries.last(Level::Grapheme, self.own..self.desired);
        within.or_else(|| self.boundaries.first(Level::Grapheme, self.own..self.max))
    }
}

/// A span that a strategy decided on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    /// Where its text starts, overlap included.
    pub(crate) start: usize,
    /// Where it starts to add text of its own.
    pub(crate) own: usize,
    pub(crate) end: usize,
    pub(crate) size: usize,
    /// How many pages end in the text that it owns, where that is known already.
    pub(crate) pages: Option<usize>,
    pub(crate) boundary_score: Option<f32>,
    /// Where it stands in a hierarchy, 0 the coarsest; 0 too where there is none.
    pub(crate) level: usize,
    /// What it stands under: heading path and the like.
    pub(crate) context: Context,
    /// What cut it, where that is not the strategy of the whole document.
    pub(crate) cut_by: Option<CutBy>,
}

impl Span {
    /// Without anything that only some strategies say.
    pub(crate) fn new(start: usize, own: usize, end: usize, size: usize) -> Self {
        Span {
            start,
            own,
            end,
            size,
            pages: None,
            boundary_score: None,
            level: 0,
            context: Context::default(),
            cut_by: None,
        }
    }
}

/// Decides on one span after the other, from front to back.
///
/// Holds offsets and no text: that comes with `fit`, so that one cutter runs over a whole document and over a window
/// that slides along a stream, and both give the same spans.
pub(crate) trait Cutter {
    /// The next span; `None` at the end of the text, and after an error.
    fn next_span(&mut self, fit: &Fit<'_>) -> Option<Result<Span, ChunkError>>;

    /// Where the next span begins to own text.
    fn position(&self) -> usize;

    /// The first offset that is looked at again.
    fn needed_from(&self) -> usize;

    /// How many bytes behind [`position`](Cutter::position) the next span may depend on.
    fn look_ahead(&self, fit: &Fit<'_>) -> usize {
        fit.look_ahead()
    }

    /// The text that comes next begins so many bytes later in the document: offsets become smaller by as many.
    fn shift(&mut self, bytes: usize);
}

impl<C: Cutter + ?Sized> Cutter for Box<C> {
    fn next_span(&mut self, fit: &Fit<'_>) -> Option<Result<Span, ChunkError>> {
        (**self).next_span(fit)
    }

    fn position(&self) -> usize {
        (**self).position()
    }

    fn needed_from(&self) -> usize {
        (**self).needed_from()
    }

    fn look_ahead(&self, fit: &Fit<'_>) -> usize {
        (**self).look_ahead(fit)
    }

    fn shift(&mut self, bytes: usize) {
        (**self).shift(bytes);
    }
}

/// The spans of a whole document.
pub(crate) struct Spans<'a, C> {
    fit: Fit<'a>,
    cutter: C,
}

impl<'a, C: Cutter> Spans<'a, C> {
    pub(crate) fn new<S: ChunkSizer>(text: &'a str, config: &'a ChunkConfig<S>, cutter: C) -> Self {
        Spans { fit: Fit::new(text, config), cutter }
    }
}

impl<C: Cutter> Iterator for Spans<'_, C> {
    type Item = Result<Span, ChunkError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.cutter.next_span(&self.fit)
    }
}

/// Cuts at the boundaries that `choose` prefers, within the capacity and with overlap.
pub(crate) struct Windows<C> {
    overlap: usize,
    choose: C,
    /// The start and the end of the span before.
    before: (usize, usize),
    /// Whether the document has form feeds, once its start was looked at.
    has_pages: Option<bool>,
    failed: bool,
}

impl<C: Choose> Windows<C> {
    pub(crate) fn new(overlap: usize, choose: C) -> Self {
        Windows { overlap, choose, before: (0, 0), has_pages: None, failed: false }
    }
}

impl<C: Choose> Cutter for Windows<C> {
    fn next_span(&mut self, fit: &Fit<'_>) -> Option<Result<Span, ChunkError>> {
        let own = self.before.1;
        if own >= fit.text.len() || self.failed {
            return None;
        }
        let start = fit.overlap_start(self.before.0, own, self.overlap);
        if !*self.has_pages.get_or_insert_with(|| begins_with_pages(fit.text)) {
            fit.page.set((0, NO_PAGES));
        }
        let span = fit.span(start, own, fit.text.len(), &self.choose);
        match &span {
            Ok(span) => self.before = (span.start, span.end),
            Err(_) => self.failed = true,
        }
        Some(span)
    }

    fn position(&self) -> usize {
        self.before.1
    }

    fn needed_from(&self) -> usize {
        self.before.0
    }

    fn look_ahead(&self, fit: &Fit<'_>) -> usize {
        if self.has_pages.is_none() { fit.look_ahead().max(PAGED_BYTES) } else { fit.look_ahead() }
    }

    fn shift(&mut self, bytes: usize) {
        self.before = (self.before.0 - bytes, self.before.1 - bytes);
    }
}

/// What fits: the capacity applied to one document.
#[derive(Clone)]
pub(crate) struct Fit<'a> {
    text: &'a str,
    sizer: &'a dyn ChunkSizer,
    index: Rc<dyn SizeIndex + 'a>,
    desired: usize,
    max: usize,
    /// The size of an empty text: special tokens.
    overhead: usize,
    desired_bytes: usize,
    max_bytes: usize,
    /// How far around a span the index looks.
    margin: usize,
    /// A place, and the first form feed from there, as far as that was looked for.
    page: Cell<(usize, usize)>,
}

impl<'a> Fit<'a> {
    pub(crate) fn new<S: ChunkSizer>(text: &'a str, config: &'a ChunkConfig<S>) -> Self {
        Fit::sharing(text, config.sizer().index(text).into(), config.capacity(), config.sizer())
    }

    /// For a part of a document that begins at byte `offset` of it.
    pub(crate) fn excerpt<S: ChunkSizer>(text: &'a str, offset: usize, config: &'a ChunkConfig<S>) -> Self {
        let index = config.sizer().index_excerpt(text, offset);
        Fit::sharing(text, index.into(), config.capacity(), config.sizer())
    }

    /// With an index that others use too: a document is tokenised once for all levels of a hierarchy.
    pub(crate) fn sharing<S: ChunkSizer>(
        text: &'a str,
        index: Rc<dyn SizeIndex + 'a>,
        capacity: Capacity,
        sizer: &'a S,
    ) -> Self {
        let (desired, max) = (capacity.desired(), capacity.max());
        Fit {
            text,
            sizer,
            index,
            desired,
            max,
            overhead: sizer.size(""),
            desired_bytes: sizer.byte_ceiling(desired),
            max_bytes: sizer.byte_ceiling(max),
            margin: sizer.margin(),
            page: Cell::new((0, 0)),
        }
    }

    /// A document, or the part of a stream that is in memory.
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// The same for what comes before `end`, which no span goes beyond.
    pub(crate) fn up_to(&self, end: usize) -> Self {
        Fit { text: &self.text[..end], ..self.clone() }
    }

    /// The same with less room, for what is to stand beside each span.
    pub(crate) fn smaller_by(&self, size: usize) -> Self {
        let max = self.max.saturating_sub(size);
        Fit { desired: self.desired.min(max), max, ..self.clone() }
    }

    /// The size of a text that need not be of the document.
    pub(crate) fn measure(&self, text: &str) -> usize {
        self.sizer.size(text)
    }

    /// The size of an empty text: special tokens.
    pub(crate) fn overhead(&self) -> usize {
        self.overhead
    }

    /// The size that no span exceeds.
    pub(crate) fn max(&self) -> usize {
        self.max
    }

    /// The most bytes that a chunk may have, whatever its size.
    pub(crate) fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// How many bytes behind the place where a span begins to own text its end may depend on.
    pub(crate) fn look_ahead(&self) -> usize {
        self.max_bytes.saturating_add(self.margin).saturating_add(LOOK_AHEAD_BYTES + GRAPHEME_BYTES)
    }

    /// The exact size of the span, if it is within the maximum.
    pub(crate) fn size_within_max(&self, start: usize, end: usize) -> Option<usize> {
        // Where no unit is smaller than a byte, a short span is known to fit.
        if self.index.is_exact() && end - start <= self.max {
            return Some(self.index.size(start..end));
        }
        // A span far beyond the reach is not measured: that would cost a look at the whole of it for each chunk.
        if end - start > self.max_bytes || (self.index.is_exact() && end > self.index.reach(start, self.max))
        {
            return None;
        }
        // A short one is measured at once: to ask how far a size reaches may cost as much.
        let is_short = end - start <= self.max.saturating_mul(4);
        if !is_short && !self.index.is_exact() && end > self.index.reach(start, self.max.saturating_mul(2)) {
            return None;
        }
        let size = self.index.size(start..end);
        (size <= self.max).then_some(size)
    }

    /// The exact size of the span, if it is within the desired size.
    pub(crate) fn size_within_desired(&self, start: usize, end: usize) -> Option<usize> {
        if end - start > self.desired_bytes {
            return None;
        }
        let size = self.index.size(start..end);
        (size <= self.desired).then_some(size)
    }

    /// Up to where a span from `start` is about as large as desired.
    pub(crate) fn desired_reach(&self, start: usize) -> usize {
        self.index.reach(start, self.desired).min(self.byte_limit(start, self.desired_bytes))
    }

    /// The span from `start` that adds text behind `own` and ends no later than `until`, or from `own` if not even one
    /// grapheme fits behind the overlap.
    pub(crate) fn span(
        &self,
        start: usize,
        own: usize,
        until: usize,
        choose: &impl Choose,
    ) -> Result<Span, ChunkError> {
        let found = match self.inked_end(start, own, until, choose) {
            None if start < own => {
                self.inked_end(own, own, until, choose).map(|(end, size)| (own, end, size))
            }
            found => found.map(|(end, size)| (start, end, size)),
        };
        match found {
            Some((start, end, size)) => {
                let pages = Some(self.page_ends(own, end));
                Ok(Span { pages, ..Span::new(start, own, end, size) })
            }
            None => Err(self.grapheme_error(own)),
        }
    }

    /// The end of a span that does not add blanks alone: blanks go with what is behind them, and at the end with what is
    /// before them, where there is room.
    fn inked_end(
        &self,
        start: usize,
        own: usize,
        until: usize,
        choose: &impl Choose,
    ) -> Option<(usize, usize)> {
        let inked = self.skip_blanks(own, until);
        let behind_blanks = (own < inked && inked < until)
            .then(|| self.end(start, inked, until, choose).filter(|&(end, _)| end - start <= self.max_bytes))
            .flatten();
        let (end, size) = behind_blanks.or_else(|| self.end(start, own, until, choose))?;
        let blanks_follow =
            end < until && until - start <= self.max_bytes && self.skip_blanks(end, until) == until;
        match blanks_follow.then(|| self.size_within_max(start, until)).flatten() {
            Some(size) => Some((until, size)),
            None => Some((end, size)),
        }
    }

    /// Behind the blanks from `at`, no farther than a chunk reaches.
    pub(crate) fn skip_blanks(&self, at: usize, until: usize) -> usize {
        // Most text goes on with a letter.
        if self.text.as_bytes().get(at).is_none_or(u8::is_ascii_graphic) {
            return at;
        }
        let limit = self.byte_limit(at, self.max_bytes).min(until);
        let blanks = self.text[at..limit].find(|c: char| !is_blank(c));
        blanks.map_or(limit, |blanks| at + blanks)
    }

    /// The end, up to `until`, of a span from `start` that adds text behind `own`, and its exact size; `None` if nothing
    /// fits.
    fn end(&self, start: usize, own: usize, until: usize, choose: &impl Choose) -> Option<(usize, usize)> {
        let boundaries = Boundaries::new(self.text, start);
        let (mut desired, mut max) = (self.desired, self.max);
        // An upper bound that falls with each cut that turned out too large, so that the loop ends.
        let mut bound = until;
        for attempt in 0.. {
            let reach =
                self.index.reach(start, desired).min(self.byte_limit(start, self.desired_bytes)).min(bound);
            let reach_max = if max > desired {
                self.index.reach(start, max).min(self.byte_limit(start, self.max_bytes)).min(bound)
            } else {
                reach
            };
            let max_reach = reach_max.max(reach).max(own);
            let may_have_pages = self.page_end(own) < max_reach;
            let window = Window { boundaries, own, desired: reach.max(own), max: max_reach, may_have_pages };
            let cut = if reach == until { Some(reach) } else { choose.choose(&window) };
            let Some(cut) = cut.filter(|&cut| cut > own) else { break };
            let size = self.index.size(start..cut);
            let limit = if cut <= reach { self.desired } else { self.max };
            if size <= limit {
                return Some((cut, size));
            }
            // The estimate was too high: take off what is too much, and after a few rounds, for sizes that do not grow
            // with the text, half of the span.
            let excess = size - limit;
            desired = desired.saturating_sub(excess);
            max = max.saturating_sub(excess);
            bound = if attempt < 4 { cut - 1 } else { own + (cut - own) / 2 };
            bound = self.text.floor_char_boundary(bound);
        }
        // Whatever the estimates said, one grapheme is what there must be room for.
        let end = self.grapheme_end(start, own).filter(|end| end - own <= self.max_bytes)?;
        let size = self.index.size(start..end);
        (size <= self.max).then_some((end, size))
    }

    /// The end of the grapheme at `at`, from an anchor before it; `None` if it goes on far beyond what a chunk may have.
    /// No further is looked, since in a stream there may be no further.
    fn grapheme_end(&self, anchor: usize, at: usize) -> Option<usize> {
        let limit = self.byte_limit(at, self.max_bytes.saturating_add(GRAPHEME_BYTES));
        let end = Boundaries::new(&self.text[..limit], anchor).next_grapheme(at)?;
        (end < limit || end == self.text.len()).then_some(end)
    }

    /// Where the overlap of a chunk that begins to own text at `own` starts: the first good boundary that leaves no more
    /// than `overlap` before `own`, behind `floor`, where the chunk before starts.
    pub(crate) fn overlap_start(&self, floor: usize, own: usize, overlap: usize) -> usize {
        self.overlap_start_from(floor, floor + 1, own, overlap)
    }

    /// The same, and not before `least`.
    ///
    /// What is repeated are whole sentences; where none fits, clauses, and in text without them words. Never blanks alone.
    pub(crate) fn overlap_start_from(&self, floor: usize, least: usize, own: usize, overlap: usize) -> usize {
        if overlap == 0 || own == 0 || least >= own {
            return own;
        }
        let boundaries = Boundaries::new(self.text, floor);
        // A chunk must not repeat the whole of the one before, hence behind the floor and not at it.
        let mut from = self.index.reach_back(own, overlap).max(floor + 1).max(least);
        if !self.index.is_exact() {
            // Counted from its end, a run of flags may be taken apart into other pairs than from its start.
            let at = self.text.floor_char_boundary(from);
            from = boundaries.last(Level::Grapheme, floor..at.max(floor)).unwrap_or(floor + 1).max(least);
        }
        for _ in 0..4 {
            let from_boundary = self.text.floor_char_boundary(from - 1).max(floor);
            let start = [Level::Sentence, Level::Clause, Level::Space].into_iter().find_map(|level| {
                let first =
                    boundaries.first(level, from_boundary..own).filter(|&at| at >= from && at < own)?;
                // Blanks at its start are nothing to repeat.
                let inked = self.skip_blanks(first, own);
                let start = if boundaries.is_grapheme_boundary(inked) { inked } else { first };
                (inked < own).then_some(start)
            });
            let Some(start) = start else { return own };
            if self.index.is_exact() || self.index.size(start..own).saturating_sub(self.overhead) <= overlap {
                return start;
            }
            from = start + 1;
        }
        own
    }

    /// Where the next form feed from `at` is, or a place before which there is none. Each byte of a document is looked at
    /// once, as long as places ascend.
    fn page_end(&self, at: usize) -> usize {
        let (from, known) = self.page.get();
        if known == NO_PAGES {
            return known;
        }
        if from <= at
            && at <= known
            && known < self.text.len()
            && (at < known || self.text.as_bytes()[known] == FORM_FEED)
        {
            return known;
        }
        let limit = self.text.len().min(at.saturating_add(PAGE_SEARCH_BYTES.max(self.max_bytes)));
        let found =
            memchr::memchr(FORM_FEED, &self.text.as_bytes()[at..limit]).map_or(limit, |found| at + found);
        self.page.set((at, found));
        found
    }

    /// How many pages end in the span.
    fn page_ends(&self, start: usize, end: usize) -> usize {
        let mut found = 0;
        let mut at = start;
        while let Some(next) = Some(self.page_end(at)).filter(|&next| next < end) {
            found += usize::from(self.text.as_bytes()[next] == FORM_FEED);
            at = next + usize::from(self.text.as_bytes()[next] == FORM_FEED);
        }
        found
    }

    /// Whether the grapheme at `at` fits into a chunk of its own.
    pub(crate) fn holds_grapheme(&self, at: usize) -> bool {
        let end = self.grapheme_end(at, at).filter(|end| end - at <= self.max_bytes);
        end.is_some_and(|end| self.index.size(at..end) <= self.max)
    }

    pub(crate) fn grapheme_error(&self, at: usize) -> ChunkError {
        let size = self.grapheme_end(at, at).map(|end| self.index.size(at..end));
        match size.filter(|size| *size > self.max) {
            Some(size) => ChunkError::grapheme_too_large(at, size, self.max),
            None => ChunkError::grapheme_too_long(at, self.max_bytes),
        }
    }

    fn byte_limit(&self, start: usize, bytes: usize) -> usize {
        self.text.floor_char_boundary(start.saturating_add(bytes))
    }
}

/// Whether a form feed stands near the document's start. To look for the first one to the end of every document would take
/// a tenth of the time that cutting it takes.
fn begins_with_pages(text: &str) -> bool {
    memchr::memchr(FORM_FEED, &text.as_bytes()[..text.len().min(PAGED_BYTES)]).is_some()
}

/// A document with pages has one in so many bytes.
const PAGED_BYTES: usize = 16 * 1024;

/// Stands for the next form feed where there is none.
const NO_PAGES: usize = usize::MAX;

/// How far form feeds are looked for at once.
const PAGE_SEARCH_BYTES: usize = 16 * 1024;

/// What leaves nothing to read: blanks, and the mark of the byte order.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}')
}

/// Room for the grapheme at the end of a window: a hundred times what any script writes.
const GRAPHEME_BYTES: usize = 4096;
