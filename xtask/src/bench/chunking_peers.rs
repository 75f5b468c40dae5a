//! `cargo xtask bench chunking --peers`: cutting, beside other programs.

mod table;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use self::table::Row;
use super::side::Side;
use super::{document, machine};
use crate::error::XtaskError;
use crate::python::Environment;
use crate::{corpus, model, process, workspace};

pub(super) const NAME: &str = "chunking";

/// Cutters written in Python.
const PACKAGES: Environment = Environment {
    name: "chunking-python",
    requirements: include_str!("chunking_peers/requirements.txt"),
    size: "chonkie, LangChain's splitters and semchunk (60 MB, once)",
    over: None,
};

/// The same task for each: a kind of text, how much of it, what counts, and how much a chunk may have.
struct Task {
    title: &'static str,
    kind: &'static str,
    bytes: usize,
    cuts: &'static str,
    size: usize,
    /// Who has such a cutter.
    programs: &'static [&'static str],
}

const OURS: &str = "chunk-strategies";
const RUST: [&str; 2] = [OURS, "text-splitter"];
const ALL: &[&str] = &[OURS, "text-splitter", "semchunk", "chonkie", "LangChain"];

const TASKS: [Task; 4] = [
    Task {
        title: "prose, 1,000 characters, 0.5 MB",
        kind: "prose",
        bytes: 500_000,
        cuts: "chars",
        size: 1000,
        programs: ALL,
    },
    Task {
        title: "the same, 8 MB",
        kind: "prose",
        bytes: 8_000_000,
        cuts: "chars",
        size: 1000,
        programs: ALL,
    },
    Task {
        title: "Markdown, 1,000 characters, 0.2 MB",
        kind: "markdown",
        bytes: 200_000,
        cuts: "markdown",
        size: 1000,
        programs: &[OURS, "text-splitter", "LangChain"],
    },
    Task {
        title: "prose, 256 tokens, 0.1 MB",
        kind: "prose",
        bytes: 100_000,
        cuts: "tokens",
        size: 256,
        programs: ALL,
    },
];

const ROUNDS: usize = 5;

/// Where the tables are written: files, and the names of their marks.
const DOCUMENTS: [(&str, &str); 2] =
    [("docs/benchmarks.md", "chunking peers"), ("crates/chunk-strategies/README.md", "peers")];

/// Measures all, round by round, and writes the tables.
pub(super) fn run() -> Result<(), XtaskError> {
    let texts = corpus::ensure_bench(None)?;
    model::bring()?;
    let tokenizer = model::tokenizer().ok_or_else(|| XtaskError::failed("the model has no tokenizer"))?;
    let python = PACKAGES.ensure()?;
    let work = workspace::target()?.join("bench/chunking-peers");
    fs::create_dir_all(&work).map_err(XtaskError::io(&work))?;

    // Built first, since no answer may take so long.
    process::run(benchmark().arg("--no-run"))?;
    let mut rust = benchmark();
    rust.env("SEMANTIK_BENCH_TOKENIZER", &tokenizer).env("SEMANTIK_BENCH_PEERS", "1");
    let script = work.join("peers.py");
    fs::write(&script, include_str!("chunking_peers/peers.py")).map_err(XtaskError::io(&script))?;
    let mut others = Command::new(&python.program);
    others.arg(&script).env("SEMANTIK_BENCH_TOKENIZER", &tokenizer);
    others.env("HF_HUB_OFFLINE", "1").env("TOKENIZERS_PARALLELISM", "false");
    let start = |command: &mut Command, name: &str| {
        let failed = |why: String| XtaskError::failed(format!("{name}: {why}"));
        Side::start(command, &work.join(format!("{name}.txt"))).map_err(failed)
    };
    let mut sides = [start(&mut rust, "rust")?, start(&mut others, "python")?];

    let mut tables = Vec::new();
    for task in &TASKS {
        let text = shortened(&texts, &work, task)?;
        let bytes = fs::metadata(&text).map_err(XtaskError::io(&text))?.len();
        let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
        // In turn, so that what slows the machine for a while slows all. The first round is for warming up.
        for round in 0..=ROUNDS {
            for program in task.programs {
                let side = &mut sides[usize::from(!RUST.contains(program))];
                let question =
                    json!({ "program": program, "task": task.cuts, "text": text, "size": task.size });
                let answer = side.ask(&question);
                let row = rows.entry(program).or_insert_with(|| Row::new(program, bytes, task.size));
                row.add(answer, round > 0);
            }
        }
        let rows: Vec<Row> = task.programs.iter().filter_map(|program| rows.remove(program)).collect();
        println!("{}", table::of_task(task.title, &rows));
        tables.push((task.title, rows));
    }
    let [in_full, in_short] = DOCUMENTS.map(|(path, name)| (workspace::root().join(path), name));
    let all: Vec<String> = tables.iter().map(|(title, rows)| table::of_task(title, rows)).collect();
    let head = format!(
        "{}, one thread each. {ROUNDS} rounds, one after the other of all programs; MB/s are of the median.\n\n",
        machine::processor()
    );
    document::write(&in_full.0, in_full.1, &(head + &all.join("\n")))?;
    document::write(&in_short.0, in_short.1, &table::summary(ALL, &tables))?;
    println!("\nThe tables are in {} and {}", in_full.0.display(), in_short.0.display());
    Ok(())
}

/// The Rust side.
fn benchmark() -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["bench", "--locked", "--quiet", "--package", "benches", "--bench", "chunking_peers"]);
    cargo
}

/// A file with the beginning of a text, up to the end of a line.
fn shortened(texts: &Path, work: &Path, task: &Task) -> Result<PathBuf, XtaskError> {
    let size = if task.bytes > 500_000 { "8MB" } else { "0.5MB" };
    let from = texts.join(format!("{}-{size}.txt", task.kind));
    let text = fs::read_to_string(&from).map_err(XtaskError::io(&from))?;
    let part = &text[..text.floor_char_boundary(task.bytes)];
    let end = part.rfind('\n').map_or(part.len(), |at| at + 1);
    let to = work.join(format!("{}-{}.txt", task.kind, task.bytes));
    fs::write(&to, &part[..end]).map_err(XtaskError::io(&to))?;
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_have_the_marks() {
        for (path, name) in DOCUMENTS {
            let text = fs::read_to_string(workspace::root().join(path)).unwrap();
            assert!(document::has_marks(&text, name), "{path}");
        }
    }
}
