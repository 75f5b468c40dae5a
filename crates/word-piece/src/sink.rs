//! What is kept of tokens: how many there are, their ids, or all of them.

use crate::token::Token;

/// Takes tokens in the order of the text.
pub(crate) trait Sink {
    /// Whether it wants to know where tokens start and end; else both are told as they come, right or not.
    const OFFSETS: bool;

    fn token(&mut self, id: u32, start: usize, end: usize);

    /// Where to rewind to.
    fn mark(&self) -> usize;

    /// Forgets the tokens since the mark.
    fn rewind(&mut self, mark: usize);
}

#[derive(Default)]
pub(crate) struct Count(pub(crate) usize);

impl Sink for Count {
    const OFFSETS: bool = false;

    fn token(&mut self, _id: u32, _start: usize, _end: usize) {
        self.0 += 1;
    }

    fn mark(&self) -> usize {
        self.0
    }

    fn rewind(&mut self, mark: usize) {
        self.0 = mark;
    }
}

/// Appends ids to a list.
pub(crate) struct Ids<'i>(pub(crate) &'i mut Vec<u32>);

impl Sink for Ids<'_> {
    const OFFSETS: bool = false;

    fn token(&mut self, id: u32, _start: usize, _end: usize) {
        self.0.push(id);
    }

    fn mark(&self) -> usize {
        self.0.len()
    }

    fn rewind(&mut self, mark: usize) {
        self.0.truncate(mark);
    }
}

/// Appends the first ids to a list, and counts them all.
pub(crate) struct FirstIds<'i> {
    ids: &'i mut Vec<u32>,
    /// How many were there before.
    before: usize,
    most: usize,
    pub(crate) count: usize,
}

impl<'i> FirstIds<'i> {
    pub(crate) fn new(ids: &'i mut Vec<u32>, most: usize) -> Self {
        FirstIds { before: ids.len(), ids, most, count: 0 }
    }
}

impl Sink for FirstIds<'_> {
    const OFFSETS: bool = false;

    fn token(&mut self, id: u32, _start: usize, _end: usize) {
        if self.count < self.most {
            self.ids.push(id);
        }
        self.count += 1;
    }

    fn mark(&self) -> usize {
        self.count
    }

    fn rewind(&mut self, mark: usize) {
        self.count = mark;
        self.ids.truncate(self.before + mark.min(self.most));
    }
}

impl Sink for Vec<Token> {
    const OFFSETS: bool = true;

    fn token(&mut self, id: u32, start: usize, end: usize) {
        self.push(Token { id, start, end });
    }

    fn mark(&self) -> usize {
        self.len()
    }

    fn rewind(&mut self, mark: usize) {
        self.truncate(mark);
    }
}
