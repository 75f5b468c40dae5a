//! `semantik-device report`: what a folder of results says, in tables that fit on a page.

mod shapes;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;

use crate::failure::Failure;
use crate::options::Options;
use crate::prepare::told;

pub(crate) const USAGE: &str = "\
report FOLDER
    What the results in FOLDER, as the bundle's scripts leave them, say: in at most 100 lines.";

/// A page, and what is read back from a machine over a narrow channel.
const MOST_LINES: usize = 100;
const MIB: f64 = 1_048_576.0;

pub(crate) fn run(args: lexopt::Parser) -> Result<ExitCode, Failure> {
    let options = Options::read(args, &[], true)?;
    let [folder] = &options.rest[..] else {
        return Err(Failure::usage("report needs a folder of results"));
    };
    let lines = report(&Results::read(Path::new(folder))?);
    for line in cut(lines) {
        println!("{line}");
    }
    Ok(ExitCode::SUCCESS)
}

/// A file of results: its name without the end, and what it holds.
#[derive(Debug)]
struct File {
    name: String,
    end: String,
    text: String,
}

impl File {
    /// Its lines that are JSON.
    fn rows(&self) -> impl Iterator<Item = Value> + '_ {
        self.text.lines().filter_map(|line| serde_json::from_str(line).ok())
    }
}

/// All files of a folder, by their names.
#[derive(Debug)]
struct Results(Vec<File>);

impl Results {
    fn read(folder: &Path) -> Result<Self, Failure> {
        let entries = fs::read_dir(folder).map_err(told(folder))?;
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort_unstable();
        let file = |path: &PathBuf| {
            let name = path.file_name()?.to_string_lossy().into_owned();
            let (name, end) = name.rsplit_once('.')?;
            // What is no text has nothing to say here.
            let text = String::from_utf8_lossy(&fs::read(path).ok()?).into_owned();
            Some(File { name: name.to_owned(), end: end.to_owned(), text })
        };
        Ok(Results(paths.iter().filter_map(file).collect()))
    }

    fn ending(&self, end: &'static str) -> impl Iterator<Item = &File> {
        self.0.iter().filter(move |file| file.end == end)
    }

    /// Every line of every file of JSON lines, with the file's name.
    fn rows(&self) -> impl Iterator<Item = (&str, Value)> {
        self.ending("jsonl").flat_map(|file| file.rows().map(|row| (file.name.as_str(), row)))
    }
}

fn report(results: &Results) -> Vec<String> {
    let mut lines = tests(results);
    lines.extend(results.rows().filter_map(|(_, row)| parity(&row)));
    lines.extend(shapes::tables(results));
    lines.extend(results.rows().filter_map(|(_, row)| replay(&row)));
    lines.extend(results.rows().filter_map(|(_, row)| memory(&row)));
    lines.extend(results.0.iter().filter_map(embedded));
    lines.extend(results.0.iter().filter_map(busy));
    lines.extend(results.rows().filter_map(|(_, row)| encoded(&row)));
    lines.extend(results.rows().filter_map(|(name, row)| same(name, &row)));
    lines.extend(results.ending("err").filter_map(failed));
    lines
}

/// As many lines as fit, and how many did not.
fn cut(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > MOST_LINES {
        let more = lines.len() - (MOST_LINES - 1);
        lines.truncate(MOST_LINES - 1);
        lines.push(format!("… and {more} lines more"));
    }
    lines
}

/// The last line of each run of the suite, and the checks that did not hold.
fn tests(results: &Results) -> Vec<String> {
    let ran = results.ending("txt").filter(|file| file.name.ends_with("-test"));
    ran.flat_map(|file| {
        let failed = file.text.lines().filter(|line| line.starts_with("FAILED"));
        let last = file.text.lines().last().unwrap_or("said nothing");
        failed.chain([last]).map(|line| short(&format!("{:<26} {line}", file.name))).collect::<Vec<_>>()
    })
    .collect()
}

fn parity(row: &Value) -> Option<String> {
    let parity = row.get("parity").filter(|_| row["what"] == "parity")?;
    let off = &parity["deviation"];
    Some(format!(
        "parity {:<6} {:<4} {:<8} {} largest {:.2e} of {:.0e}, cosine {:.7}, {} of {} texts too far",
        text(&row["backend"]),
        text(&row["dtype"]),
        text(&row["attention"]),
        if row["held"] == true { "held  " } else { "FAILED" },
        off["largest"].as_f64()?,
        parity["tolerance"]["largest"].as_f64()?,
        off["cosine"].as_f64()?,
        parity["failures"].as_array()?.len(),
        parity["texts"],
    ))
}

