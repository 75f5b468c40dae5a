//! The [`Span`]: where a chunk lies, and what is known of it when it is cut.

use crate::chunk::{Context, CutBy};

/// A span that a strategy decided on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    /// Where its text starts, overlap included.
    pub(crate) start: usize,
    /// Where it starts to add text of its own.
    pub(crate) own: usize,
    pub(crate) end: usize,
    pub(crate) size: usize,
    pub(crate) boundary_score: Option<f32>,
    /// Where it stands in a hierarchy, 0 the coarsest; 0 too where there is none.
    pub(crate) level: usize,
    /// What it stands under: heading path and the like.
    pub(crate) context: Context,
    /// What cut it, where that is not the strategy of the whole document.
    pub(crate) cut_by: Option<CutBy>,
}

impl Span {
    /// Without anything that only some strategies say.
    pub(crate) fn new(start: usize, own: usize, end: usize, size: usize) -> Self {
        Span {
            start,
            own,
            end,
            size,
            boundary_score: None,
            level: 0,
            context: Context::default(),
            cut_by: None,
        }
    }
}
