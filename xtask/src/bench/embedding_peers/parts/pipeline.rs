//! Everything but the encoder: the whole command line with a model that computes next to nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use super::super::bench::Bench;
use super::super::prepare::{Prepared, Step};
use super::super::programs::OURS;
use super::super::table::{Aim, Table};
use super::super::texts::write;
use crate::bench::digits::digits;
use crate::corpus;
use crate::error::XtaskError;
use crate::process::start_error;

/// The kinds of text, and their files' ends.
const KINDS: [(&str, &str); 3] = [("prose", "txt"), ("markdown", "md"), ("code", "rs")];
const BYTES_EACH: usize = 6_700_000;
const FILE_BYTES: usize = 8_500;
const ROUNDS: usize = 3;
const AIM: f64 = 5e6;
/// What a batch has in such a run.
const BATCH_TOKENS: usize = 8_192;

pub(super) fn run(bench: &mut Bench) -> Result<String, XtaskError> {
    let documents = bench.work.join("documents");
    let files = write_documents(&corpus::ensure_bench(None)?, &documents)?;
    let mut table = Table::new(&[
        "files",
        "MB",
        "tokens",
        "whole run, s",
        "tokens/s",
        "encoder alone, s",
        "the rest, s",
        "tokens/s of the rest",
        "aim",
        "reached",
    ]);
    let model = match tiny_model(bench) {
        Ok(model) => model,
        Err(why) => return Ok(format!("Not measured: the model could not be made: {why}")),
    };
    // Other programs would be in its way.
    bench.programs.stop_all();
    let rounds = bench.rounds(ROUNDS);
    let mut best: Option<(f64, f64)> = None;
    for _ in 0..rounds {
        let found = embed(bench, &documents, &model)?;
        best = Some(best.map_or(found, |best| if found.0 < best.0 { found } else { best }));
    }
    let encoder = encoder_alone(bench, &model, rounds)?;
    if let Some((seconds, tokens)) = best {
        // Code is embedded with its context before it, which is no part of a chunk's text.
        let encoder = encoder.0 / encoder.1 * tokens;
        let rest = seconds - encoder;
        let speed = tokens / rest;
        table.row([
            files.0.to_string(),
            digits(files.1 as f64 / 1e6),
            digits(tokens),
            digits(seconds),
            digits(tokens / seconds),
            digits(encoder),
            digits(rest),
            digits(speed),
            format!("≥ {} M", AIM / 1e6),
            Aim::AtLeast(AIM).cells(speed)[1].clone(),
        ]);
    }
    Ok(format!(
        "`semantik embed` from its start to its end, best of {rounds} runs, a model of one layer of 32 numbers with \
         all-MiniLM-L6-v2's tokenizer: prose, Markdown and Rust sources, a third each. The encoder alone: the same chunks, \
         tokenised beforehand, in batches of at most {BATCH_TOKENS} tokens on the same threads, for as many tokens. The rest is what \
         the whole takes longer.\n\n{}",
        table.markdown()
    ))
}

/// The fewest seconds that the encoder takes for the chunks that the last run wrote, and how many tokens they have.
fn encoder_alone(bench: &mut Bench, model: &Path, rounds: usize) -> Result<(f64, f64), XtaskError> {
    let chunks = texts_of(&bench.work.join("documents.jsonl"))?;
    let texts = write(&bench.work.join("chunks.json"), chunks)?;
    let mut ask = |question: Value| bench.programs.ask(OURS, &question).map_err(XtaskError::failed);
    ask(json!({"op": "load", "as": "nothing", "folder": model}))?;
    ask(json!({"op": "read", "path": texts}))?;
    let mut best = (f64::INFINITY, 0.0);
    for _ in 0..rounds {
        let answer = ask(json!({"op": "encode", "of": "nothing", "tokens": BATCH_TOKENS}))?;
        let [seconds, tokens] = ["seconds", "tokens"].map(|name| answer[name].as_f64().unwrap_or(f64::NAN));
        best = if seconds < best.0 { (seconds, tokens) } else { best };
    }
    Ok(best)
}

