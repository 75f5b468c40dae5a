//! [`Palette`]: colours, or none.

use ratatui::style::{Color, Modifier, Style};

use super::super::level::Level;

/// How parts of the picture are set apart. Colour is only ever beside a word or a mark that says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Palette {
    Coloured,
    /// Bold, dim and reversed, for terminals and people without colours.
    Plain,
}

impl Palette {
    /// As the environment wishes: no colour where `NO_COLOR` is set and not empty.
    pub(in super::super) fn from_env() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if refused { Palette::Plain } else { Palette::Coloured }
    }

    pub(super) const TITLE: Style = Style::new().add_modifier(Modifier::BOLD);
    pub(super) const QUIET: Style = Style::new().add_modifier(Modifier::DIM);
    pub(super) const ALERT: Style = Style::new().add_modifier(Modifier::REVERSED);

    pub(super) fn trouble(self) -> Style {
        self.coloured(Color::Red)
    }

    pub(super) fn level(self, level: Option<Level>) -> Style {
        match level {
            None => Style::new(),
            Some(Level::Normal) => self.coloured(Color::Green),
            Some(Level::Raised) => self.coloured(Color::Yellow),
            Some(Level::High) => self.coloured(Color::Red).add_modifier(Modifier::BOLD),
        }
    }

    fn coloured(self, color: Color) -> Style {
        match self {
            Palette::Coloured => Style::new().fg(color),
            Palette::Plain => Style::new(),
        }
    }
}
