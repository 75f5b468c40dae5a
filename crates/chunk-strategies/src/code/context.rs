//! The items that a place lies in.

use std::sync::Arc;

use super::outline::Outline;
use crate::chunk::{Context, ContextPart};

/// Follows a place along a file.
#[derive(Default)]
pub(super) struct ItemPath {
    /// The pieces that have begun before the place and not ended, outermost first.
    around: Vec<usize>,
    /// How many pieces have begun.
    passed: usize,
    context: Context,
    /// Which items the context names.
    shown: Vec<usize>,
    /// Where the last item ended before the place, or the innermost around it said its name.
    own_start: usize,
}

impl ItemPath {
    /// Goes on to `place`, where the next text begins.
    pub(super) fn pass(&mut self, outline: &Outline, place: usize) {
        let pieces = &outline.pieces;
        while let Some(piece) = pieces.get(self.passed).filter(|piece| piece.text_start < place) {
            self.leave(outline, piece.start);
            self.around.push(self.passed);
            self.passed += 1;
        }
        self.leave(outline, place);
        let is_named = |&&index: &&usize| {
            pieces[index].signature.as_ref().is_some_and(|signature| signature.byte_range().end <= place)
        };
        let named: Vec<usize> = self.around.iter().filter(is_named).copied().collect();
        if let Some(named) = named.last().and_then(|&last| pieces[last].signature.as_ref()) {
            self.own_start = self.own_start.max(named.byte_range().end);
        }
        if named != self.shown {
            let parts = named.iter().filter_map(|&index| pieces[index].signature.clone());
            let parts: Arc<[ContextPart]> = parts.collect();
            self.context = Some(parts).filter(|parts| !parts.is_empty());
            self.shown = named;
        }
    }

    fn leave(&mut self, outline: &Outline, place: usize) {
        while let Some(piece) = self.around.pop_if(|&mut index| outline.pieces[index].end <= place) {
            let piece = &outline.pieces[piece];
            if piece.signature.is_some() {
                self.own_start = self.own_start.max(piece.end);
            }
        }
    }

    /// Of the text from the place that was last passed.
    pub(super) fn context(&self) -> Context {
        self.context.clone()
    }

    /// Where the text begins that is of the same item as the place.
    pub(super) fn own_start(&self) -> usize {
        self.own_start
    }
}
