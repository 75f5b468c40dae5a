//! [`Fit`]: what a chunk can hold, the capacity applied to one document.

use super::pages::Pages;
use super::{Choose, NoRoom, Span, Window};
use crate::boundary::{Boundaries, LOOK_AHEAD_BYTES};
use crate::config::{Capacity, ChunkConfig};
use crate::sizer::{ChunkSizer, SizeIndex};

/// A document with the index of its sizes.
pub(crate) struct Measured<'a> {
    text: &'a str,
    sizer: &'a dyn ChunkSizer,
    index: Box<dyn SizeIndex + 'a>,
    limits: Limits,
    pages: Pages,
}

impl<'a> Measured<'a> {
    pub(crate) fn new<S: ChunkSizer>(text: &'a str, config: &'a ChunkConfig<S>) -> Self {
        Measured::with_index(text, config.sizer.index(text), config)
    }

    /// For a part of a document that begins at byte `offset` of it.
    pub(crate) fn excerpt<S: ChunkSizer>(text: &'a str, offset: usize, config: &'a ChunkConfig<S>) -> Self {
        Measured::with_index(text, config.sizer.index_excerpt(text, offset), config)
    }

    fn with_index<S: ChunkSizer>(
        text: &'a str,
        index: Box<dyn SizeIndex + 'a>,
        config: &'a ChunkConfig<S>,
    ) -> Self {
        let limits = Limits::of(config.capacity, &config.sizer);
        Measured { text, sizer: &config.sizer, index, limits, pages: Pages::default() }
    }

    /// What fits into a chunk.
    pub(crate) fn fit(&self) -> Fit<'_> {
        self.fit_within(self.limits, &self.pages)
    }

    /// What fits within other limits: a document is tokenised once for all levels of a hierarchy.
    pub(crate) fn fit_within<'m>(&'m self, limits: Limits, pages: &'m Pages) -> Fit<'m> {
        Fit { text: self.text, sizer: self.sizer, index: &*self.index, limits, pages }
    }
}

/// What a capacity is for one sizer.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    desired: usize,
    max: usize,
    /// The size of an empty text: special tokens.
    overhead: usize,
    desired_bytes: usize,
    max_bytes: usize,
    /// How far around a span the index looks.
    margin: usize,
}

impl Limits {
    pub(crate) fn of(capacity: Capacity, sizer: &impl ChunkSizer) -> Self {
        let (desired, max) = (capacity.desired(), capacity.max());
        Limits {
            desired,
            max,
            overhead: sizer.size(""),
            desired_bytes: sizer.byte_ceiling(desired),
            max_bytes: sizer.byte_ceiling(max),
            margin: sizer.margin(),
        }
    }
}

/// What fits into a chunk of one document, or of the part of it that is in memory.
#[derive(Clone, Copy)]
pub(crate) struct Fit<'a> {
    pub(super) text: &'a str,
    sizer: &'a dyn ChunkSizer,
    pub(super) index: &'a dyn SizeIndex,
    limits: Limits,
    pages: &'a Pages,
}

impl<'a> Fit<'a> {
    /// A document, or the part of a stream that is in memory.
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// The same for what comes before `end`, which no span goes beyond.
    pub(crate) fn up_to(&self, end: usize) -> Self {
        Fit { text: &self.text[..end], ..*self }
    }

    /// The same with less room, for what is to stand beside each span.
    pub(crate) fn smaller_by(&self, size: usize) -> Self {
        let max = self.limits.max.saturating_sub(size);
        Fit { limits: Limits { desired: self.limits.desired.min(max), max, ..self.limits }, ..*self }
    }

    /// The size of a text that need not be of the document.
    pub(crate) fn measure(&self, text: &str) -> usize {
        self.sizer.size(text)
    }

    /// The size of an empty text: special tokens.
    pub(crate) fn overhead(&self) -> usize {
        self.limits.overhead
    }

    /// The size that no span exceeds.
    pub(crate) fn max(&self) -> usize {
        self.limits.max
    }

    /// The most bytes that a chunk may have, whatever its size.
    pub(crate) fn max_bytes(&self) -> usize {
        self.limits.max_bytes
    }

    /// How many bytes behind the place where a span begins to own text its end may depend on.
    pub(crate) fn look_ahead(&self) -> usize {
        self.limits
            .max_bytes
            .saturating_add(self.limits.margin)
            .saturating_add(LOOK_AHEAD_BYTES + GRAPHEME_BYTES)
    }

    /// The exact size of the span, if it is within the maximum.
    pub(crate) fn size_within_max(&self, start: usize, end: usize) -> Option<usize> {
        // Where no unit is smaller than a byte, a short span is known to fit.
        if self.index.is_exact() && end - start <= self.limits.max {
            return Some(self.index.size(start..end));
        }
        // A span far beyond the reach is not measured: that would cost a look at the whole of it for each chunk.
        if end - start > self.limits.max_bytes
            || (self.index.is_exact() && end > self.index.reach(start, self.limits.max))
        {
            return None;
        }
        // A short one is measured at once: to ask how far a size reaches may cost as much.
        let is_short = end - start <= self.limits.max.saturating_mul(4);
        if !is_short
            && !self.index.is_exact()
            && end > self.index.reach(start, self.limits.max.saturating_mul(2))
        {
            return None;
        }
        let size = self.index.size(start..end);
        (size <= self.limits.max).then_some(size)
    }

