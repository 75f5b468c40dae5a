//! From cuts between sentences to spans within the capacity.

use std::ops::Range;

use crate::config::ChunkConfig;
use crate::error::ChunkError;
use crate::sizer::ChunkSizer;
use crate::window::{Fit, Span};

/// The spans of the document: the parts between cuts that are within the maximum, the others cut again at their largest
/// distances.
pub(super) fn spans<'a, S: ChunkSizer>(
    text: &'a str,
    config: &'a ChunkConfig<S>,
    sentences: &'a [Range<usize>],
    distances: &'a [f32],
    breaks: &'a [bool],
) -> impl Iterator<Item = Result<Span, ChunkError>> + use<'a, S> {
    let part_ends =
        breaks.iter().enumerate().filter(|&(_, &cut)| cut).map(|(sentence, _)| sentence).collect();
    let layout =
        Layout { fit: Fit::new(text, config), overlap: config.overlap(), sentences, distances, part_ends };
    // The next sentence and where the span before started.
    let (mut next, mut before) = (0, 0);
    std::iter::from_fn(move || {
        if next >= sentences.len() {
            return None;
        }
        let span = layout.span(next, before);
        match &span {
            Ok((span, after)) => (next, before) = (*after, span.start),
            Err(_) => next = sentences.len(),
        }
        Some(span.map(|(span, _)| span))
    })
}

struct Layout<'a> {
    fit: Fit<'a>,
    overlap: usize,
    sentences: &'a [Range<usize>],
    /// One a boundary: `distances[i]` lies between sentences `i` and `i + 1`.
    distances: &'a [f32],
    /// The last sentence of each part but the last, ascending.
    part_ends: Vec<usize>,
}

impl Layout<'_> {
    /// The span that begins to own text at sentence `first`, and the sentence after its last.
    fn span(&self, first: usize, before: usize) -> Result<(Span, usize), ChunkError> {
        let own = self.sentences[first].start;
        let boundary_score = first.checked_sub(1).and_then(|boundary| self.distances.get(boundary)).copied();
        // With overlap if a sentence fits behind it, else without.
        for start in [self.fit.overlap_start(before, own, self.overlap), own] {
            if let Some((last, size)) = self.last_sentence(first, start) {
                let end = self.sentences[last].end;
                return Ok((Span { boundary_score, ..Span::new(start, own, end, size) }, last + 1));
            }
        }
        // Sentences were cut to fit the maximum; only one that a smaller desired size made too large comes here.
        let sentence = &self.sentences[first];
        match self.fit.size_within_max(own, sentence.end) {
            Some(size) => Ok((Span { boundary_score, ..Span::new(own, own, sentence.end, size) }, first + 1)),
            None => Err(self.fit.grapheme_error(own)),
        }
    }

    /// The last sentence of the span from `start` whose own text begins with sentence `first`, and the span's size.
    fn last_sentence(&self, first: usize, start: usize) -> Option<(usize, usize)> {
        let part = self.part_ends.partition_point(|&end| end < first);
        let part_end = self.part_ends.get(part).copied().unwrap_or(self.sentences.len() - 1);
        if let Some(size) = self.fit.size_within_max(start, self.sentences[part_end].end) {
            return Some((part_end, size));
        }
        // Too large as a whole: of the sentence ends that fit, the one with the largest distance in the second half.
        let mut reach = self.fit.desired_reach(start);
        for _ in 0..8 {
            let fitting =
                first + self.sentences[first..=part_end].partition_point(|sentence| sentence.end <= reach);
            let last =
                self.turning_point(first, fitting.checked_sub(1).filter(|&last| last >= first)?, reach);
            if let Some(size) = self.fit.size_within_desired(start, self.sentences[last].end) {
                return Some((last, size));
            }
            // The estimate was too high.
            reach = self.sentences[last].end - 1;
        }
        None
    }

    /// The sentence after which the distance is largest, among those that end in the second half of what fits; the last
    /// of equals.
    fn turning_point(&self, first: usize, last: usize, reach: usize) -> usize {
        let own = self.sentences[first].start;
        let half = own + reach.saturating_sub(own) / 2;
        (first..=last)
            .rev()
            .take_while(|&sentence| self.sentences[sentence].end >= half)
            .max_by(|&a, &b| {
                // `max_by` keeps the last of equals, and this goes from the end.
                self.distance_after(a).total_cmp(&self.distance_after(b)).then(a.cmp(&b))
            })
            .unwrap_or(last)
    }

    fn distance_after(&self, sentence: usize) -> f32 {
        self.distances.get(sentence).copied().unwrap_or(f32::INFINITY)
    }
}
