//! What a chunk repeats of the one before.

use super::Fit;
use crate::boundary::{Boundaries, Level};

impl Fit<'_> {
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
            if self.index.is_exact() || self.index.size(start..own).saturating_sub(self.overhead()) <= overlap
            {
                return start;
            }
            from = start + 1;
        }
        own
    }
}
