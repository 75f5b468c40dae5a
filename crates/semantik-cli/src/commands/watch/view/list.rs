//! The list of devices: one line each.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use semantik::gpu_telemetry::MemorySample;

use super::super::level::Level;
use super::super::words::{self, padded};
use super::{Palette, View, graph};

/// The widths of the columns, 0 for those without room. The marks and the gaps are beside them.
#[derive(Clone, Copy, Debug)]
struct Columns {
    name: usize,
    used: usize,
    total: usize,
    bar: usize,
    level: usize,
}

/// A mark, a usage of up to `100%+`, a level.
const MARK: usize = 3;
const USAGE: usize = 6;
const LEVEL: usize = 8;
const BYTES: usize = 12;
const NAME: usize = 30;
const BAR: std::ops::RangeInclusive<usize> = 8..=40;

impl Columns {
    fn of(width: usize, longest: usize) -> Self {
        let level = if width >= MARK + USAGE + LEVEL + 6 { LEVEL } else { 0 };
        let mut rest = width.saturating_sub(MARK + USAGE + level);
        let mut take = |wanted: usize, keep: usize| {
            let taken = if rest >= wanted + keep { wanted } else { 0 };
            rest -= taken;
            taken
        };
        let least_name = longest.min(16);
        let used = take(BYTES, least_name);
        let total = take(BYTES, least_name + BAR.start());
        let name = longest.min(NAME).min(rest.saturating_sub(if rest > 24 { *BAR.start() + 1 } else { 0 }));
        let bar = (rest - name).saturating_sub(1).min(*BAR.end());
        Columns { name, used, total, bar: if BAR.contains(&bar) { bar } else { 0 }, level }
    }
}

impl View<'_> {
    pub(super) fn list(&self, area: Rect, buffer: &mut Buffer) {
        let rows = self.model.rows();
        let longest = rows.iter().map(|row| words::columns(&row.device.name)).max().unwrap_or(0).max(6);
        let columns = Columns::of(area.width.into(), longest);
        let mut lines = area.rows();
        let mut room = usize::from(area.height);
        if room > rows.len()
            && let Some(line) = lines.next()
        {
            buffer.set_line(line.x, line.y, &heading(columns), line.width);
            room -= 1;
        }
        // As many as there is room for, the selected one among them.
        let selected = self.model.selected();
        let first = (selected + 1).saturating_sub(room);
        for ((at, row), line) in rows.iter().enumerate().skip(first).zip(lines) {
            let more = match at {
                at if at == first && first > 0 => '↑',
                at if at + 1 == first + room && at + 1 < rows.len() => '↓',
                _ => ' ',
            };
            let (mark, style) = if at == selected { ('›', Palette::TITLE) } else { (' ', Style::new()) };
            let name = format!("{more}{mark} {}", padded(&row.device.name, columns.name));
            let mut spans = vec![Span::styled(name, style)];
            let rest = usize::from(line.width).saturating_sub(MARK + columns.name);
            spans.extend(match self.model.shown(row).map(|news| news.reading) {
                None => vec![Span::styled("  asking…", Palette::QUIET)],
                Some(Ok(sample)) => self.figures(&sample, columns),
                Some(Err(trouble)) => {
                    let told = words::cut(&trouble.to_string(), rest.saturating_sub(2));
                    vec![Span::styled(format!("  {told}"), self.palette.trouble())]
                }
            });
            buffer.set_line(line.x, line.y, &Line::from(spans), line.width);
        }
    }

    fn figures(&self, sample: &MemorySample, columns: Columns) -> Vec<Span<'static>> {
        let mut spans = Vec::new();
        for (bytes, width) in [(sample.used(), columns.used), (sample.total(), columns.total)] {
            if width > 0 {
                spans.push(Span::raw(format!("{:>width$}", words::bytes(bytes))));
            }
        }
        let usage = sample.usage();
        let level = usage.map(Level::of);
        if columns.bar > 0 {
            let (full, rest) = graph::bar(usage, columns.bar);
            spans.push(Span::styled(format!(" {full}"), self.palette.level(level)));
            spans.push(Span::styled(rest, Palette::QUIET));
        }
        let mut text = format!("{:>USAGE$}", words::percent(usage));
        if columns.level > 0 {
            text += &format!(" {}", level.map_or("", Level::as_str));
        }
        spans.push(Span::styled(text, self.palette.level(level)));
        spans
    }
}

fn heading(columns: Columns) -> Line<'static> {
    let mut text = " ".repeat(MARK) + &padded("device", columns.name);
    for (title, width) in [("used", columns.used), ("total", columns.total)] {
        if width > 0 {
            text += &format!("{title:>width$}");
        }
    }
    if columns.bar > 0 {
        text += &format!(" {}", padded("", columns.bar));
    }
    text += &format!("{:>USAGE$} level", "usage");
    Line::styled(text, Palette::QUIET)
}
