//! Lines of source code, where its syntax says nothing.

mod structure;

use crate::boundary::Level;
use crate::window::{Choose, Window};

/// Cuts source code of which nothing is known but its lines.
pub(crate) struct ByLines;

impl Choose for ByLines {
    fn choose(&self, window: &Window<'_>) -> Option<usize> {
        choose_line(window)
    }
}

/// Behind a blank line, else behind any, but not before a line that only closes; in a line that is too long where the
/// fewest brackets are open, else between words. Sentences have no ends in code.
pub(crate) fn choose_line(window: &Window<'_>) -> Option<usize> {
    let (boundaries, quarter) = (&window.boundaries, window.part(4));
    let find = |level| {
        let within = boundaries.last(level, quarter..window.desired);
        within.or_else(|| boundaries.first(level, window.desired..window.max))
    };
    find(Level::Paragraph)
        .or_else(|| line_that_opens(window, quarter))
        .or_else(|| find(Level::Line))
        .or_else(|| place_in_line(window, quarter))
        .or_else(|| [Level::Clause, Level::Space, Level::Word].into_iter().find_map(find))
        .or_else(|| window.last_resort())
}

fn place_in_line(window: &Window<'_>, quarter: usize) -> Option<usize> {
    let text = window.boundaries.between(window.own..window.max);
    let place = structure::last_place(text, quarter - window.own..window.desired - window.own)?;
    Some(window.own + place).filter(|&at| window.boundaries.is_cut(at))
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
