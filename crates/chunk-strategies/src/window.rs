//! The engine under the strategies that cut from front to back: [`Spans`] finds one span after the other.

use crate::boundary::{Boundaries, Level};
use crate::config::ChunkConfig;
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
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    /// Where its text starts, overlap included.
    pub(crate) start: usize,
    /// Where it starts to add text of its own.
    pub(crate) own: usize,
    pub(crate) end: usize,
    pub(crate) size: usize,
    pub(crate) boundary_score: Option<f32>,
}

/// Cuts a document from front to back, within the capacity and with overlap.
pub(crate) struct Spans<'a, C> {
    text: &'a str,
    fit: Fit<'a>,
    overlap: usize,
    choose: C,
    /// The start and the end of the span before.
    before: (usize, usize),
}

impl<'a, C: Choose> Spans<'a, C> {
    pub(crate) fn new<S: ChunkSizer>(text: &'a str, config: &'a ChunkConfig<S>, choose: C) -> Self {
        Spans { text, fit: Fit::new(text, config), overlap: config.overlap(), choose, before: (0, 0) }
    }

    fn next_span(&mut self, own: usize) -> Result<Span, ChunkError> {
        let start = self.fit.overlap_start(self.before.0, own, self.overlap);
        let found = match self.fit.end(start, own, &self.choose) {
            // Not even one grapheme fits behind the overlap.
            None if start < own => self.fit.end(own, own, &self.choose).map(|(end, size)| (own, end, size)),
            found => found.map(|(end, size)| (start, end, size)),
        };
        match found {
            Some((start, end, size)) => Ok(Span { start, own, end, size, boundary_score: None }),
            None => Err(self.fit.grapheme_error(own)),
        }
    }
}

impl<C: Choose> Iterator for Spans<'_, C> {
    type Item = Result<Span, ChunkError>;

    fn next(&mut self) -> Option<Self::Item> {
        let own = self.before.1;
        if own >= self.text.len() {
            return None;
        }
        let span = self.next_span(own);
        // An error ends the iteration.
        self.before = span.as_ref().map_or((own, self.text.len()), |span| (span.start, span.end));
        Some(span)
    }
}

/// What fits: the capacity applied to one document.
pub(crate) struct Fit<'a> {
    text: &'a str,
    index: Box<dyn SizeIndex + 'a>,
    desired: usize,
    max: usize,
    /// The size of an empty text: special tokens.
    overhead: usize,
    desired_bytes: usize,
    max_bytes: usize,
}

impl<'a> Fit<'a> {
    pub(crate) fn new<S: ChunkSizer>(text: &'a str, config: &'a ChunkConfig<S>) -> Self {
        let (desired, max) = (config.capacity().desired(), config.capacity().max());
        let sizer = config.sizer();
        Fit {
            text,
            index: sizer.index(text),
            desired,
            max,
            overhead: sizer.size(""),
            desired_bytes: sizer.byte_ceiling(desired),
            max_bytes: sizer.byte_ceiling(max),
        }
    }

    /// The exact size of the span, if it is within the maximum.
    pub(crate) fn size_within_max(&self, start: usize, end: usize) -> Option<usize> {
        // A span far beyond the reach is not measured: that would cost a look at the whole of it for each chunk.
        if end - start > self.max_bytes || (self.index.is_exact() && end > self.index.reach(start, self.max))
        {
            return None;
        }
        if !self.index.is_exact() && end > self.index.reach(start, self.max.saturating_mul(2)) {
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

    /// The end of a span from `start` that adds text behind `own`, and its exact size; `None` if nothing fits.
    pub(crate) fn end(&self, start: usize, own: usize, choose: &impl Choose) -> Option<(usize, usize)> {
        let boundaries = Boundaries::new(self.text, start);
        let (mut desired, mut max) = (self.desired, self.max);
        // An upper bound that falls with each cut that turned out too large, so that the loop ends.
        let mut bound = self.text.len();
        for attempt in 0.. {
            let reach =
                self.index.reach(start, desired).min(self.byte_limit(start, self.desired_bytes)).min(bound);
            let reach_max = if max > desired {
                self.index.reach(start, max).min(self.byte_limit(start, self.max_bytes)).min(bound)
            } else {
                reach
            };
            let window =
                Window { boundaries, own, desired: reach.max(own), max: reach_max.max(reach).max(own) };
            let cut = if reach == self.text.len() { Some(reach) } else { choose.choose(&window) };
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
        let end = boundaries.next_grapheme(own)?;
        let size = self.index.size(start..end);
        (size <= self.max).then_some((end, size))
    }

    /// Where the overlap of a chunk that begins to own text at `own` starts: the first good boundary that leaves no more
    /// than `overlap` before `own`, behind `floor`, where the chunk before starts.
    pub(crate) fn overlap_start(&self, floor: usize, own: usize, overlap: usize) -> usize {
        if overlap == 0 || own == 0 {
            return own;
        }
        let boundaries = Boundaries::new(self.text, floor);
        // A chunk must not repeat the whole of the one before, hence behind the floor and not at it.
        let mut from = self.index.reach_back(own, overlap).max(floor + 1);
        for _ in 0..4 {
            let from_boundary = self.text.floor_char_boundary(from - 1).max(floor);
            let start = [Level::Sentence, Level::Space, Level::Grapheme].into_iter().find_map(|level| {
                boundaries.first(level, from_boundary..own).filter(|&at| at >= from && at < own)
            });
            let Some(start) = start else { return own };
            if self.index.is_exact() || self.index.size(start..own).saturating_sub(self.overhead) <= overlap {
                return start;
            }
            from = start + 1;
        }
        own
    }

    pub(crate) fn grapheme_error(&self, at: usize) -> ChunkError {
        let end = Boundaries::new(self.text, at).next_grapheme(at).unwrap_or(self.text.len());
        ChunkError::grapheme_too_large(at, self.index.size(at..end), self.max)
    }

    fn byte_limit(&self, start: usize, bytes: usize) -> usize {
        self.text.floor_char_boundary(start.saturating_add(bytes))
    }
}
