//! Decides on the chunks of a file of source code.

use super::Language;
use super::choose::BySyntax;
use super::context::ItemPath;
use super::outline::{MOST_BYTES, Outline};
use crate::chunk::CutBy;
use crate::code_lines::ByLines;
use crate::strategy::Strategy;
use crate::window::{Cutter, Fit, NoRoom, Span};

/// Fills chunks with whole pieces, up to the desired size.
pub(crate) struct CodeCutter {
    language: Language,
    overlap: usize,
    counts_context: bool,
    /// Once the file was looked at.
    outline: Option<(Outline, CutBy)>,
    path: ItemPath,
    /// The start and the end of the span before.
    before: (usize, usize),
    /// How many bytes of the document lie before the text that is in memory.
    base: usize,
    failed: bool,
}

impl CodeCutter {
    pub(crate) fn new(language: Language, overlap: usize) -> Self {
        CodeCutter {
            language,
            overlap,
            counts_context: false,
            outline: None,
            path: ItemPath::default(),
            before: (0, 0),
            base: 0,
            failed: false,
        }
    }

    /// Leaves room in each chunk for its context.
    pub(crate) fn counting_context(self, counts_context: bool) -> Self {
        CodeCutter { counts_context, ..self }
    }

    /// Looks at all of the file, or sees that it is too large for that.
    fn look(&self, text: &str) -> (Outline, CutBy) {
        let outline = Outline::of(self.language, text);
        let language = self.language;
        let reason = match &outline.failure {
            None => format!("its name says that it is {language}"),
            Some(failure) => format!("its name says that it is {language}, but it {failure}: cut by lines"),
        };
        let cut_by = CutBy {
            strategy: Strategy::Recursive,
            reason: Some(reason.into()),
            is_fallback: outline.failure.is_some(),
        };
        (outline, cut_by)
    }

    fn span_with_context(&self, outline: &Outline, fit: &Fit<'_>) -> Result<Span, NoRoom> {
        let context = self.path.context();
        if self.counts_context {
            return fit.span_under(context.as_ref(), self.before.1, |fit| self.span(outline, fit));
        }
        self.span(outline, fit).map(|span| Span { context, ..span })
    }

    fn span(&self, outline: &Outline, fit: &Fit<'_>) -> Result<Span, NoRoom> {
        let own = self.before.1;
        let until = fit.text().len();
        let from = outline.pieces.partition_point(|piece| piece.start < self.base + own);
        let start = self.overlap_start(outline, fit, from);
        if outline.failure.is_some() {
            return fit.span(start, own, until, &ByLines);
        }
        let by_syntax = BySyntax { pieces: &outline.pieces[from..], fit, base: self.base };
        fit.span(start, own, until, &by_syntax)
    }

    /// Where what is repeated starts: whole lines of the same item.
    fn overlap_start(&self, outline: &Outline, fit: &Fit<'_>, from: usize) -> usize {
        let own = self.before.1;
        let begins_item = outline
            .pieces
            .get(from)
            .is_some_and(|piece| piece.start == self.base + own && piece.signature.is_some());
        if begins_item {
            return own;
        }
        let least = self.path.own_start().saturating_sub(self.base);
        let start = fit.overlap_start_from(self.before.0, least, own, self.overlap);
        if start == own || fit.text().as_bytes()[..start].ends_with(b"\n") {
            return start;
        }
        let line = memchr::memchr(b'\n', &fit.text().as_bytes()[start..own]).map(|end| start + end + 1);
        line.filter(|&line| !fit.text()[line..own].trim().is_empty()).unwrap_or(own)
    }

    /// Where the text from `own` has its first letter, in the document.
    fn place(&self, fit: &Fit<'_>, own: usize) -> usize {
        self.base + fit.skip_blanks(own, fit.text().len())
    }
}

impl Cutter for CodeCutter {
    fn next_span(&mut self, fit: &Fit<'_>) -> Option<Result<Span, NoRoom>> {
        let own = self.before.1;
        if own >= fit.text().len() || self.failed {
            return None;
        }
        let (outline, cut_by) = self.outline.take().unwrap_or_else(|| self.look(fit.text()));
        // Before the first letter, and not at it: what begins there has not begun before it.
        self.path.pass(&outline, self.place(fit, own));
        let span =
            self.span_with_context(&outline, fit).map(|span| Span { cut_by: Some(cut_by.clone()), ..span });
        self.outline = Some((outline, cut_by));
        match &span {
            Ok(span) => self.before = (span.start, span.end),
            Err(_) => self.failed = true,
        }
        Some(span)
    }

    fn position(&self) -> usize {
        self.before.1
    }

    fn needed_from(&self) -> usize {
        self.before.0
    }

    fn look_ahead(&self, fit: &Fit<'_>) -> usize {
        // What begins in this chunk may fit whole in the next.
        let ahead = fit.look_ahead().saturating_mul(2);
        if self.outline.is_none() { ahead.max(MOST_BYTES + 1) } else { ahead }
    }

    fn shift(&mut self, bytes: usize) {
        self.base += bytes;
        self.before = (self.before.0 - bytes, self.before.1 - bytes);
    }
}