/// The texts of the chunks of an output.
fn texts_of(output: &Path) -> Result<Vec<String>, XtaskError> {
    let text = fs::read_to_string(output).map_err(XtaskError::io(output))?;
    let of = |line: &str| {
        let record: Value =
            serde_json::from_str(line).map_err(|source| XtaskError::Json { what: "a record", source })?;
        let text = record["text"].as_str().map(str::to_owned);
        text.ok_or_else(|| XtaskError::failed(format!("{} has a record without a text", output.display())))
    };
    text.lines().map(of).collect()
}

fn tiny_model(bench: &Bench) -> Result<PathBuf, String> {
    let prepared = Prepared::new(bench.work.join("nothing")).map_err(|error| error.to_string())?;
    let (name, size) = ("bert".into(), "nothing".into());
    let arguments = vec![name, size, prepared.folder.clone(), bench.model.clone()];
    let step = Step { file: "model.safetensors", script: "random_models.py", arguments };
    prepared.ensure(&bench.programs, &step)?;
    Ok(prepared.folder)
}

/// Seconds of the whole process, and tokens.
fn embed(bench: &Bench, documents: &Path, model: &Path) -> Result<(f64, f64), XtaskError> {
    let output = bench.work.join("documents.jsonl");
    for path in [output.clone(), meta_of(&output)] {
        // The first time there is none.
        let _ = fs::remove_file(path);
    }
    let mut command = Command::new(&bench.semantik);
    command.arg("embed").arg(documents).arg("--model").arg(model).args(["--backend", "cpu", "--quiet"]);
    command.arg("--output").arg(&output).env("RAYON_NUM_THREADS", bench.programs.threads.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status().map_err(|source| start_error(&command, source))?;
    let seconds = start.elapsed().as_secs_f64();
    if !status.success() {
        return Err(XtaskError::Command { command: crate::process::shown(&command), status });
    }
    let path = meta_of(&output);
    let text = fs::read_to_string(&path).map_err(XtaskError::io(&path))?;
    let meta: Value =
        serde_json::from_str(&text).map_err(|source| XtaskError::Json { what: "the meta file", source })?;
    let tokens = meta["tokens"].as_f64().filter(|tokens| *tokens > 0.0);
    let tokens = tokens.ok_or_else(|| XtaskError::failed(format!("{} tells no tokens", path.display())))?;
    Ok((seconds, tokens))
}

fn meta_of(output: &Path) -> PathBuf {
    PathBuf::from(format!("{}.meta.json", output.display()))
}

/// The bench corpus in small files; how many, and their bytes.
fn write_documents(texts: &Path, documents: &Path) -> Result<(usize, usize), XtaskError> {
    if documents.exists() {
        fs::remove_dir_all(documents).map_err(XtaskError::io(documents))?;
    }
    let (mut files, mut bytes) = (0, 0);
    for (kind, end) in KINDS {
        let path = texts.join(format!("{kind}-8MB.txt"));
        let text = fs::read_to_string(&path).map_err(XtaskError::io(&path))?;
        let folder = documents.join(kind);
        fs::create_dir_all(&folder).map_err(XtaskError::io(&folder))?;
        for document in cut(&text[..text.floor_char_boundary(BYTES_EACH)]) {
            files += 1;
            bytes += document.len();
            let path = folder.join(format!("{files:05}.{end}"));
            fs::write(&path, document).map_err(XtaskError::io(&path))?;
        }
    }
    Ok((files, bytes))
}

/// In pieces of about [`FILE_BYTES`] that end behind a line.
fn cut(text: &str) -> Vec<&str> {
    let (mut rest, mut pieces) = (text, Vec::new());
    while !rest.is_empty() {
        let from = rest.floor_char_boundary(FILE_BYTES);
        let end = rest[from..].find('\n').map_or(rest.len(), |at| from + at + 1);
        let (piece, behind) = rest.split_at(end);
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_the_whole_text_cut_behind_lines() {
        let text = "A line of a text, größer als ASCII.\n".repeat(1000) + "no end";
        let pieces = cut(&text);
        assert_eq!(pieces.concat(), text);
        assert!(
            pieces.len() == 5 && pieces[..4].iter().all(|piece| piece.ends_with('\n')),
            "{}",
            pieces.len()
        );
        assert!(pieces.iter().all(|piece| piece.len() < FILE_BYTES + 40));
    }
}
