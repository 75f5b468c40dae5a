//! Separators of a caller's own.

use std::ops::Range;

use memchr::memmem::{Finder, FinderRev};

use crate::boundary::Boundaries;
use crate::error::ChunkError;
use crate::window::{Choose, Window};

/// Texts that cuts fall behind, the strongest first.
#[derive(Clone, Debug)]
pub(crate) struct Separators(Vec<Separator>);

#[derive(Clone, Debug)]
struct Separator {
    length: usize,
    first: Finder<'static>,
    last: FinderRev<'static>,
}

impl Separators {
    pub(crate) fn new<T: AsRef<str>>(separators: impl IntoIterator<Item = T>) -> Result<Self, ChunkError> {
        let separator = |text: T| {
            let text = text.as_ref().as_bytes();
            Separator {
                length: text.len(),
                first: Finder::new(text).into_owned(),
                last: FinderRev::new(text).into_owned(),
            }
        };
        let all: Vec<Separator> = separators.into_iter().map(separator).collect();
        if all.is_empty() {
            return Err(ChunkError::config("separators", "[]", "at least one"));
        }
        match all.iter().position(|separator| separator.length == 0) {
            Some(at) => {
                let value = format_args!("empty at position {at}").to_string();
                Err(ChunkError::config("separators", value, "without empty texts"))
            }
            None => Ok(Separators(all)),
        }
    }
}

impl Choose for &Separators {
    fn choose(&self, window: &Window<'_>) -> Option<usize> {
        let quarter = window.part(4);
        let find = |separator: &Separator| {
            let within = separator.last_end(&window.boundaries, window.own, quarter..window.desired);
            within.or_else(|| separator.first_end(&window.boundaries, window.own, window.desired..window.max))
        };
        self.0.iter().find_map(find).or_else(|| window.last_resort())
    }
}

impl Separator {
    /// The last end in `(window.start, window.end]` of a separator that begins no earlier than `own`.
    fn last_end(&self, boundaries: &Boundaries<'_>, own: usize, window: Range<usize>) -> Option<usize> {
        let from = window.start.saturating_sub(self.length).max(own);
        let bytes = boundaries.between(own..window.end).as_bytes();
        let mut end = bytes.len();
        while let Some(found) = self.last.rfind(bytes.get(from - own..end)?) {
            let at = from + found + self.length;
            if at <= window.start {
                return None;
            }
            if boundaries.is_cut(at) {
                return Some(at);
            }
            end = at - own - 1;
        }
        None
    }

    /// The first such end.
    fn first_end(&self, boundaries: &Boundaries<'_>, own: usize, window: Range<usize>) -> Option<usize> {
        let mut from = window.start.saturating_sub(self.length).max(own);
        let bytes = boundaries.between(own..window.end).as_bytes();
        while let Some(found) = self.first.find(bytes.get(from - own..)?) {
            let at = from + found + self.length;
            if at > window.start && boundaries.is_cut(at) {
                return Some(at);
            }
            from += found + 1;
        }
        None
    }
}
