//! What stays together: blocks with all that is in them, with the heading above them and what introduces them, as far as a
//! chunk can hold it.

use std::ops::Range;

use super::block::Kind;
use super::outline::Outline;
use crate::boundary::{Level, line_end_in};
use crate::window::{Fit, Window};

/// The blocks ahead of a place, by their index.
#[derive(Clone, Copy)]
pub(super) struct Together<'c, 'd> {
    pub(super) outline: &'c Outline,
    pub(super) fit: &'c Fit<'d>,
    /// Whether the outline ends with the document.
    pub(super) is_done: bool,
}

/// A block and all that is in it.
pub(super) struct Whole {
    /// The indices of its blocks.
    pub(super) blocks: Range<usize>,
    /// Where its text ends, blanks behind it left out; far away if that is not known.
    pub(super) text_end: usize,
    /// Where the next one begins.
    pub(super) end: usize,
}

impl Together<'_, '_> {
    pub(super) fn whole(&self, i: usize) -> Whole {
        let ahead = self.outline.ahead();
        let far = |end| Whole { blocks: i..end, text_end: usize::MAX, end: usize::MAX };
        let Some(first) = ahead.get(i) else { return far(i) };
        // What reaches farther is too large, wherever it ends.
        let limit = first.start.saturating_add(self.fit.max_bytes());
        let mut last = first;
        for (end, block) in (i + 1..).zip(ahead.range(i + 1..)) {
            if block.depth <= first.depth {
                return Whole { blocks: i..end, text_end: last.end, end: block.start };
            }
            if block.start > limit {
                return far(end);
            }
            last = block;
        }
        if self.is_done {
            Whole { blocks: i..ahead.len(), text_end: last.end, end: self.fit.text().len() }
        } else {
            far(ahead.len())
        }
    }

    /// What stays together with the text from `own`, where a block (behind blanks, at `place`) or a line of code
    /// begins: up to where, and the blanks behind it; and where the chunk starts, since it is better whole than with an
    /// overlap.
    pub(super) fn kept_from(&self, start: usize, own: usize, place: usize) -> Option<(usize, Range<usize>)> {
        let with_overlap = |kept: Range<usize>| {
            let starts_to = |end| {
                let fits = |start: &usize| self.fit.size_within_max(*start, end).is_some();
                [start, own].into_iter().find(fits)
            };
            let line_end = self.line_end(&kept)?;
            starts_to(line_end)
                .map(|start| (start, line_end..kept.end))
                .or_else(|| starts_to(kept.start).map(|start| (start, kept)))
        };
        let ahead = self.outline.ahead();
        let here = ahead.iter().take_while(|block| block.start == place).count();
        let block = (0..here).find_map(|i| {
            let last = self.first_led(i);
            // If all is too large: up to where a heading may be left behind, else as many headings as fit.
            let may_end = |&last_kept: &usize| last_kept == last || !self.is_led(last_kept + 1);
            let ends = (i..=last).rev().filter(may_end).chain((i..last).rev());
            ends.map(|last| self.whole(last)).find_map(|whole| with_overlap(whole.text_end..whole.end))
        });
        block.or_else(|| {
            let leaf = self.outline.containing(own).last()?;
            let text = self.fit.text();
            let is_line = here == 0 && leaf.kind.is_lines() && text[..own].ends_with('\n');
            let end = is_line.then(|| line_end(self.fit, own)).flatten()?;
            let text_end = own + text[own..end].trim_end().len();
            (text_end > own).then(|| with_overlap(text_end..end)).flatten()
        })
    }

    /// Where to cut so that a block that reaches beyond the desired size stays whole, with what leads to it and what it
    /// leads to.
    pub(super) fn keep_whole(&self, window: &Window<'_>, block: usize) -> Option<usize> {
        let behind = |last: usize| {
            let whole = self.whole(last);
            let blanks = whole.text_end..whole.end;
            let line_end = self.line_end(&blanks).unwrap_or(usize::MAX);
            (blanks, line_end)
        };
        let (first, last) = (self.first_leading(block), self.first_led(block));
        let (blanks, line_end) = behind(last);
        if line_end <= window.max {
            return Some(with_blanks(window, blanks, window.max));
        }
        let starts = || {
            let starts = (first..=last).map(|i| (i, self.outline.ahead()[i].start));
            starts.filter(|&(_, start)| start > window.own && start <= window.max)
        };
        if let Some((_, start)) =
            starts().find(|&(i, _)| self.fits(i, blanks.start) && !self.is_introduced(i))
        {
            return Some(start);
        }
        if blanks.start <= window.max {
            // Its line end alone does not fit.
            return Some(with_blanks(window, blanks, window.max));
        }
        // What a heading leads to is too large to be kept whole. The heading is not.
        let leads = (last > block).then(|| starts().next().map(|(_, start)| start)).flatten();
        leads.filter(|&start| start <= window.desired)
    }