fn replay(row: &Value) -> Option<String> {
    if row["what"] != "replay" {
        return None;
    }
    let shape = format!("replay {:<6} {:>4}×{:<3}", text(&row["backend"]), row["items"], row["tokens"]);
    if let Some(why) = row["skipped"].as_str() {
        return Some(short(&format!("{shape} skipped: {why}")));
    }
    let mib = |name: &str| row[name].as_f64().map(|bytes| bytes / MIB);
    let ratio = row["ratio"].as_f64().map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.3}"));
    let held = if row["held"] == false { "FAILED" } else { "held" };
    Some(format!(
        "{shape} told {:9.1} MiB, taken {:9.1}, ratio {ratio}, table {:.1} {held} (pool before {:.1} / {:.1})",
        mib("told")?,
        mib("taken")?,
        mib("table").unwrap_or(f64::NAN),
        mib("before_dry")?,
        mib("before_real")?,
    ))
}

/// What of a device's memory was taken and given back.
fn memory(row: &Value) -> Option<String> {
    let what = row["what"].as_str()?;
    let start = format!("memory {:<6} {what:<10}", text(&row["backend"]));
    let faults = |row: &Value| {
        let faults: Vec<&str> = row["faults"].as_array()?.iter().filter_map(Value::as_str).collect();
        Some(if faults.is_empty() { "held".to_owned() } else { format!("FAILED: {}", faults.join("; ")) })
    };
    let mib =
        |value: &Value| value.as_f64().map_or_else(|| "-".to_owned(), |bytes| format!("{:.0}", bytes / MIB));
    let line = match what {
        "watched" => format!("by {}, pool {}", text(&row["monitor"]), row["pool"]),
        "known size" => format!("{} MiB: {}", mib(&row["bytes"]), faults(row)?),
        "nvidia-smi" if row["skipped"].is_string() => format!("skipped: {}", text(&row["skipped"])),
        "nvidia-smi" => format!(
            "{} MiB by the monitor, {} by nvidia-smi: {}",
            mib(&row["monitor_bytes"]),
            mib(&row["nvidia_smi_bytes"]),
            if row["agrees"] == true { "agree" } else { "FAILED" },
        ),
        "unload" => format!(
            "used {} before, {} loaded, {} run, {} MiB after: {}",
            mib(&row["baseline"]["used"]),
            mib(&row["loaded"]["used"]),
            mib(&row["ran"]["used"]),
            mib(&row["unloaded"]["used"]),
            faults(row)?,
        ),
        "leak" => format!("{} rounds: {}", row["rounds"], faults(row)?),
        _ => return None,
    };
    Some(short(&format!("{start} {line}")))
}

/// The main job's own account of itself.
fn embedded(file: &File) -> Option<String> {
    let name = file.name.strip_suffix(".meta").filter(|_| file.end == "json")?;
    let meta: Value = serde_json::from_str(&file.text).ok()?;
    let number = |name: &str| meta[name].as_f64().unwrap_or(f64::NAN);
    Some(format!(
        "embed {name:<16} {:>6} chunks in {:6.1} s: {:7.0} chunks/s, {:9.0} tokens/s; host {:.0}, pool {:.0} MiB; {} failed{}",
        number("chunks"),
        number("seconds"),
        number("chunks_per_second"),
        number("tokens_per_second"),
        number("peak_memory_bytes") / MIB,
        meta["device_pool_bytes"].as_f64().unwrap_or(0.0) / MIB,
        meta["failed"],
        if meta["interrupted"] == true { ", interrupted" } else { "" },
    ))
}

/// How busy a card was, from lines of percent and MiB.
fn busy(file: &File) -> Option<String> {
    if (file.name.as_str(), file.end.as_str()) != ("busy", "csv") {
        return None;
    }
    let samples: Vec<(f64, f64)> = file
        .text
        .lines()
        .filter_map(|line| {
            let (busy, used) = line.split_once(',')?;
            Some((busy.trim().parse().ok()?, used.trim().parse().ok()?))
        })
        .collect();
    let count = samples.len() as f64;
    if samples.is_empty() {
        return None;
    }
    let share = |least: f64| 100.0 * samples.iter().filter(|(busy, _)| *busy >= least).count() as f64 / count;
    let mean = samples.iter().map(|(busy, _)| busy).sum::<f64>() / count;
    let most = samples.iter().map(|(_, used)| *used).fold(0.0, f64::max);
    Some(format!(
        "busy  while embed ran: mean {mean:.0}% in {count} samples, {:.0}% of them at 50% or more, {:.0}% at 90%; at most {most:.0} MiB used",
        share(50.0),
        share(90.0),
    ))
}

