//! The list of devices: one line each.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::level::{self, Level};
use super::super::model::Row;
use super::super::words::{self, padded};
use super::{View, graph};

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
            buffer.set_line(line.x, line.y, &self.heading(columns), line.width);
            room -= 1;
        }
        // As many as there is room for, the selected one among them.
        let first = (self.model.selected() + 1).saturating_sub(room);
        for ((at, row), line) in rows.iter().enumerate().skip(first).zip(lines) {
            let hidden = (at == first && first > 0, at + 1 == first + room && at + 1 < rows.len());
            buffer.set_line(line.x, line.y, &self.device(row, at, hidden, columns, line.width), line.width);
        }
    }

    fn heading(&self, columns: Columns) -> Line<'static> {
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
        Line::styled(text, self.palette.quiet())
    }

    fn device(
        &self,
        row: &Row,
        at: usize,
        hidden: (bool, bool),
        columns: Columns,
        width: u16,
    ) -> Line<'static> {
        let selected = at == self.model.selected();
        let more = match hidden {
            (true, _) => "↑",
            (_, true) => "↓",
            _ => " ",
        };
        let mark = format!("{more}{} ", if selected { "›" } else { " " });
        let style = if selected { self.palette.title() } else { ratatui::style::Style::new() };
        let mut line = Line::from(vec![Span::styled(mark + &padded(&row.device.name, columns.name), style)]);
        let rest = usize::from(width).saturating_sub(MARK + columns.name + 2);
        let sample = match self.model.shown(row) {
            Some(news) => match news.reading {
                Ok(sample) => sample,
                Err(trouble) => {
                    let told = words::cut(&trouble.to_string(), rest);
                    line.push_span(Span::styled(format!("  {told}"), self.palette.trouble()));
                    return line;
                }
            },
            None => {
                line.push_span(Span::styled("  asking…", self.palette.quiet()));
                return line;
            }
        };
        for (bytes, width) in [(sample.used(), columns.used), (sample.total(), columns.total)] {
            if width > 0 {
                line.push_span(Span::raw(format!("{:>width$}", words::bytes(bytes))));
            }
        }
        let usage = level::usage(&sample);
        let level = usage.map(Level::of);
        if columns.bar > 0 {
            line.push_span(Span::raw(" "));
            let (full, rest) = graph::bar(usage, columns.bar);
            line.push_span(Span::styled(full, self.palette.level(level)));
            line.push_span(Span::styled(rest, self.palette.quiet()));
        }
        let mut text = format!("{:>USAGE$}", words::percent(usage));
        if columns.level > 0 {
            text += &format!(" {}", level.map_or("", Level::as_str));
        }
        line.push_span(Span::styled(text, self.palette.level(level)));
        line
    }
}
