//! Which boundary of a file of source code to cut at.

use super::outline::Unit;
use crate::boundary::Level;
use crate::window::{Choose, Fit, Window};

/// Prefers the start of an outer unit to that of an inner one, in the last three quarters of the window, and keeps whole
/// what would fit whole.
pub(super) struct BySyntax<'c, 'd> {
    /// All that begin at the window's start or later. Their offsets are the document's.
    pub(super) units: &'c [Unit],
    pub(super) fit: &'c Fit<'d>,
    /// How many bytes of the document lie before the text that is in memory.
    pub(super) base: usize,
}

impl Choose for BySyntax<'_, '_> {
    fn choose(&self, window: &Window<'_>) -> Option<usize> {
        self.keep_whole(window).or_else(|| self.best(window)).or_else(|| choose_line(window))
    }
}

impl BySyntax<'_, '_> {
    /// The units that start up to an offset of the text.
    fn up_to(&self, at: usize) -> &[Unit] {
        &self.units[..self.units.partition_point(|unit| unit.start <= self.base + at)]
    }

    /// Where to cut so that a unit that reaches beyond the desired size stays whole.
    fn keep_whole(&self, window: &Window<'_>) -> Option<usize> {
        let quarter = window.part(4);
        let mut is_inside = false;
        for unit in self.up_to(quarter).iter().filter(|unit| unit.end > self.base + window.desired) {
            let (start, end) = (unit.start - self.base, unit.end - self.base);
            let line_end = self.line_end(end, window.max);
            if line_end <= window.max
                && let Some(end) = self.whole(window, line_end)
            {
                return Some(end);
            }
            // An opening line is not left without the first of what it opens.
            let is_first = unit.is_first && is_inside;
            if start > window.own && !is_first && self.fit.size_within_max(start, end).is_some() {
                return self.whole(window, start);
            }
            is_inside = true;
        }
        None
    }

    /// The outermost that starts in the last three quarters; of those the ones behind a blank line; of those the last.
    fn best(&self, window: &Window<'_>) -> Option<usize> {
        let quarter = self.base + window.part(4);
        let all = self.up_to(window.desired);
        let late = &all[all.partition_point(|unit| unit.start < quarter)..];
        let can = late.iter().filter(|unit| unit.start > self.base + window.own);
        let best = can.min_by_key(|unit| {
            (unit.depth, unit.is_first, !unit.is_set_off, std::cmp::Reverse(unit.start))
        })?;
        self.whole(window, best.start - self.base)
    }

    /// An offset that no grapheme goes across.
    fn whole(&self, window: &Window<'_>, at: usize) -> Option<usize> {
        Some(at)
            .filter(|&at| self.fit.text().is_char_boundary(at) && window.boundaries.is_grapheme_boundary(at))
    }

    /// Behind the line end that follows, if nothing but blanks and a closing mark comes before it.
    fn line_end(&self, end: usize, limit: usize) -> usize {
        let text = self.fit.text();
        let Some(rest) = text.get(end..text.len().min(limit.max(end) + 1)).or_else(|| text.get(end..)) else {
            return end;
        };
        let line = rest.split_inclusive('\n').next().unwrap_or_default();
        let is_rest =
            line.trim_matches(|c: char| c.is_whitespace() || matches!(c, ';' | ',' | ')' | '}' | ']'));
        if line.ends_with('\n') && is_rest.is_empty() { end + line.len() } else { end }
    }
}

/// Behind a blank line, else behind any, but not before a line that only closes; in a line that is too long behind a
/// comma or semicolon, else between words. Sentences have no ends in code.
pub(super) fn choose_line(window: &Window<'_>) -> Option<usize> {
    let (boundaries, quarter) = (&window.boundaries, window.part(4));
    let find = |level| {
        let within = boundaries.last(level, quarter..window.desired);
        within.or_else(|| boundaries.first(level, window.desired..window.max))
    };
    find(Level::Paragraph)
        .or_else(|| line_that_opens(window, quarter))
        .or_else(|| [Level::Line, Level::Clause, Level::Space, Level::Word].into_iter().find_map(find))
        .or_else(|| window.last_resort())
}

/// How many closing lines in a row are looked over.
const MOST_CLOSERS: usize = 8;

fn line_that_opens(window: &Window<'_>, quarter: usize) -> Option<usize> {
    let mut end = window.desired;
    for _ in 0..MOST_CLOSERS {
        let line = window.boundaries.last(Level::Line, quarter..end)?;
        let behind = window.boundaries.between(line..window.max);
        if !behind.trim_start_matches([' ', '\t']).starts_with(['}', ')', ']']) {
            return Some(line);
        }
        end = line - 1;
    }
    None
}

/// Cuts a file that has no units.
pub(super) struct ByLines;

impl Choose for ByLines {
    fn choose(&self, window: &Window<'_>) -> Option<usize> {
        choose_line(window)
    }
}