    /// The exact size of the span, if it is within the desired size.
    pub(crate) fn size_within_desired(&self, start: usize, end: usize) -> Option<usize> {
        if end - start > self.limits.desired_bytes {
            return None;
        }
        let size = self.index.size(start..end);
        (size <= self.limits.desired).then_some(size)
    }

    /// Up to where a span from `start` is about as large as desired.
    pub(crate) fn desired_reach(&self, start: usize) -> usize {
        self.limited_reach(start, self.limits.desired, self.limits.desired_bytes)
    }

    /// Up to where a span from `start` has about this size and no more than so many bytes.
    fn limited_reach(&self, start: usize, size: usize, bytes: usize) -> usize {
        let reach = self.index.reach(start, size);
        // Not asked where it does not matter: to look at a byte that no one has looked at yet takes as long as the rest.
        if reach - start <= bytes { reach } else { self.byte_limit(start, bytes) }
    }

    /// The span from `start` that adds text behind `own` and ends no later than `until`, or from `own` if not even one
    /// grapheme fits behind the overlap.
    pub(crate) fn span(
        &self,
        start: usize,
        own: usize,
        until: usize,
        choose: &impl Choose,
    ) -> Result<Span, NoRoom> {
        let found = match self.inked_end(start, own, until, choose) {
            None if start < own => {
                self.inked_end(own, own, until, choose).map(|(end, size)| (own, end, size))
            }
            found => found.map(|(end, size)| (start, end, size)),
        };
        match found {
            Some((start, end, size)) => Ok(Span::new(start, own, end, size)),
            None => Err(self.no_room(own)),
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
            .then(|| {
                self.end(start, inked, until, choose).filter(|&(end, _)| end - start <= self.limits.max_bytes)
            })
            .flatten();
        let (end, size) = behind_blanks.or_else(|| self.end(start, own, until, choose))?;
        let blanks_follow =
            end < until && until - start <= self.limits.max_bytes && self.skip_blanks(end, until) == until;
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
        let limit = self.byte_limit(at, self.limits.max_bytes).min(until);
        let blanks = self.text[at..limit].find(|c: char| !is_blank(c));
        blanks.map_or(limit, |blanks| at + blanks)
    }

    /// The end, up to `until`, of a span from `start` that adds text behind `own`, and its exact size; `None` if nothing
    /// fits.
    fn end(&self, start: usize, own: usize, until: usize, choose: &impl Choose) -> Option<(usize, usize)> {
        let boundaries = Boundaries::new(self.text, start);
        let (mut desired, mut max) = (self.limits.desired, self.limits.max);
        // An upper bound that falls with each cut that turned out too large, so that the loop ends.
        let mut bound = until;
        for attempt in 0.. {
            let reach = self.limited_reach(start, desired, self.limits.desired_bytes).min(bound);
            let reach_max = if max > desired {
                self.limited_reach(start, max, self.limits.max_bytes).min(bound)
            } else {
                reach
            };
            let max_reach = reach_max.max(reach).max(own);
            let may_have_pages = self.pages.next(self, own) < max_reach;
            let window = Window { boundaries, own, desired: reach.max(own), max: max_reach, may_have_pages };
            let cut = if reach == until { Some(reach) } else { choose.choose(&window) };
            let Some(cut) = cut.filter(|&cut| cut > own) else { break };
            let size = self.index.size(start..cut);
            let limit = if cut <= reach { self.limits.desired } else { self.limits.max };
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
        let end = self.grapheme_end(start, own).filter(|end| end - own <= self.limits.max_bytes)?;
        let size = self.index.size(start..end);
        (size <= self.limits.max).then_some((end, size))
    }

    /// The end of the grapheme at `at`, from an anchor before it; `None` if it goes on far beyond what a chunk may have.
    /// No further is looked, since in a stream there may be no further.
    pub(super) fn grapheme_end(&self, anchor: usize, at: usize) -> Option<usize> {
        let limit = self.byte_limit(at, self.limits.max_bytes.saturating_add(GRAPHEME_BYTES));
        let end = Boundaries::new(&self.text[..limit], anchor).next_grapheme(at)?;
        (end < limit || end == self.text.len()).then_some(end)
    }

    pub(super) fn pages(&self) -> &Pages {
        self.pages
    }

    /// Whether the grapheme at `at` fits into a chunk of its own.
    pub(crate) fn holds_grapheme(&self, at: usize) -> bool {
        let end = self.grapheme_end(at, at).filter(|end| end - at <= self.limits.max_bytes);
        end.is_some_and(|end| self.index.size(at..end) <= self.limits.max)
    }

    fn byte_limit(&self, start: usize, bytes: usize) -> usize {
        self.text.floor_char_boundary(start.saturating_add(bytes))
    }
}

/// What leaves nothing to read: blanks, and the mark of the byte order.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}')
}

/// Room for the grapheme at the end of a window: a hundred times what any script writes.
const GRAPHEME_BYTES: usize = 4096;
