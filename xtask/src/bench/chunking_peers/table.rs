//! What was measured, in Markdown.

use serde_json::Value;

use crate::bench::digits::digits;

/// One program at one task.
pub(super) struct Row {
    program: String,
    bytes: u64,
    size: usize,
    seconds: Vec<f64>,
    chunks: u64,
    largest: u64,
    tiles: bool,
    failed: Option<String>,
}

impl Row {
    pub(super) fn new(program: &str, bytes: u64, size: usize) -> Self {
        let program = program.to_owned();
        Row { program, bytes, size, seconds: Vec::new(), chunks: 0, largest: 0, tiles: false, failed: None }
    }

    /// Takes an answer in; its time only if it `counts`.
    pub(super) fn add(&mut self, answer: Result<Value, String>, counts: bool) {
        match answer {
            Ok(answer) => {
                if counts {
                    self.seconds.extend(answer["seconds"].as_f64());
                }
                let number = |name: &str| answer[name].as_u64().unwrap_or_default();
                (self.chunks, self.largest) = (number("chunks"), number("largest"));
                self.tiles = answer["tiles"].as_bool().unwrap_or_default();
            }
            Err(error) => self.failed = Some(error),
        }
    }

    /// The least, the median and the most, in MB/s.
    fn speed(&self) -> Option<(f64, f64, f64)> {
        let mut speeds: Vec<f64> =
            self.seconds.iter().map(|seconds| self.bytes as f64 / 1e6 / seconds).collect();
        speeds.sort_by(f64::total_cmp);
        let (least, most) = (*speeds.first()?, *speeds.last()?);
        Some((least, speeds[speeds.len() / 2], most))
    }
}

/// The rows of a task under its title; the first is what the others are compared with.
pub(super) fn of_task(title: &str, rows: &[Row]) -> String {
    let mut text = format!(
        "#### {title}\n\n| | MB/s (least to most) | × as slow | chunks | largest | side by side, the document |\n|---|--:|--:|--:|--:|---|\n"
    );
    let ours = rows.first().and_then(Row::speed).map(|(_, median, _)| median);
    for row in rows {
        let Some((least, median, most)) = row.speed() else {
            let why = row.failed.as_deref().unwrap_or("no answer").replace('|', "/");
            text += &format!("| {} | failed: {why} | | | | |\n", row.program);
            continue;
        };
        let slower = ours.filter(|_| row.program != rows[0].program).map(|ours| digits(ours / median));
        let over = if row.largest > row.size as u64 { " (over)" } else { "" };
        text += &format!(
            "| {} | {} ({} to {}) | {} | {} | {}{over} | {} |\n",
            row.program,
            digits(median),
            digits(least),
            digits(most),
            slower.unwrap_or_default(),
            row.chunks,
            row.largest,
            if row.tiles { "yes" } else { "no" },
        );
    }
    text
}

/// A row a task and a column a program, in MB/s.
pub(super) fn summary(programs: &[&str], tasks: &[(&str, Vec<Row>)]) -> String {
    let mut text = format!("| MB/s | {} |\n|---|{}\n", programs.join(" | "), "--:|".repeat(programs.len()));
    for (title, rows) in tasks {
        let cell = |program: &&str| {
            let row = rows.iter().find(|row| row.program == **program);
            row.and_then(Row::speed).map_or_else(String::new, |(_, median, _)| digits(median))
        };
        let cells: Vec<String> = programs.iter().map(cell).collect();
        text += &format!("| {title} | {} |\n", cells.join(" | "));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(program: &str, seconds: &[f64], largest: u64) -> Row {
        let mut row = Row::new(program, 1_000_000, 1000);
        row.add(Ok(json!({"seconds": 9.0, "chunks": 3, "largest": largest, "tiles": true})), false);
        for &seconds in seconds {
            row.add(Ok(json!({"seconds": seconds, "chunks": 3, "largest": largest, "tiles": true})), true);
        }
        row
    }

    #[test]
    fn a_program_is_measured_by_its_median_and_compared_with_the_first() {
        let rows = vec![row("a", &[0.001, 0.0005, 0.01], 1000), row("b", &[0.25, 0.5, 1.0], 1001)];
        let table = of_task("t", &rows);
        assert!(table.contains("| a | 1,000 (100 to 2,000) |  | 3 | 1000 | yes |"), "{table}");
        assert!(table.contains("| b | 2.00 (1.00 to 4.00) | 500 | 3 | 1001 (over) | yes |"), "{table}");
        let summary = summary(&["a", "c", "b"], &[("t", rows)]);
        assert!(summary.ends_with("| t | 1,000 |  | 2.00 |\n"), "{summary}");
    }

    #[test]
    fn a_program_that_fails_says_why_and_stops_nothing() {
        let mut failed = Row::new("b", 1, 1);
        failed.add(Err("it ended".to_owned()), true);
        assert!(of_task("t", &[row("a", &[1.0], 1), failed]).contains("| b | failed: it ended |"));
    }
}
