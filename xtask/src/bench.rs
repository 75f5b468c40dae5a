//! `cargo xtask bench`: the benchmarks.

mod chunking_peers;
mod digits;
mod document;
mod embedding_peers;
mod machine;
mod policy;
mod side;
mod summary;

use std::ffi::OsString;
use std::time::SystemTime;

use crate::error::XtaskError;
use crate::{corpus, model, process, setup_llvm, workspace};

pub(crate) const ABOUT: &str = "run the benchmarks, beside a peer";
pub(crate) const HELP: &str = "
Usage: cargo xtask bench [NAME] [--backend NAME] [-- ARGS]
       cargo xtask bench chunking --peers
       cargo xtask bench embed --peers [--only NAME] [--quick] [--threads N]

Collects the texts to measure on and runs one benchmark, such as chunking or memory, or all of them.
ARGS go to criterion, such as a part of a row's name. At the end comes a table of what was measured in
this run, in Markdown; it is also in bench/NAME.md in the target folder.

`policy` is no measurement: it plays batch policies on simulated devices (crates/policy-sim), takes a
minute or two, and writes tables and pictures into docs/memory.md. It is not among `all of them`.

`chunking --peers` compares cutting with text-splitter, semchunk, chonkie and LangChain, in turn, on the
same texts, and writes tables into docs/benchmarks.md and the README of chunk-strategies. It installs the
Python packages with pip once, into the cache where `semantik` looks for models. It is not among `all of
them` either.

`embed --peers` compares embedding with sentence-transformers, onnxruntime, fastembed and OpenVINO, in
turn and with the same weights, texts and threads, and writes tables into
docs/embedding-benchmarks.md. It installs them with pip once, into the cache where `semantik` looks for
models: 3 GB are downloaded with what `parity` uses, and 7 GB kept; models in their formats take 6 GB of
the target folder. It is not among `all of them` either.

  --peers          beside other programs, on the processor: two minutes for `chunking` and 15 for `embed`,
                   where all is prepared
  --only NAME      with embed --peers: only a part, and may be given again: shapes, sentences, dtypes, load,
                   memory, tokenising, pipeline, architectures
  --quick          with embed --peers: fewer rounds and sentences, and nothing is written into the document
  --threads N      with embed --peers: of each program (default: 2)
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
    // What only a comparison with other programs takes, and whether it is asked for.
    let (mut peers, mut is_peers, mut for_peers) = (embedding_peers::Options::default(), false, None);
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("backend") => backend = args.value()?.to_string_lossy().into_owned(),
            lexopt::Arg::Long("peers") => is_peers = true,
            lexopt::Arg::Long("only") => {
                peers.only.push(args.value()?.to_string_lossy().into_owned());
                for_peers = Some("--only");
            }
            lexopt::Arg::Long("quick") => {
                peers.is_quick = true;
                for_peers = Some("--quick");
            }
            lexopt::Arg::Long("threads") => {
                let value = args.value()?.to_string_lossy().into_owned();
                let threads = value.parse().ok().filter(|&threads| threads > 0);
                let wrong = || XtaskError::failed(format!("--threads {value} is no number of threads"));
                peers.threads = threads.ok_or_else(wrong)?;
                for_peers = Some("--threads");
            }
            // The name, and what follows `--`.
            lexopt::Arg::Value(word) => words.push(word),
            _ => return Err(arg.unexpected().into()),
        }
    }
    if is_peers {
        if for_peers.is_none() && words == [chunking_peers::NAME] {
            return chunking_peers::run();
        }
        if words != [EMBED] || backend != "cpu" {
            let message =
                "--peers goes with `chunking` or `embed`, on the processor: cargo xtask bench embed --peers";
            return Err(XtaskError::failed(message));
        }
        return embedding_peers::run(&peers);
    }
    if let Some(option) = for_peers {
        return Err(XtaskError::failed(format!("{option} goes with `embed --peers`")));
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
