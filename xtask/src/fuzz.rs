//! `cargo xtask fuzz`: inputs that coverage leads to, on the stable toolchain.

mod seeds;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::XtaskError;
use crate::{process, workspace};

pub(crate) const ABOUT: &str = "search for texts that a strategy cuts wrongly";
pub(crate) const HELP: &str = "
Usage: cargo xtask fuzz [STRATEGY] [--seconds N]

Runs libFuzzer, guided by coverage, on one strategy or on each in turn: does it keep its guarantees?
An input that breaks one is made smaller and printed as Rust, ready for a regression test. What is
learned stays in fuzz/corpus in the target folder, and the next run starts from it. Needs a C++
compiler, for libFuzzer.

  --seconds N   for each strategy (default: 60)";

/// What fuzz/src/strategies.rs knows.
const STRATEGIES: &[&str] = &[
    "character",
    "recursive",
    "markdown",
    "semantic",
    "hierarchical",
    "hybrid",
    "anchored",
    "code",
    "records",
];

/// How cargo-fuzz instruments code on the nightly toolchain, by the stable one: LLVM's pass, and counters in line that
/// libFuzzer reads.
const RUSTFLAGS: &[&str] = &[
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Longer documents find little that shorter do not, and slowly.
const MOST_BYTES: usize = 1024;

pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), XtaskError> {
    let (mut strategies, mut seconds) = (Vec::new(), 60_u32);
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("seconds") => {
                let value = args.value()?.to_string_lossy().into_owned();
                let parsed = value.parse().ok().filter(|&seconds| seconds > 0);
                seconds = parsed.ok_or_else(|| {
                    XtaskError::failed(format!("--seconds is {value:?}, not a number above 0"))
                })?;
            }
            lexopt::Arg::Value(name) => strategies.push(known(&name.to_string_lossy())?),
            _ => return Err(arg.unexpected().into()),
        }
    }
    if strategies.is_empty() {
        strategies = STRATEGIES.to_vec();
    }
    let folder = workspace::target()?.join("fuzz");
    let binary = build(&folder)?;
    let mut failed = Vec::new();
    for strategy in strategies {
        let fuzzer = Fuzzer { binary: &binary, strategy, folder: folder.as_path() };
        if !fuzzer.run(seconds)? {
            failed.push(strategy);
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(XtaskError::failed(format!("a guarantee does not hold: {}", failed.join(", "))))
}

fn known(name: &str) -> Result<&'static str, XtaskError> {
    let found = STRATEGIES.iter().find(|known| **known == name);
    found.copied().ok_or_else(|| {
        XtaskError::failed(format!("no strategy {name:?} is fuzzed; known are {}", STRATEGIES.join(", ")))
    })
}

/// Builds the fuzz target, instrumented.
fn build(folder: &Path) -> Result<PathBuf, XtaskError> {
    let host = workspace::host()?;
    let mut build = workspace::cargo();
    build.current_dir(workspace::root().join("fuzz"));
    // With a target named, the flags are not for build scripts, which have no fuzzer to link to.
    build.args(["build", "--release", "--locked", "--target", &host, "--target-dir"]).arg(folder);
    build.env("CARGO_ENCODED_RUSTFLAGS", RUSTFLAGS.join("\u{1f}"));
    process::run(&mut build)?;
    let name = format!("chunking{}", std::env::consts::EXE_SUFFIX);
    Ok(folder.join(host).join("release").join(name))
}

/// One strategy under libFuzzer.
struct Fuzzer<'a> {
    binary: &'a Path,
    strategy: &'static str,
    /// Where corpora and artefacts are.
    folder: &'a Path,
}

impl Fuzzer<'_> {
    /// Whether nothing was found.
    fn run(&self, seconds: u32) -> Result<bool, XtaskError> {
        println!("\n── {} for {seconds} s", self.strategy);
        let corpus = self.place("corpus")?;
        let artefacts = self.place("artefacts")?;
        seeds::write(&corpus)?;
        // Those of earlier runs are kept by name, and shown again only if they still fail.
        let before = files(&artefacts);
        let mut fuzz = self.command();
        fuzz.arg(format!("-max_total_time={seconds}"))
            .arg(format!("-max_len={MOST_BYTES}"))
            .args(["-timeout=10", "-print_final_stats=1"])
            .arg(format!("-artifact_prefix={}", prefix(&artefacts)))
            .arg(&corpus);
        if run_filtered(&mut fuzz)? {
            return Ok(true);
        }
        let found: Vec<PathBuf> =
            files(&artefacts).into_iter().filter(|file| !before.contains(file)).collect();
        for file in &found {
            self.show(file, &artefacts)?;
        }
        if found.is_empty() {
            println!("the input is one of those in {}", artefacts.display());
        }
        Ok(false)
    }

    /// Makes an input smaller, and prints it.
    fn show(&self, file: &Path, artefacts: &Path) -> Result<(), XtaskError> {
        println!("\n── making {} smaller", file.display());
        let smaller = artefacts.join("smaller");
        let mut minimise = self.command();
        minimise
            .args(["-minimize_crash=1", "-max_total_time=20", "-timeout=10"])
            .arg(format!("-exact_artifact_path={}", smaller.display()))
            .arg(file)
            .stderr(Stdio::null());
        // It fails by design; if nothing smaller fails, there is no such file.
        let _ = process::run(&mut minimise);
        let smallest = if smaller.is_file() { &smaller } else { file };
        let mut again = self.command();
        // What is broken, once more for the smaller input.
        let _ = process::run(again.arg(smallest));
        println!("\n── for a regression test:");
        let mut show = self.command();
        process::run(show.arg(smallest).env("SEMANTIK_FUZZ_SHOW", "1").stderr(Stdio::null()))?;
        if smaller.is_file() {
            fs::rename(&smaller, file).map_err(XtaskError::io(file))?;
        }
        println!("the input is in {}", file.display());
        Ok(())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.binary);
        command.env("SEMANTIK_FUZZ_STRATEGY", self.strategy);
        command
    }

    fn place(&self, what: &str) -> Result<PathBuf, XtaskError> {
        let place = self.folder.join(what).join(self.strategy);
        fs::create_dir_all(&place).map_err(XtaskError::io(&place))?;
        Ok(place)
    }
}

/// Runs libFuzzer with what it says shown, less a line for each new input; whether it ended well.
fn run_filtered(command: &mut Command) -> Result<bool, XtaskError> {
    let mut child =
        command.stderr(Stdio::piped()).spawn().map_err(|source| process::start_error(command, source))?;
    let lines = child.stderr.take().map(|said| BufReader::new(said).split(b'\n'));
    for line in lines.into_iter().flatten() {
        let line = line.map_err(|source| process::start_error(command, source))?;
        let line = String::from_utf8_lossy(&line);
        let is_noise = line.starts_with('"')
            || line.starts_with("####")
            || line.starts_with('#') && (line.contains("\tNEW ") || line.contains("\tREDUCE "));
        if !is_noise {
            println!("{line}");
        }
    }
    let status = child.wait().map_err(|source| process::start_error(command, source))?;
    Ok(status.success())
}

/// libFuzzer puts names directly behind it.
fn prefix(folder: &Path) -> String {
    format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}
