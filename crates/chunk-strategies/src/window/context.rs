//! Room for what a chunk stands under.

use std::sync::Arc;

use super::{Fit, NoRoom, Span};
use crate::chunk::{ContextPart, context_prefix};

impl Fit<'_> {
    /// The span from `own` that `span` finds, with its context, of which the outermost part is left out until it takes no
    /// more than a quarter of the maximum and leaves room for text.
    pub(crate) fn span_under(
        &self,
        context: Option<&Arc<[ContextPart]>>,
        own: usize,
        span: impl Fn(&Fit<'_>) -> Result<Span, NoRoom>,
    ) -> Result<Span, NoRoom> {
        let all = context.map_or(&[][..], |parts| &**parts);
        for left_out in 0..all.len() {
            let parts = &all[left_out..];
            let prefix = context_prefix(parts);
            let size = self.measure(&prefix).saturating_sub(self.overhead());
            if size <= self.max() / 4
                && let Ok(span) = self.span_behind(&prefix, size, own, &span)
            {
                let context = if left_out == 0 { context.cloned() } else { Some(parts.into()) };
                return Ok(Span { context, ..span });
            }
        }
        span(self)
    }

    /// A span that does not exceed the maximum behind the prefix of this size either.
    fn span_behind(
        &self,
        prefix: &str,
        size: usize,
        own: usize,
        span: &impl Fn(&Fit<'_>) -> Result<Span, NoRoom>,
    ) -> Result<Span, NoRoom> {
        let mut reserved = size;
        for _ in 0..8 {
            let span = span(&self.smaller_by(reserved))?;
            let whole = self.measure(&[prefix, &self.text()[span.start..span.end]].concat());
            if whole <= self.max() {
                return Ok(span);
            }
            // Tokens do not always add up.
            reserved += whole - self.max();
        }
        Err(self.no_room(own))
    }
}
