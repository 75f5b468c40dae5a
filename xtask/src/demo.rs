//! `cargo xtask demo`: the main job, on real documents, with a real model.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use crate::error::XtaskError;
use crate::{corpus, model, process, setup_llvm, workspace};

pub(crate) const ABOUT: &str = "embed real documents and answer three questions about them";
pub(crate) const HELP: &str = "
Usage: cargo xtask demo [--backend NAME]

Builds the command-line tool (release), brings the model, collects documents, embeds them, and asks
three questions. NAME: cpu (default), wgpu, vulkan, metal, webgpu, cuda, rocm, one of several as
wgpu:1, or auto for the best of what this build contains.";

const QUESTIONS: [&str; 3] = [
    "How do I test properties of my code with random inputs?",
    "Which GPU backends can tensors run on?",
    "How do I spread work over several threads?",
];

pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), XtaskError> {
    let mut backend = "cpu".to_owned();
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("backend") => backend = args.value()?.to_string_lossy().into_owned(),
            _ => return Err(arg.unexpected().into()),
        }
    }
    let features = workspace::features_for(&backend)?;
    setup_llvm::ensure_for(&backend)?;
    println!("Building semantik (the first time this takes several minutes) …");
    let mut build = workspace::cargo();
    build.args(["build", "--release", "--locked", "--package", "semantik-cli"]).args(features);
    process::run(&mut build)?;
    let target = workspace::target()?;
    let semantik = target.join("release").join(format!("semantik{}", std::env::consts::EXE_SUFFIX));
    let model = model::bring()?;
    let corpus = corpus::collect(None)?;

    let start = Instant::now();
    let vectors = target.join("demo/corpus.jsonl");
    println!(
        "\nEmbedding {} documents, {} kB: README and CHANGELOG files of this project's dependencies\n",
        corpus.documents,
        corpus.bytes / 1000
    );
    let mut embed = Command::new(&semantik);
    embed.current_dir(corpus.folder.parent().unwrap_or(&corpus.folder));
    embed.arg("embed").arg("corpus").args(["--backend", &backend]).arg("--model").arg(&model);
    process::run(embed.arg("--output").arg(&vectors))?;

    for question in QUESTIONS {
        ask(&semantik, &vectors, &backend, question)?;
    }
    summary(&semantik, &vectors, start)
}

fn ask(semantik: &Path, vectors: &Path, backend: &str, question: &str) -> Result<(), XtaskError> {
    println!("\n? {question}\n");
    let mut search = Command::new(semantik);
    search.arg("search").arg(vectors).arg(question).args([
        "-k",
        "2",
        "--format",
        "text",
        "--backend",
        backend,
    ]);
    process::run(&mut search)
}

fn summary(semantik: &Path, vectors: &Path, start: Instant) -> Result<(), XtaskError> {
    let path = PathBuf::from(format!("{}.meta.json", vectors.display()));
    let text = std::fs::read_to_string(&path).map_err(XtaskError::io(&path))?;
    let meta: Value =
        serde_json::from_str(&text).map_err(|source| XtaskError::Json { what: "the meta file", source })?;
    let number = |name: &str| meta[name].as_f64().unwrap_or_default();
    let row = |name: &str, value: String| println!("  {name:<12} {value}");
    println!();
    row("output", vectors.display().to_string());
    row("chunks", format!("{} ({:.1}/s)", number("chunks"), number("chunks_per_second")));
    row("tokens", format!("{} ({:.0}/s)", number("tokens"), number("tokens_per_second")));
    let peak = meta["peak_memory_bytes"].as_f64();
    row(
        "peak memory",
        peak.map_or_else(|| "not known".to_owned(), |bytes| format!("{:.0} MiB", bytes / 1_048_576.0)),
    );
    row(
        "device",
        format!("{}: {}", meta["backend"].as_str().unwrap_or("?"), meta["device"].as_str().unwrap_or("?")),
    );
    row("time", format!("{:.1} s, questions included", start.elapsed().as_secs_f64()));
    println!("\nYour turn: {} search {} \"…\"", semantik.display(), vectors.display());
    Ok(())
}
