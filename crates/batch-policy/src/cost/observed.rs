//! [`Observed`]: the measurements that no prediction falls below.

use alloc::vec::Vec;

use crate::bytes::Bytes;

/// A batch and what it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Measured {
    pub(crate) items: usize,
    pub(crate) tokens: usize,
    pub(crate) peak: Bytes,
}

impl Measured {
    /// Whether a batch of this shape is no smaller.
    fn is_within(self, items: usize, tokens: usize) -> bool {
        self.items <= items && self.tokens <= tokens
    }
}

/// Measurements that no other makes superfluous.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Observed(Vec<Measured>);

impl Observed {
    /// Measurements that are kept, so that predicting stays cheap.
    pub(crate) const KEPT: usize = 32;

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Measured> {
        self.0.iter()
    }

    /// The most that a batch took that was no larger.
    pub(crate) fn floor(&self, items: usize, tokens: usize) -> Bytes {
        let within = self.0.iter().filter(|seen| seen.is_within(items, tokens));
        within.map(|seen| seen.peak).max().unwrap_or_default()
    }

    pub(crate) fn keep(&mut self, new: Measured) {
        let says_as_much = |old: &Measured| old.is_within(new.items, new.tokens) && old.peak >= new.peak;
        if self.0.iter().any(says_as_much) {
            return;
        }
        self.0.retain(|old| !(new.is_within(old.items, old.tokens) && new.peak >= old.peak));
        self.0.push(new);
        if self.0.len() > Observed::KEPT {
            // The two smallest become one that says at least as much as both.
            self.0.sort_by_key(|seen| seen.peak);
            let (a, b) = (self.0.remove(0), self.0.remove(0));
            let peak = a.peak.max(b.peak);
            self.keep(Measured { items: a.items.min(b.items), tokens: a.tokens.min(b.tokens), peak });
        }
    }

    pub(crate) fn merge(&mut self, other: &Observed) {
        for &seen in other.iter() {
            self.keep(seen);
        }
    }
}

impl FromIterator<Measured> for Observed {
    fn from_iter<I: IntoIterator<Item = Measured>>(measured: I) -> Self {
        let mut observed = Observed::default();
        for seen in measured {
            observed.keep(seen);
        }
        observed
    }
}
