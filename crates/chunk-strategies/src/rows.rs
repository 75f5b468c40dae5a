//! Rows: lines of values under a header.

use crate::boundary::Level;
use crate::recursive::ChooseRecursive;
use crate::window::{Choose, Window};

/// Cuts behind whole rows, as many as fit; into a row only if it does not fit on its own. Line ends between quotation marks
/// end no row.
pub(crate) struct ChooseRows;

impl Choose for ChooseRows {
    fn choose(&self, window: &Window<'_>) -> Option<usize> {
        let mut last = None;
        let mut is_quoted = false;
        let (start, text) = (window.own, window.boundaries.between(window.own..window.max));
        // Old files end their rows with carriage returns alone.
        let mark = if has_line_feed(text) { b'\n' } else { b'\r' };
        for at in memchr::memchr2_iter(b'"', mark, text.as_bytes()) {
            if text.as_bytes()[at] == b'"' {
                is_quoted = !is_quoted;
            } else if !is_quoted && window.boundaries.is_cut(start + at + 1) {
                let end = start + at + 1;
                if end > window.desired {
                    return last.or(Some(end));
                }
                last = Some(end);
            }
        }
        // A quotation mark that is never closed leaves its lines.
        last.or_else(|| window.boundaries.last(Level::Line, window.own..window.desired))
            .or_else(|| ChooseRecursive.choose(window))
    }
}

/// Whether a line feed stands outside quotation marks.
fn has_line_feed(text: &str) -> bool {
    let mut is_quoted = false;
    memchr::memchr2_iter(b'"', b'\n', text.as_bytes()).any(|at| {
        let is_mark = text.as_bytes()[at] == b'"';
        is_quoted ^= is_mark;
        !is_mark && !is_quoted
    })
}
