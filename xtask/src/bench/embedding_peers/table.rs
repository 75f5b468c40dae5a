//! [`Table`]: rows of Markdown, and how numbers are written in them.

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

/// Three digits that count.
pub(super) fn digits(number: f64) -> String {
    match number {
        n if n >= 1e6 => format!("{:.2} M", n / 1e6),
        n if n >= 100.0 => thousands(n.round() as u64),
        n if n >= 10.0 => format!("{n:.1}"),
        n => format!("{n:.2}"),
    }
}

/// `12,345`.
fn thousands(number: u64) -> String {
    let plain = number.to_string();
    let groups: Vec<&str> =
        plain.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
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
    fn numbers_have_three_digits_that_count() {
        let shown = [0.1234, 1.0, 12.34, 123.4, 12_345.6, 5_432_100.0].map(digits);
        assert_eq!(shown, ["0.12", "1.00", "12.3", "123", "12,346", "5.43 M"]);
        assert_eq!(thousands(1_002_003), "1,002,003");
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
