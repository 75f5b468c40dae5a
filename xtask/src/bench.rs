//! `cargo xtask bench`: the benchmarks.

use std::ffi::OsString;

use crate::error::XtaskError;
use crate::{corpus, process, workspace};

pub(crate) const ABOUT: &str = "run the benchmarks, beside a peer";
pub(crate) const HELP: &str = "
Usage: cargo xtask bench [--backend NAME] [-- ARGS]

Collects documents and runs criterion's benchmarks over them. ARGS go to criterion, such as a part of
a benchmark's name. NAME: cpu (default), auto or wgpu, for benchmarks that use a device.";

pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), XtaskError> {
    let mut backend = "cpu".to_owned();
    let mut rest: Vec<OsString> = Vec::new();
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("backend") => backend = args.value()?.to_string_lossy().into_owned(),
            // What follows `--`.
            lexopt::Arg::Value(word) => rest.push(word),
            _ => return Err(arg.unexpected().into()),
        }
    }
    workspace::features_for(&backend)?;
    let corpus = corpus::collect(None)?;
    let mut bench = workspace::cargo();
    bench.args(["bench", "--locked", "--package", "benches", "--"]).args(rest);
    bench.env("SEMANTIK_CORPUS", &corpus.folder).env("SEMANTIK_BENCH_BACKEND", backend);
    process::run(&mut bench)
}
