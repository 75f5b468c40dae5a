//! [`Table`]: rows of Markdown, and how numbers are written in them.

use crate::bench::digits::digits;

/// A table, its rows all as long as its head.
#[derive(Clone, Debug)]
pub(super) struct Table {
    columns: usize,
    text: String,
}

impl Table {
    pub(super) fn new(head: &[&str]) -> Self {
        let text = format!("| {} |\n{}|\n", head.join(" | "), "|---".repeat(head.len()));
        Table { columns: head.len(), text }
    }

    /// Adds a row; cells that are missing at its end are empty.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<String> = cells.into_iter().map(|cell| one_line(&cell)).collect();
        cells.resize(self.columns, String::new());
        self.text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }

    pub(super) fn markdown(self) -> String {
        self.text
    }
}

/// What is said by other programs must not end a row or a cell, and is not read to its end.
fn one_line(cell: &str) -> String {
    const MOST: usize = 160;
    let line = cell.replace(['\n', '\r', '\t'], " ").replace('|', "/").replace('<', "&lt;");
    if line.chars().count() <= MOST { line } else { line.chars().take(MOST).chain(['…']).collect() }
}

/// `1.23 ×`.
pub(super) fn times(ratio: f64) -> String {
    format!("{} ×", digits(ratio))
}

/// A cosine with the digits that tell it from 1.
pub(super) fn shown_cosine(cosine: Option<f64>) -> String {
    match cosine {
        None => String::new(),
        Some(cosine) if cosine >= 0.999_999_5 => "1.000000".to_owned(),
        Some(cosine) => format!("{cosine:.6}"),
    }
}

/// What is to be reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Aim {
    AtLeast(f64),
    AtMost(f64),
}

impl Aim {
    /// The aim, and whether `reached` is it.
    pub(super) fn cells(self, reached: f64) -> [String; 2] {
        let (sign, bound, holds) = match self {
            Aim::AtLeast(bound) => ("≥", bound, reached >= bound),
            Aim::AtMost(bound) => ("≤", bound, reached <= bound),
        };
        [format!("{sign} {bound}"), if holds { "yes" } else { "no" }.to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_as_long_as_the_head_and_hold_what_others_say_on_one_line() {
        let mut table = Table::new(&["a", "b", "c"]);
        table.row(["x|y\nz".to_owned(), "<tag>".to_owned()]);
        table.row(["…".repeat(500)]);
        let text = table.markdown();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..3], ["| a | b | c |", "|---|---|---|", "| x/y z | &lt;tag> |  |"]);
        assert!(lines.len() == 4 && lines[3].chars().count() < 180, "{text}");
    }

    #[test]
    fn a_cosine_is_1_only_where_all_its_digits_are() {
        assert_eq!([None, Some(0.999_999_9), Some(0.9983)].map(shown_cosine), ["", "1.000000", "0.998300"]);
    }

    #[test]
    fn an_aim_is_reached_at_its_bound() {
        assert_eq!(Aim::AtLeast(1.1).cells(1.1), ["≥ 1.1", "yes"]);
        assert_eq!(Aim::AtLeast(1.1).cells(1.09), ["≥ 1.1", "no"]);
        assert_eq!(Aim::AtMost(0.25).cells(0.2), ["≤ 0.25", "yes"]);
        assert_eq!(Aim::AtMost(0.25).cells(f64::NAN), ["≤ 0.25", "no"]);
    }
}
