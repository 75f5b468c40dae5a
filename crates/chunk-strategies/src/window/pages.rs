//! Where pages end: at form feeds.

use std::cell::Cell;

use super::Fit;
use crate::boundary::FORM_FEED;

/// Remembers the next form feed, so that each byte of a document is looked at once, as long as places ascend.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pages {
    /// A place, and the first form feed from there, as far as that was looked for.
    known: Cell<(usize, usize)>,
}

impl Pages {
    /// The document has none.
    pub(super) fn set_none(&self) {
        self.known.set((0, NO_PAGES));
    }

    /// Where the next form feed from `at` is, or a place before which there is none.
    pub(super) fn next(&self, fit: &Fit<'_>, at: usize) -> usize {
        let (from, known) = self.known.get();
        if known == NO_PAGES {
            return known;
        }
        let bytes = fit.text().as_bytes();
        if from <= at && at <= known && known < bytes.len() && (at < known || bytes[known] == FORM_FEED) {
            return known;
        }
        let limit = bytes.len().min(at.saturating_add(PAGE_SEARCH_BYTES.max(fit.max_bytes())));
        let found = memchr::memchr(FORM_FEED, &bytes[at..limit]).map_or(limit, |found| at + found);
        self.known.set((at, found));
        found
    }
}

/// Whether a form feed stands near the document's start. To look for the first one to the end of every document would take
/// a tenth of the time that cutting it takes.
pub(crate) fn begins_with_pages(text: &str) -> bool {
    memchr::memchr(FORM_FEED, &text.as_bytes()[..text.len().min(PAGED_BYTES)]).is_some()
}

/// A document with pages has one in so many bytes.
pub(crate) const PAGED_BYTES: usize = 16 * 1024;

/// Stands for the next form feed where there is none.
const NO_PAGES: usize = usize::MAX;

/// How far form feeds are looked for at once.
const PAGE_SEARCH_BYTES: usize = 16 * 1024;
