//! [`NoRoom`]: the one way in which cutting fails.

use std::fmt;

use super::Fit;

/// Not even one grapheme, which is never cut, has room in a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRoom {
    /// In its unit.
    TooLarge { at: usize, size: usize, max: usize },
    /// In bytes, of which a chunk has a ceiling whatever its unit.
    TooLong { at: usize, most: usize },
}

impl NoRoom {
    /// Where the grapheme starts.
    pub(crate) fn at(self) -> usize {
        match self {
            NoRoom::TooLarge { at, .. } | NoRoom::TooLong { at, .. } => at,
        }
    }

    /// The same, of a text that begins `bytes` into the document.
    pub(crate) fn moved(mut self, bytes: usize) -> Self {
        let (NoRoom::TooLarge { at, .. } | NoRoom::TooLong { at, .. }) = &mut self;
        *at += bytes;
        self
    }
}

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoRoom::TooLarge { at, size, max } => write!(
                f,
                "the grapheme at byte {at} has size {size}, more than the maximum of {max}, and is never cut"
            ),
            NoRoom::TooLong { at, most } => write!(
                f,
                "the grapheme at byte {at} has more than the {most} bytes that a chunk may have, and is never cut"
            ),
        }
    }
}

impl Fit<'_> {
    /// Why the grapheme at `at` has no room.
    pub(crate) fn no_room(&self, at: usize) -> NoRoom {
        let size = self.grapheme_end(at, at).map(|end| self.index.size(at..end));
        match size.filter(|size| *size > self.max()) {
            Some(size) => NoRoom::TooLarge { at, size, max: self.max() },
            None => NoRoom::TooLong { at, most: self.max_bytes() },
        }
    }
}