/// The peer on the same chunks.
fn encoded(row: &Value) -> Option<String> {
    if row["what"] != "encode" {
        return None;
    }
    Some(format!(
        "{} encode {:<4} batch {:>4}: {:6} chunks, {:7.0} chunks/s",
        text(&row["backend"]),
        text(&row["dtype"]),
        row["batch"],
        row["chunks"],
        row["chunks_per_second"].as_f64()?,
    ))
}

fn same(name: &str, row: &Value) -> Option<String> {
    if row["what"] != "same" {
        return None;
    }
    Some(format!(
        "{name:<24} {} {} and {} records, {} differ, vectors at most {:.1e} apart",
        if row["held"] == true { "held  " } else { "FAILED" },
        row["records"],
        row["others"],
        row["differing"],
        row["furthest"].as_f64().unwrap_or(f64::INFINITY),
    ))
}

/// The first error that a step told, where it told one.
fn failed(file: &File) -> Option<String> {
    let line = file.text.lines().find(|line| line.starts_with("error") || line.contains("panicked"))?;
    Some(short(&format!("{}: {line}", file.name)))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

/// A line that fits across a page.
fn short(line: &str) -> String {
    const WIDTH: usize = 180;
    let line = line.replace(['\n', '\r', '\t'], " ");
    if line.chars().count() <= WIDTH { line } else { line.chars().take(WIDTH - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn results(files: &[(&str, &str, String)]) -> Results {
        let file = |(name, end, text): &(&str, &str, String)| File {
            name: (*name).to_owned(),
            end: (*end).to_owned(),
            text: text.clone(),
        };
        Results(files.iter().map(file).collect())
    }

    fn bench(backend: &str, dtype: &str, items: usize, speed: Option<f64>) -> String {
        json!({"what": "bench", "backend": backend, "dtype": dtype, "attention": "fused", "items": items, "tokens": 128,
            "tokens_per_second": speed, "queued_tokens_per_second": speed.map(|speed| 2.0 * speed),
            "first_seconds": 0.5, "pool_reserved": 3 << 20})
        .to_string()
    }

    #[test]
    fn every_kind_of_result_has_its_line_and_what_failed_is_seen() {
        let results = results(&[
            ("cuda-0-test", "txt", "held a\nFAILED   cuda e1: too far\n1 held, 1 failed, 0 skipped".to_owned()),
            (
                "cuda-0-parity",
                "jsonl",
                json!({"what": "parity", "backend": "cuda", "dtype": "f16", "attention": "fused", "held": false,
                    "parity": {"texts": 24, "deviation": {"largest": 0.01, "cosine": 0.99},
                        "tolerance": {"largest": 0.002, "cosine": 0.9999}, "failures": ["x"]}})
                .to_string(),
            ),
            ("a", "jsonl", [bench("cuda", "f16", 64, Some(1e6)), bench("cuda", "f16", 1, None)].join("\n")),
            ("b", "jsonl", bench("vulkan", "f32", 64, Some(5e5))),
            ("busy", "csv", "90, 1000\n10, 1200\nx\n".to_owned()),
            ("beside-650", "err", "note\nerror: out of memory\nhint: less\n".to_owned()),
        ]);
        let all = report(&results).join("\n");
        for wanted in [
            "FAILED   cuda e1: too far",
            "1 held, 1 failed",
            "parity cuda   f16  fused    FAILED largest 1.00e-2",
            "1,000,000",
            "500,000",
            "2,000,000",
            "mean 50% in 2 samples",
            "beside-650: error: out of memory",
        ] {
            assert!(all.contains(wanted), "{wanted:?} is not in\n{all}");
        }
    }

    #[test]
    fn a_report_is_never_longer_than_a_page() {
        let lines: Vec<String> = (0..250).map(|line| line.to_string()).collect();
        let page = cut(lines);
        assert_eq!((page.len(), page.last().map(String::as_str)), (100, Some("… and 151 lines more")));
        assert_eq!(cut(vec!["a".to_owned()]), ["a"]);
        assert_eq!(short(&"é".repeat(500)).chars().count(), 180);
    }

    #[test]
    fn files_that_are_cut_short_or_no_json_are_passed_over() {
        let half = "{\"what\": \"bench\", \"items\":".to_owned();
        let none = results(&[
            ("a", "jsonl", half),
            ("b.meta", "json", "{".to_owned()),
            ("busy", "csv", String::new()),
        ]);
        assert_eq!(report(&none), Vec::<String>::new());
    }
}
