//! A table of what criterion measured.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

use crate::error::XtaskError;

/// Rows that others are divided by: peers, and the floor under our own work.
const REFERENCES: [&str; 3] = ["text-splitter", "pulldown-cmark", "tokenizer alone"];

/// What was measured after `start`, in Markdown; empty if that is nothing.
pub(super) fn table(samples: &Path, start: SystemTime) -> Result<String, XtaskError> {
    let mut rows = Vec::new();
    for folder in folders_with("benchmark.json", samples) {
        let estimates = folder.join("estimates.json");
        let is_new =
            fs::metadata(&estimates).and_then(|meta| meta.modified()).is_ok_and(|modified| modified >= start);
        if is_new {
            rows.extend(Row::read(&json(&folder.join("benchmark.json"))?, &json(&estimates)?));
        }
    }
    rows.sort_by(|a, b| {
        (&a.group, a.text_bytes, &a.value, &a.name).cmp(&(&b.group, b.text_bytes, &b.value, &b.name))
    });
    Ok(markdown(&rows))
}

/// One measurement.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    group: String,
    name: String,
    value: String,
    /// Bytes of text, or how many of something else.
    text_bytes: u64,
    unit: Unit,
    /// Nanoseconds: the median, and its 95% interval.
    median: f64,
    interval: (f64, f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Bytes,
    Chunks,
    /// What the groups of `embed` count.
    Tokens,
}

impl Row {
    /// Of criterion's two files; `None` for a row without throughput.
    fn read(benchmark: &Value, estimates: &Value) -> Option<Self> {
        let text = |name: &str| benchmark[name].as_str().unwrap_or_default().to_owned();
        let throughput = &benchmark["throughput"];
        let (unit, amount) = match (throughput["Bytes"].as_u64(), throughput["Elements"].as_u64()) {
            (Some(bytes), _) => (Unit::Bytes, bytes),
            (None, elements) if text("group_id").starts_with("embed") => (Unit::Tokens, elements?),
            (None, elements) => (Unit::Chunks, elements?),
        };
        let median = &estimates["median"];
        let interval = &median["confidence_interval"];
        Some(Row {
            group: text("group_id"),
            name: text("function_id"),
            value: text("value_str"),
            text_bytes: amount,
            unit,
            median: median["point_estimate"].as_f64()?,
            interval: (interval["lower_bound"].as_f64()?, interval["upper_bound"].as_f64()?),
        })
    }

    /// MB, chunks or tokens in a second, if a run takes so many nanoseconds.
    fn rate(&self, nanoseconds: f64) -> f64 {
        let per_second = self.text_bytes as f64 / nanoseconds * 1e9;
        if self.unit == Unit::Bytes { per_second / 1e6 } else { per_second }
    }

    fn shown_rate(&self) -> String {
        let unit = match self.unit {
            Unit::Bytes => "MB/s",
            Unit::Chunks => "chunks/s",
            Unit::Tokens => "tokens/s",
        };
        let (low, high) = (self.rate(self.interval.1), self.rate(self.interval.0));
        format!("{} ({} to {}) {unit}", digits(self.rate(self.median)), digits(low), digits(high))
    }

    /// How many times as fast as the reference in the same group: on the same text, else on the longest that the
    /// reference was given.
    fn ratio(&self, reference: &str, rows: &[Row]) -> Option<String> {
        if self.name == reference || self.unit != Unit::Bytes {
            return None;
        }
        let peers = || rows.iter().filter(|row| row.group == self.group && row.name == reference);
        let same = peers().find(|row| row.value == self.value);
        let peer = same.or_else(|| peers().max_by_key(|row| row.text_bytes))?;
        let ratio = digits(self.rate(self.median) / peer.rate(peer.median));
        Some(if same.is_some() { ratio } else { format!("{ratio} (its {})", peer.value) })
    }
}

fn markdown(rows: &[Row]) -> String {
    let mut table = String::new();
    let mut group = None;
    for row in rows {
        let references: Vec<&str> = REFERENCES
            .into_iter()
            .filter(|reference| rows.iter().any(|other| other.group == row.group && other.name == *reference))
            .collect();
        if group != Some(&row.group) {
            group = Some(&row.group);
            let headers: String = references.iter().map(|name| format!(" × {name} |")).collect();
            let lines = "---|".repeat(3 + references.len());
            table.push_str(&format!(
                "\n### {}\n\n| text | | median (95% interval) |{headers}\n|{lines}\n",
                row.group
            ));
        }
        let ratios: String = references
            .iter()
            .map(|reference| format!(" {} |", row.ratio(reference, rows).unwrap_or_default()))
            .collect();
        table.push_str(&format!("| {} | {} | {} |{ratios}\n", row.value, row.name, row.shown_rate()));
    }
    table
}

/// Three digits that count.
fn digits(number: f64) -> String {
    match number {
        n if n >= 100.0 => format!("{n:.0}"),
        n if n >= 10.0 => format!("{n:.1}"),
        n => format!("{n:.2}"),
    }
}

/// Folders called `new`, where criterion keeps its last run, that hold the file.
fn folders_with(file: &str, below: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![below.to_owned()]);
    while let Some(folder) = folders.pop() {
        if folder.ends_with("new") && folder.join(file).is_file() {
            found.push(folder);
            continue;
        }
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        folders.extend(entries.map(|entry| entry.path()).filter(|path| path.is_dir()));
    }
    found
}

fn json(path: &Path) -> Result<Value, XtaskError> {
    let text = fs::read_to_string(path).map_err(XtaskError::io(path))?;
    serde_json::from_str(&text).map_err(|source| XtaskError::Json { what: "criterion", source })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(name: &str, value: &str, bytes: u64, nanoseconds: f64) -> Row {
        let benchmark =
            json!({"group_id": "g", "function_id": name, "value_str": value, "throughput": {"Bytes": bytes}});
        let interval = json!({"lower_bound": nanoseconds, "upper_bound": nanoseconds});
        let estimates = json!({"median": {"point_estimate": nanoseconds, "confidence_interval": interval}});
        Row::read(&benchmark, &estimates).unwrap()
    }

    #[test]
    fn what_embed_counts_is_tokens() {
        let benchmark = json!({"group_id": "embed on cpu", "function_id": "forward", "value_str": "1×16",
            "throughput": {"Elements": 16}});
        let interval = json!({"lower_bound": 2e6, "upper_bound": 2e6});
        let estimates = json!({"median": {"point_estimate": 2e6, "confidence_interval": interval}});
        let table = markdown(&[Row::read(&benchmark, &estimates).unwrap()]);
        assert!(table.contains("| 1×16 | forward | 8000 (8000 to 8000) tokens/s |"), "{table}");
    }

    #[test]
    fn a_ratio_is_to_the_same_text_or_to_the_longest() {
        let rows = [
            row("recursive", "8MB", 8_000_000, 4e7),
            row("recursive", "100MB", 100_000_000, 5e8),
            row("text-splitter", "0.5MB", 500_000, 5e6),
            row("text-splitter", "8MB", 8_000_000, 4e9),
        ];
        let table = markdown(&rows);
        assert!(table.contains("| 8MB | recursive | 200 (200 to 200) MB/s | 100 |"), "{table}");
        assert!(table.contains("| 100MB | recursive | 200 (200 to 200) MB/s | 100 (its 8MB) |"), "{table}");
        assert!(table.contains("| 8MB | text-splitter | 2.00 (2.00 to 2.00) MB/s |  |"), "{table}");
    }
}
