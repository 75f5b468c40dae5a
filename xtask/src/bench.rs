//! `cargo xtask bench`: the benchmarks.

mod chunking_peers;
mod policy;
mod summary;

use std::ffi::OsString;
use std::time::SystemTime;

use crate::error::XtaskError;
use crate::{corpus, model, process, setup_llvm, workspace};

pub(crate) const ABOUT: &str = "run the benchmarks, beside a peer";
pub(crate) const HELP: &str = "
Usage: cargo xtask bench [NAME] [--backend NAME] [-- ARGS]
       cargo xtask bench chunking --peers

Collects the texts to measure on and runs one benchmark, such as chunking or memory, or all of them.
ARGS go to criterion, such as a part of a row's name. At the end comes a table of what was measured in
this run, in Markdown; it is also in bench/NAME.md in the target folder.

`policy` is no measurement: it plays batch policies on simulated devices (crates/policy-sim), takes a
minute or two, and writes tables and pictures into docs/memory.md. It is not among `all of them`.

`chunking --peers` compares cutting with text-splitter, semchunk, chonkie and LangChain, in turn, on the
same texts, and writes tables into docs/benchmarks.md and the README of chunk-strategies. It installs the
Python packages with pip once, into the cache where `semantik` looks for models. It is not among `all of
them` either.

  --peers          that comparison: two minutes where all is built
  --backend NAME   where `embed` runs: cpu (default), wgpu, vulkan, metal, webgpu, cuda, rocm, one
                   of several as wgpu:1. Builds burn with that backend for release, and tuned (kernels
                   fused, and chosen by trial) for those that are GPUs only";

/// What `benches/Cargo.toml` has.
const BENCHES: &[&str] = &["chunking", "tokenising", "memory", EMBED];
/// The one that needs a model, and burn.
const EMBED: &str = "embed";

pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), XtaskError> {
    let mut backend = "cpu".to_owned();
    let mut words: Vec<OsString> = Vec::new();
    let mut is_peers = false;
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("backend") => backend = args.value()?.to_string_lossy().into_owned(),
            lexopt::Arg::Long("peers") => is_peers = true,
            // The name, and what follows `--`.
            lexopt::Arg::Value(word) => words.push(word),
            _ => return Err(arg.unexpected().into()),
        }
    }
    if is_peers {
        if words != [chunking_peers::NAME] {
            return Err(XtaskError::failed(
                "--peers goes with `chunking` alone: cargo xtask bench chunking --peers",
            ));
        }
        return chunking_peers::run();
    }
    if words.first().is_some_and(|word| word == policy::NAME) {
        return policy::run(&words[1..]);
    }
    let features = features(&backend)?;
    // What else comes first is a filter for criterion.
    let named = words.first().and_then(|word| BENCHES.iter().find(|name| word == **name));
    let name = named.map(|name| (*name).to_owned());
    if named.is_some() {
        words.remove(0);
    }
    let texts = corpus::ensure_bench(None)?;
    let mut bench = workspace::cargo();
    bench.args(["bench", "--locked", "--package", "benches"]);
    if let Some(name) = &name {
        bench.args(["--bench", name]);
    }
    let with_model = name.as_deref().is_none_or(|name| name == EMBED);
    if with_model {
        setup_llvm::ensure_for(&backend)?;
        bench.args(["--features", &features]);
        bench.env("SEMANTIK_BENCH_MODEL", model::bring()?);
    }
    bench.arg("--").args(words);
    bench.env("SEMANTIK_BENCH_CORPUS", &texts).env("SEMANTIK_BENCH_BACKEND", backend);
    if let Some(tokenizer) = model::tokenizer() {
        bench.env("SEMANTIK_BENCH_TOKENIZER", tokenizer);
    }
    // Where criterion keeps what it measured: said, so that it is known here too.
    let target = workspace::target()?;
    let samples = target.join("criterion");
    bench.env("CRITERION_HOME", &samples);
    let start = SystemTime::now();
    process::run(&mut bench)?;
    let table = summary::table(&samples, start)?;
    if table.is_empty() {
        return Ok(());
    }
    let folder = target.join("bench");
    std::fs::create_dir_all(&folder).map_err(XtaskError::io(&folder))?;
    let path = folder.join(format!("{}.md", name.as_deref().unwrap_or("all")));
    std::fs::write(&path, &table).map_err(XtaskError::io(&path))?;
    println!("\n{table}\nThis table is in {}", path.display());
    Ok(())
}

/// What the benchmark of a model needs on a backend. Software GPUs, which only `wgpu` is for, crash on tuned kernels.
fn features(backend: &str) -> Result<String, XtaskError> {
    Ok(match workspace::feature_of(backend)? {
        None => "cpu".to_owned(),
        Some("wgpu") => "wgpu".to_owned(),
        Some(feature) => format!("{feature},tuned"),
    })
}
