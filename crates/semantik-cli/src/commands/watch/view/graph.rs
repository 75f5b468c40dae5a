//! The usage of the selected device over time.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use semantik::gpu_telemetry::Watermarks;

use super::super::level::Level;
use super::super::words;
use super::{Palette, View, rule};

/// A cell filled from below, in eighths.
const UP: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/// A cell filled from the left, in eighths.
const ALONG: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
/// A title, and lines enough to tell low from high.
pub(super) const LEAST_HEIGHT: u16 = 4;
/// `100%` and a line.
const AXIS: u16 = 6;

impl View<'_> {
    pub(super) fn graph(&self, area: Rect, buffer: &mut Buffer) {
        let Some(row) = self.model.rows().get(self.model.selected()) else { return };
        if area.height < LEAST_HEIGHT || area.width <= AXIS + 1 {
            return;
        }
        let graph = self.model.graph(row, (area.width - AXIS - 1).into());
        let mut title = format!("usage, the last {}", words::round_time(self.model.span()));
        if let Some(peak) = graph.iter().flatten().copied().reduce(f64::max) {
            title += &format!(", peak {}", words::percent(Some(peak)));
        }
        rule(&title, Rect { height: 1, ..area }, buffer);
        // The right-hand column stays free: some terminals scroll when it is written.
        let field =
            Rect { x: area.x + AXIS, y: area.y + 1, width: area.width - AXIS - 1, height: area.height - 1 };
        axis(field, buffer);
        for (x, usage) in field.columns().zip(graph) {
            let Some(usage) = usage else { continue };
            let style = self.palette.level(Some(Level::of(usage)));
            for (cell, filled) in x.rows().rev().zip(filled(usage, field.height.into())) {
                if filled > 0 {
                    buffer.set_string(cell.x, cell.y, UP[filled], style);
                }
            }
        }
    }
}

/// The scale on the left, and a line at each watermark.
fn axis(field: Rect, buffer: &mut Buffer) {
    let height = f64::from(field.height);
    let line_at = |share: f64| field.bottom() - 1 - ((share * height) as u16).min(field.height - 1);
    for y in field.rows().map(|row| row.y) {
        buffer.set_string(field.x - 1, y, "│", Palette::QUIET);
    }
    let marks = Watermarks::default();
    let mut labelled = Vec::new();
    for (share, is_watermark) in [(1.0, false), (marks.high(), true), (marks.low(), true), (0.0, false)] {
        let y = line_at(share);
        if is_watermark {
            buffer.set_string(field.x, y, "┈".repeat(field.width.into()), Palette::QUIET);
        }
        if !labelled.contains(&y) {
            labelled.push(y);
            let text = format!("{:>4}", words::percent(Some(share)));
            buffer.set_string(field.x - AXIS, y, text, Palette::QUIET);
            buffer.set_string(field.x - 1, y, "┤", Palette::QUIET);
        }
    }
}

/// How many eighths of each cell of a column a usage fills, from below. What is there at all can be seen.
fn filled(usage: f64, height: usize) -> impl Iterator<Item = usize> {
    let all = height * 8;
    let eighths = ((usage.clamp(0.0, 1.0) * all as f64).round() as usize).clamp(1, all);
    (0..height).map(move |cell| eighths.saturating_sub(cell * 8).min(8))
}

/// A usage as a bar of `width` cells: its full part, and its empty one with a mark at each watermark.
pub(super) fn bar(usage: Option<f64>, width: usize) -> (String, String) {
    let eighths = usage.map_or(0, |usage| (usage.clamp(0.0, 1.0) * (width * 8) as f64).round() as usize);
    let full = "█".repeat(eighths / 8) + ALONG[eighths % 8];
    let marks = Watermarks::default();
    let marks = [marks.low(), marks.high()].map(|share| (share * width as f64) as usize);
    let rest = (eighths.div_ceil(8)..width).map(|cell| if marks.contains(&cell) { '┊' } else { '·' });
    (full, rest.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_as_high_as_its_usage_and_never_invisible() {
        for (usage, expected) in
            [(0.0, [1, 0, 0]), (0.2, [5, 0, 0]), (0.5, [8, 4, 0]), (1.0, [8, 8, 8]), (1.5, [8, 8, 8])]
        {
            assert!(filled(usage, 3).eq(expected), "{usage}");
        }
    }

    #[test]
    fn a_bar_has_its_width_whatever_the_usage() {
        for width in [1, 5, 10, 33] {
            for percent in 0..=130 {
                let (full, rest) = bar(Some(f64::from(percent) / 100.0), width);
                assert_eq!(words::columns(&(full + &rest)), width, "{percent}% of {width}");
            }
        }
        assert_eq!(bar(Some(0.25), 10), ("██▌".to_owned(), "···┊·┊·".to_owned()));
        assert_eq!(bar(None, 5), (String::new(), "···┊┊".to_owned()));
    }
}
