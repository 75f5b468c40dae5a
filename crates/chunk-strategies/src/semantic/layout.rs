//! From cuts between sentences to spans within the capacity.

use std::ops::Range;

use super::DEAD_BAND;
use crate::config::ChunkConfig;
use crate::recursive::ChooseRecursive;
use crate::sizer::ChunkSizer;
use crate::window::{Measured, NoRoom, Span};

/// The spans of the document: the parts between cuts that are within the maximum, the others cut again at their largest
/// distances.
pub(super) fn spans<'a, S: ChunkSizer>(
    text: &'a str,
    config: &'a ChunkConfig<S>,
    sentences: &'a [Range<usize>],
    distances: &'a [f64],
    cuts: &'a [bool],
) -> impl Iterator<Item = Result<Span, NoRoom>> + use<'a, S> {
    let part_ends = cuts.iter().enumerate().filter(|&(_, &cut)| cut).map(|(sentence, _)| sentence).collect();
    let layout = Layout {
        measured: Measured::new(text, config),
        max: config.capacity.max(),
        overlap: config.overlap,
        sentences,
        distances,
        part_ends,
    };
    // Where the next span begins to own text, the sentence that this lies in, and where the span before started.
    let (mut own, mut first, mut before) = (0, 0, 0);
    std::iter::from_fn(move || {
        if first >= sentences.len() {
            return None;
        }
        let span = layout.span(first, own, before);
        match &span {
            Ok(span) => {
                (own, before) = (span.end, span.start);
                first += sentences[first..].partition_point(|sentence| sentence.end <= own);
            }
            Err(_) => first = sentences.len(),
        }
        Some(span)
    })
}

struct Layout<'a> {
    measured: Measured<'a>,
    max: usize,
    overlap: usize,
    sentences: &'a [Range<usize>],
    /// One a boundary: `distances[i]` lies between sentences `i` and `i + 1`.
    distances: &'a [f64],
    /// The last sentence of each part but the last, ascending.
    part_ends: Vec<usize>,
}

impl Layout<'_> {
    /// The span that begins to own text at `own`, in sentence `first`.
    fn span(&self, first: usize, own: usize, before: usize) -> Result<Span, NoRoom> {
        let part = self.part_ends.partition_point(|&end| end < first);
        let part_end = self.part_ends.get(part).copied().unwrap_or(self.sentences.len() - 1);
        let start = self.measured.fit().overlap_start(before, own, self.overlap);
        let mut found = self.whole(start, own, part_end);
        if start < own {
            // A part is not cut to make room for overlap: it takes what room there is.
            found = found.or_else(|| {
                let alone = self.whole(own, own, part_end)?;
                let room = self.overlap.min(self.max - alone.size);
                let start = self.measured.fit().overlap_start(before, own, room);
                self.whole(start, own, part_end).or(Some(alone))
            });
            found = found.or_else(|| self.cut(start, own, first, part_end));
        }
        // The last is for a sentence that is within the maximum and not within the desired size.
        found = found.or_else(|| self.cut(own, own, first, part_end)).or_else(|| self.whole(own, own, first));
        let span = match found {
            Some(span) => span,
            // Where a sentence measured otherwise when it was taken apart.
            None => self.measured.fit().span(own, own, self.sentences[first].end, &ChooseRecursive)?,
        };
        let begins_sentence = own == self.sentences[first].start;
        let boundary = first.checked_sub(1).filter(|_| begins_sentence);
        let boundary_score =
            boundary.and_then(|boundary| self.distances.get(boundary)).map(|&score| score as f32);
        Ok(Span { boundary_score, ..span })
    }

    /// The span up to the end of sentence `last`, if it is within the maximum.
    fn whole(&self, start: usize, own: usize, last: usize) -> Option<Span> {
        let end = self.sentences[last].end;
        self.measured.fit().size_within_max(start, end).map(|size| Span::new(start, own, end, size))
    }

    /// Of a part that is too large as a whole: up to the sentence end with the largest distance, in the second half of
    /// what is within the desired size.
    fn cut(&self, start: usize, own: usize, first: usize, part_end: usize) -> Option<Span> {
        let mut reach = self.measured.fit().desired_reach(start);
        for _ in 0..8 {
            let fitting = self.sentences[first..=part_end].partition_point(|sentence| sentence.end <= reach);
            let last = self.turning_point(own, first, first + fitting.checked_sub(1)?, reach);
            let end = self.sentences[last].end;
            if let Some(size) = self.measured.fit().size_within_desired(start, end) {
                return Some(Span::new(start, own, end, size));
            }
            // The estimate was too high.
            reach = end - 1;
        }
        None
    }

    /// The sentence after which the distance is largest, among those that end in the second half of what fits; the last
    /// of those within the dead band.
    fn turning_point(&self, own: usize, first: usize, last: usize, reach: usize) -> usize {
        let half = own + reach.saturating_sub(own) / 2;
        (first..=last)
            .rev()
            .take_while(|&sentence| self.sentences[sentence].end >= half)
            .reduce(|largest, earlier| {
                let larger = self.distance_after(earlier) > self.distance_after(largest) + DEAD_BAND;
                if larger { earlier } else { largest }
            })
            .unwrap_or(last)
    }

    fn distance_after(&self, sentence: usize) -> f64 {
        self.distances.get(sentence).copied().unwrap_or(f64::INFINITY)
    }
}
