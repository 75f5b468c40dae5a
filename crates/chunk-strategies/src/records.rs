//! Records: a line each, as in JSON lines.

use crate::boundary::Level;
use crate::recursive::ChooseRecursive;
use crate::window::{Choose, Window};

/// Cuts behind whole records, as many as fit. One that does not fit on its own is cut as any text, and its last piece is a
/// chunk of its own, so that the records behind it are whole again.
pub(crate) struct ChooseRecords;

impl Choose for ChooseRecords {
    fn choose(&self, window: &Window<'_>) -> Option<usize> {
        let (boundaries, own) = (&window.boundaries, window.own);
        let begins = own == 0 || boundaries.last(Level::Line, own - 1..own).is_some();
        let within = own..window.desired;
        let fits =
            if begins { boundaries.last(Level::Line, within) } else { boundaries.first(Level::Line, within) };
        fits.or_else(|| boundaries.first(Level::Line, window.desired..window.max))
            .or_else(|| ChooseRecursive.choose(window))
    }
}