    /// Whether the block stays with the heading before it: always, unless together they are too large and it is not.
    pub(super) fn is_led(&self, i: usize) -> bool {
        let Some(before) = i.checked_sub(1).filter(|&before| self.leads(before)) else { return false };
        if self.is_introduced(i) {
            return true;
        }
        let text_end = self.whole(self.first_led(i)).text_end;
        self.fits(before, text_end) || !self.fits(i, text_end)
    }

    /// Whether a paragraph that ends with a colon stays with the block: if the first of what is in it fits with that.
    pub(super) fn is_introduced(&self, i: usize) -> bool {
        let Some(before) = i.checked_sub(1).filter(|&before| self.leads(before)) else { return false };
        let ahead = self.outline.ahead();
        if !ahead.get(before).is_some_and(|block| block.kind == Kind::LeadIn) {
            return false;
        }
        // Of a list its first item counts, of a table its header and first row, of code all.
        let child =
            |i: usize| ahead.get(i + 1).filter(|child| child.depth == ahead[i].depth + 1).map(|_| i + 1);
        let first = match ahead[i].kind {
            Kind::List => child(i).unwrap_or(i),
            Kind::Table => child(i).map_or(i, |head| {
                ahead.get(head + 1).filter(|row| row.kind == Kind::TableRow).map_or(head, |_| head + 1)
            }),
            _ => i,
        };
        self.fits(before, self.whole(first).text_end)
            || (first != i && self.item_line_end(first).is_some_and(|end| self.fits(before, end)))
    }

    /// Where the text of an item's own ends, what lies in it left out.
    fn item_line_end(&self, i: usize) -> Option<usize> {
        let ahead = self.outline.ahead();
        let (item, text) = (ahead.get(i)?, ahead.get(i + 1)?);
        (item.kind == Kind::Item && text.depth == item.depth + 1).then_some(text.end)
    }

    /// The first of the headings that lead to the block.
    pub(super) fn first_leading(&self, mut i: usize) -> usize {
        while let Some(before) = i.checked_sub(1).filter(|&before| self.leads(before)) {
            i = before;
        }
        i
    }

    /// The block that comes first behind the headings from `i` on, if it is one.
    pub(super) fn first_led(&self, mut i: usize) -> usize {
        while self.leads(i) {
            i += 1;
        }
        i
    }

    /// Whether the block leads the next one: a heading its section, a table's header the rows.
    fn leads(&self, i: usize) -> bool {
        let ahead = self.outline.ahead();
        let (Some(block), Some(next)) = (ahead.get(i), ahead.get(i + 1)) else { return false };
        block.depth == next.depth && block.kind.leads(next.kind)
    }

    /// Where the line ends on which a whole's text ends, of what lies behind it; `None` if that is far.
    pub(super) fn line_end(&self, blanks: &Range<usize>) -> Option<usize> {
        let behind = self.fit.text().get(blanks.clone())?;
        Some(line_end_in(behind.as_bytes()).map_or(blanks.end, |n| blanks.start + n))
    }

    /// Whether a chunk can hold the text from the start of a block.
    pub(super) fn fits(&self, i: usize, text_end: usize) -> bool {
        let start = self.outline.ahead().get(i).map(|block| block.start);
        start.is_some_and(|start| self.fit.size_within_max(start, text_end).is_some())
    }
}

/// Where the line from `start` ends, if it is no longer than a chunk.
pub(super) fn line_end(fit: &Fit<'_>, start: usize) -> Option<usize> {
    let text = fit.text();
    let limit = text.floor_char_boundary(start.saturating_add(fit.max_bytes()));
    match line_end_in(&text.as_bytes()[start..limit]) {
        // The limit may lie within the line's end.
        Some(n) => {
            Some(start + n).filter(|&end| !text[..end].ends_with('\r') || !text[end..].starts_with('\n'))
        }
        None => Some(limit).filter(|&limit| limit == text.len()),
    }
}

/// The end of a whole with as many of the blank lines behind it as there is room for.
pub(super) fn with_blanks(window: &Window<'_>, blanks: Range<usize>, limit: usize) -> usize {
    if blanks.end <= limit {
        return blanks.end;
    }
    let (start, boundaries) = (blanks.start, &window.boundaries);
    let line = (limit > start).then(|| boundaries.last(Level::Line, start..limit)).flatten();
    let end = line.or_else(|| boundaries.last(Level::Grapheme, window.own..start));
    // One grapheme that goes on into the blanks.
    end.or_else(|| boundaries.next_grapheme(window.own)).unwrap_or(start)
}
