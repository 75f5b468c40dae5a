//! [`View`]: the picture of a [`Model`] on a terminal of any size.

mod detail;
mod graph;
mod list;
mod palette;
mod users;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

pub(super) use self::palette::Palette;
use super::model::Model;
use super::words;

/// A list of the devices, what is known of the selected one, and its usage over time, as far as there is room.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    pub(super) model: &'a Model,
    pub(super) palette: Palette,
}

/// Below these only the devices are listed.
const LEAST_WIDTH: u16 = 30;
const LEAST_HEIGHT: u16 = 6;

impl Widget for View<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        if area.width < LEAST_WIDTH || area.height < LEAST_HEIGHT {
            return self.list(area, buffer);
        }
        let rows = Rows::of(&self, area);
        self.header(rows.header, buffer);
        self.list(rows.list, buffer);
        self.detail(rows.detail, buffer);
        if self.model.shows_users() {
            self.users(rows.graph, buffer);
        } else {
            self.graph(rows.graph, buffer);
        }
        self.footer(rows.footer, buffer);
    }
}

/// Who gets which lines.
#[derive(Clone, Copy, Debug)]
struct Rows {
    header: Rect,
    list: Rect,
    detail: Rect,
    graph: Rect,
    footer: Rect,
}

impl Rows {
    fn of(view: &View<'_>, area: Rect) -> Self {
        let mut top = area.y;
        let mut take = |height: u16| {
            let rect = Rect { y: top, height, ..area };
            top += height;
            rect
        };
        let body = area.height - 2;
        let header = take(1);
        // A heading where there is room for more than the devices.
        let heading = u16::from(area.height >= 15);
        let devices = u16::try_from(view.model.rows().len()).unwrap_or(u16::MAX);
        let list = devices.saturating_add(heading).min((body / 2).max(1));
        let list = take(list);
        let room = body - list.height;
        let detail = match room.checked_sub(graph::LEAST_HEIGHT) {
            Some(rest) if rest >= 2 => detail::height(area.width).min(room / 2).min(rest),
            // A lower graph would show less than as many more values.
            _ => room,
        };
        let detail = take(detail);
        let graph = take(room - detail.height);
        Rows { header, list, detail, graph, footer: take(1) }
    }
}

impl View<'_> {
    fn header(&self, area: Rect, buffer: &mut Buffer) {
        let count = match self.model.rows().len() {
            1 => "1 device".to_owned(),
            count => format!("{count} devices"),
        };
        let right = if self.model.is_paused() {
            Span::styled(" paused ", Palette::ALERT)
        } else {
            Span::styled(words::time(self.model.shown_at()), Palette::QUIET)
        };
        let right = Line::from(vec![Span::raw("  "), right, Span::raw(" ")]);
        let width = u16::try_from(right.width()).unwrap_or(u16::MAX).min(area.width);
        buffer.set_line(area.right() - width, area.y, &right, width);
        let mut left = " semantik watch".to_owned();
        let every = format!("every {}", words::round_time(self.model.interval()));
        for part in [format!("  {count}"), format!(", {every}")] {
            if words::columns(&left) + words::columns(&part) > usize::from(area.width - width) {
                break;
            }
            left += &part;
        }
        buffer.set_stringn(area.x, area.y, left, (area.width - width).into(), Palette::TITLE);
    }

    fn footer(&self, area: Rect, buffer: &mut Buffer) {
        let pause = if self.model.is_paused() { "go on" } else { "pause" };
        let mut line = Line::default();
        let users = if self.model.shows_users() { "graph" } else { "users" };
        let keys = [("q", "quit"), ("p", pause), ("↑↓", "device"), ("g", "span"), ("u", users)];
        for (key, does) in keys {
            let width = words::columns(key) + words::columns(does) + 3;
            if line.width() + width > usize::from(area.width) {
                break;
            }
            line.push_span(Span::raw(" "));
            line.push_span(Span::styled(key, Palette::TITLE));
            line.push_span(Span::styled(format!(" {does} "), Palette::QUIET));
        }
        buffer.set_line(area.x, area.y, &line, area.width);
    }
}

/// A line across, with a title in it.
fn rule(title: &str, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width);
    let title = words::cut(title, width.saturating_sub(6));
    let rest = width.saturating_sub(words::columns(&title) + 5);
    let line = Line::from(vec![
        Span::styled(" ── ", Palette::QUIET),
        Span::styled(title, Palette::TITLE),
        Span::styled(format!(" {}", "─".repeat(rest.saturating_sub(1))), Palette::QUIET),
    ]);
    buffer.set_line(area.x, area.y, &line, area.width);
}

#[cfg(test)]
mod tests;
