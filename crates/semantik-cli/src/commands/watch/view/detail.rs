//! What is known of the selected device.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use semantik::gpu_telemetry::MemorySample;

use super::super::level::Level;
use super::super::model::Row;
use super::super::reading::Trouble;
use super::super::words;
use super::{Palette, View, rule};

/// How wide a value with its name is at least.
const CELL: usize = 19;
const NAME: usize = 8;
const WIDE_CELL: usize = 24;
const WIDE_NAME: usize = 12;
/// A title, values, and what the level means.
const CELLS: usize = 9;

impl View<'_> {
    pub(super) fn detail(&self, area: Rect, buffer: &mut Buffer) {
        let Some(row) = self.model.rows().get(self.model.selected()) else { return };
        let news = self.model.shown(row);
        let sample = news.as_ref().and_then(|news| news.reading.as_ref().ok());
        let mut lines = area.rows();
        // Two lines are better spent on values than on a title.
        if area.height > 2
            && let Some(line) = lines.next()
        {
            rule(&title(row, sample), line, buffer);
        }
        let width = usize::from(area.width);
        let told: Vec<Line<'_>> = match &news {
            None => vec![Line::raw("  asking…")],
            Some(news) => match &news.reading {
                Ok(sample) => self.values(row, sample, width),
                Err(trouble) => {
                    let since = news.failing_since.unwrap_or(news.at);
                    let ago = words::time(self.model.shown_at().saturating_sub(since));
                    let text = match trouble {
                        Trouble::Silent(_) => trouble.to_string(),
                        Trouble::Failed(_) if trouble.is_gone() => format!("vanished {ago} ago: {trouble}"),
                        Trouble::Failed(_) => format!("no sample for {ago}: {trouble}"),
                    };
                    let lines = words::wrap(&text, width.saturating_sub(3));
                    let line = |text| Line::styled(format!("  {text}"), self.palette.trouble());
                    lines.into_iter().map(line).collect()
                }
            },
        };
        for (line, told) in lines.zip(told) {
            buffer.set_line(line.x, line.y, &told, line.width);
        }
    }

    /// The values in the order in which they matter, as many across as there is room for, then the level.
    fn values(&self, row: &Row, sample: &MemorySample, width: usize) -> Vec<Line<'static>> {
        let (across, wide) = across(width);
        let (cell, name) = if wide { (WIDE_CELL, WIDE_NAME) } else { (CELL, NAME) };
        let values = [
            ("used", words::bytes(sample.used())),
            ("budget", words::bytes(sample.budget())),
            (if wide { "this process" } else { "process" }, words::bytes(sample.process_used())),
            ("pool", words::bytes(row.pool.map(|pool| pool.reserved))),
            ("headroom", words::bytes(sample.headroom())),
            ("free", words::bytes(sample.free())),
            ("total", words::bytes(sample.total())),
            ("reserved", words::bytes(sample.system_reserved())),
            ("busy", words::percent(sample.utilization_percent().map(|percent| f64::from(percent) / 100.0))),
        ];
        let one = |(title, value): &(&str, String)| {
            let value = words::padded(value, cell - name - 1);
            [Span::styled(format!("{title:<name$} "), Palette::QUIET), Span::raw(value)]
        };
        let line = |values: &[(&str, String)]| {
            let mut line = Line::raw("  ");
            line.extend(values.iter().flat_map(one));
            line
        };
        let mut lines: Vec<Line<'static>> = values.chunks(across).map(line).collect();
        let usage = sample.usage();
        let level = usage.map(Level::of);
        let text = match level {
            Some(level) => format!("  {}, {}: {}", words::percent(usage), level.as_str(), level.meaning()),
            None => "  what may be used, or what is used, is not known here".to_owned(),
        };
        lines.push(Line::styled(words::cut(&text, width), self.palette.level(level)));
        lines
    }
}

/// How many lines the details take if they get them.
pub(super) fn height(width: u16) -> u16 {
    let (across, _) = across(width.into());
    2 + u16::try_from(CELLS.div_ceil(across)).unwrap_or(u16::MAX)
}

/// How many values stand side by side, and whether their names may be long.
fn across(width: usize) -> (usize, bool) {
    let room = width.saturating_sub(2);
    let wide = room >= 2 * WIDE_CELL + WIDE_CELL / 2;
    let cell = if wide { WIDE_CELL } else { CELL };
    ((room / cell).clamp(1, 5), wide)
}

/// Its name, what computes on it, and where the numbers come from.
fn title(row: &Row, sample: Option<&MemorySample>) -> String {
    let mut title = row.device.name.clone();
    if !row.device.specs.is_empty() {
        title += &format!(", {}", row.device.specs.join(", "));
    }
    if let Some(source) = sample.and_then(MemorySample::source) {
        title += &format!(", from {source}");
    }
    title
}
