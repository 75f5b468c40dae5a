//! `cargo xtask lint`: format, clippy, documentation, and each crate on its own.

use std::process::Command;
use std::time::Instant;

use crate::error::XtaskError;
use crate::{process, setup_llvm, workspace};

pub(crate) const ABOUT: &str = "check format, clippy, documentation, and each crate on its own";
pub(crate) const HELP: &str = "
Usage: cargo xtask lint [--full]

Every step runs, and the failures are listed at the end. Each crate is checked alone too, so that a
feature which another crate turns on hides nothing, and the program with the backend cuda, for which
what `setup-llvm` brings is brought. cargo-deny runs where it is installed.

  --full   also the crates that depend on burn with only their default features (builds burn again)";

pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), XtaskError> {
    let mut full = false;
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("full") => full = true,
            _ => return Err(arg.unexpected().into()),
        }
    }
    let mut failed = Vec::new();
    // What is checked with the backend cuda is built upon it.
    if let Err(error) = setup_llvm::ensure_for("cuda") {
        eprintln!("{error}");
        failed.push("bringing what cuda is built with".to_owned());
    }
    for step in steps(full) {
        let start = Instant::now();
        let mut command = step.command();
        println!("\n── {}", process::shown(&command));
        if let Err(error) = process::run(&mut command) {
            eprintln!("{error}");
            failed.push(process::shown(&command));
        }
        println!("   {:.1} s", start.elapsed().as_secs_f64());
    }
    if process::succeeds(workspace::cargo().args(["deny", "--version"])) {
        if process::run(workspace::cargo().args(["deny", "check", "licenses", "bans", "sources"])).is_err() {
            failed.push("cargo deny".to_owned());
        }
    } else {
        println!("\ncargo-deny is not installed: licences and sources were not checked");
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(XtaskError::failed(format!("failed:\n  {}", failed.join("\n  "))))
}

/// A command of cargo, and the environment it needs.
struct Step {
    words: Vec<String>,
    rustdoc: bool,
}

impl Step {
    fn new(words: &str) -> Self {
        Step { words: words.split_whitespace().map(str::to_owned).collect(), rustdoc: false }
    }

    fn command(&self) -> Command {
        let mut command = workspace::cargo();
        command.args(&self.words);
        if self.rustdoc {
            command.env("RUSTDOCFLAGS", "-D warnings");
        }
        command
    }
}

fn steps(full: bool) -> Vec<Step> {
    // The same features as the tests, so that burn is built once.
    let all = "--locked --workspace --exclude benches --features wgpu";
    let mut steps = vec![
        Step::new("fmt --all --check"),
        // Workspaces of their own.
        Step::new("fmt --manifest-path fuzz/Cargo.toml --check"),
        Step::new("fmt --manifest-path loom/Cargo.toml --check"),
        Step::new(&format!("clippy {all} --all-targets -- -D warnings")),
        Step { rustdoc: true, ..Step::new(&format!("doc {all} --no-deps")) },
        Step::new("clippy --locked --package benches --all-targets --features wgpu -- -D warnings"),
    ];
    for alone in ["gpu-telemetry", "batch-policy", "chunk-strategies", "word-piece", "policy-sim", "xtask"] {
        steps.push(Step::new(&format!("clippy --locked --package {alone} --all-targets -- -D warnings")));
    }
    // With what only a feature brings.
    steps.push(Step::new(
        "clippy --locked --package batch-policy --features serde --all-targets -- -D warnings",
    ));
    // Without NVIDIA's library, and with what only a feature brings; its wgpu is checked with everything above.
    steps.push(Step::new(
        "clippy --locked --package gpu-telemetry --no-default-features --features metrics --all-targets -- -D warnings",
    ));
    // What only its features bring.
    steps.push(Step::new(
        "clippy --locked --package chunk-strategies --features dictionaries,rayon,serde,tiktoken --all-targets -- -D warnings",
    ));
    // With a backend that no machine here has, and that a machine without network can build.
    steps.push(Step::new("clippy --locked --package semantik-cli --features wgpu,cuda -- -D warnings"));
    for alone in ["embed-burn", "semantik", "semantik-cli"] {
        steps.push(Step::new(&format!("clippy --locked --package {alone} --features wgpu -- -D warnings")));
        if full {
            steps.push(Step::new(&format!("clippy --locked --package {alone} -- -D warnings")));
        }
    }
    steps
}
