//! The blocks around and ahead of a place that moves along a document.

use std::collections::VecDeque;

use super::block::{Block, Kind};

/// Holds no more than what lies around the place and what the scanner has found ahead of it.
#[derive(Default)]
pub(crate) struct Outline {
    /// What the last block before the place lies in, outermost first, and that block.
    around: Vec<Block>,
    /// The blocks that begin at the place or behind it.
    ahead: VecDeque<Block>,
}

impl Outline {
    pub(super) fn push(&mut self, block: Block) {
        self.ahead.push_back(block);
    }

    /// The text of the last block goes on up to `end`.
    pub(super) fn extend_last(&mut self, end: usize) {
        if let Some(last) = self.ahead.back_mut().or(self.around.last_mut()) {
            last.end = last.end.max(end);
        }
    }

    /// The same, if the last block consists of definitions.
    pub(super) fn extend_definitions(&mut self, end: usize) -> bool {
        let last = self.ahead.back().or(self.around.last());
        let are_definitions = last.is_some_and(|last| last.kind == Kind::Definitions);
        if are_definitions {
            self.extend_last(end);
        }
        are_definitions
    }

    /// Moves to a place farther on; tells each block that begins before it.
    pub(super) fn pass(&mut self, place: usize, mut passed: impl FnMut(&Block)) {
        while let Some(block) = self.ahead.pop_front_if(|block| block.start < place) {
            passed(&block);
            self.around.truncate(block.depth);
            self.around.push(block);
        }
    }

    pub(super) fn ahead(&self) -> &VecDeque<Block> {
        &self.ahead
    }

    pub(super) fn around(&self) -> &[Block] {
        &self.around
    }

    /// The blocks that a place lies in, outermost first, if no block begins before it but those passed.
    pub(super) fn containing(&self, place: usize) -> &[Block] {
        match self.ahead.front() {
            Some(next) if next.start == place => &self.around[..next.depth.min(self.around.len())],
            _ => &self.around,
        }
    }

    pub(super) fn shift(&mut self, bytes: usize) {
        for block in self.ahead.iter_mut().chain(&mut self.around) {
            // What lies around may begin before the text that is in memory.
            block.start = block.start.saturating_sub(bytes);
            block.text_start = block.text_start.saturating_sub(bytes);
            block.end = block.end.saturating_sub(bytes);
        }
    }
}
