//! Tables with a line for each shape of batch and a column for each way to compute it.

use serde_json::Value;

use super::{MIB, Results};

/// One way to compute, measured at several shapes.
struct Column {
    name: String,
    rows: Vec<Value>,
}

/// Tokens a second: one batch at a time, two in flight, and many queued of which the last is read; then what the first
/// runs took together, and the most that the pool held.
pub(super) fn tables(results: &Results) -> Vec<String> {
    let columns = columns(results);
    let mut shapes: Vec<(u64, u64)> =
        columns.iter().flat_map(|column| &column.rows).filter_map(shape).collect();
    shapes.sort_by_key(|&(items, tokens)| (items * tokens, tokens));
    shapes.dedup();
    let mut lines = Vec::new();
    for (title, field) in [
        ("tokens/s", "tokens_per_second"),
        ("two in flight", "in_flight_tokens_per_second"),
        ("queued", "queued_tokens_per_second"),
    ] {
        let cell = |column: &Column, wanted: (u64, u64)| {
            let row = column.rows.iter().find(|row| shape(row) == Some(wanted))?;
            Some(grouped(row[field].as_f64()?))
        };
        let table: Vec<(String, Vec<Option<String>>)> = shapes
            .iter()
            .map(|&wanted| {
                let cells = columns.iter().map(|column| cell(column, wanted)).collect();
                (format!("{}×{}", wanted.0, wanted.1), cells)
            })
            .filter(|(_, cells): &(String, Vec<Option<String>>)| cells.iter().any(Option::is_some))
            .collect();
        if !table.is_empty() {
            lines.push(line(title, columns.iter().map(|column| Some(column.name.clone()))));
            lines.extend(table.into_iter().map(|(name, cells)| line(&name, cells.into_iter())));
        }
    }
    if !lines.is_empty() {
        let first = |column: &Column| {
            Some(format!(
                "{:.1} s",
                column.rows.iter().filter_map(|row| row["first_seconds"].as_f64()).sum::<f64>()
            ))
        };
        let pool = |column: &Column| {
            let reserved = column.rows.iter().filter_map(|row| row["pool_reserved"].as_f64());
            reserved.reduce(f64::max).map(|bytes| format!("{:.0} MiB", bytes / MIB))
        };
        lines.push(line("first runs", columns.iter().map(first)));
        lines.push(line("pool", columns.iter().map(pool)));
    }
    lines
}

/// In the order in which they are first met.
fn columns(results: &Results) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for (_, row) in results.rows().filter(|(_, row)| row["what"] == "bench") {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let backend = match &text("backend")[..] {
            "sentence-transformers" => "st".to_owned(),
            other => other.chars().take(6).collect(),
        };
        let attention: String = text("attention").chars().take(4).collect();
        let name = format!("{backend} {} {attention}", text("dtype")).trim_end().to_owned();
        match columns.iter_mut().find(|column| column.name == name) {
            Some(column) => column.rows.push(row),
            None => columns.push(Column { name, rows: vec![row] }),
        }
    }
    columns
}

fn shape(row: &Value) -> Option<(u64, u64)> {
    Some((row["items"].as_u64()?, row["tokens"].as_u64()?))
}

fn line(name: &str, cells: impl Iterator<Item = Option<String>>) -> String {
    let cells: String = cells.map(|cell| format!(" {:>16}", cell.as_deref().unwrap_or("-"))).collect();
    format!("{name:<16}{cells}")
}

/// A whole number with commas between its thousands.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [(0.0, "0"), (999.4, "999"), (1000.0, "1,000"), (12_345_678.0, "12,345,678")] {
            assert_eq!(grouped(number), text);
        }
    }
}
