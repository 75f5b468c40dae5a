//! `cargo xtask test`: every test, GPU code included.

mod cuda;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::XtaskError;
use crate::setup_vulkan::Vulkan;
use crate::{model, process, setup_llvm, setup_vulkan, workspace};

pub(crate) const ABOUT: &str = "run all tests";
pub(crate) const HELP: &str = "
Usage: cargo xtask test [--backend NAME] [--full] [--deny-skips] [-- ARGS]

Brings the model, installs software Vulkan where it may, and runs the tests of every crate with the
wgpu backend compiled in. The last line counts what passed, failed and was skipped.

  --backend NAME   run device tests on this backend only, and fail if it is not there: cpu, wgpu,
                   vulkan, metal, webgpu, cuda, rocm, or one of several as wgpu:1 (default: on cpu
                   and wgpu). Any but those two builds burn anew.
  --full           also the long ones: larger grids, longer inputs; and the program with the backend
                   cuda is built, and does its work on the processor
  --deny-skips     fail if a GPU test was skipped, as CI does
  ARGS             go to the test programs, such as a part of a test's name";

pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), XtaskError> {
    let mut options = Options::default();
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("backend") => {
                let name = args.value()?.to_string_lossy().into_owned();
                options.feature = workspace::feature_of(&name)?;
                options.backend = Some(name);
            }
            lexopt::Arg::Long("full") => options.full = true,
            lexopt::Arg::Long("deny-skips") => options.deny_skips = true,
            lexopt::Arg::Value(word) => options.rest.push(word.to_string_lossy().into_owned()),
            _ => return Err(arg.unexpected().into()),
        }
    }
    if std::env::var_os("SEMANTIK_MODEL").is_none() {
        model::bring()?;
    }
    if let Some(backend) = &options.backend {
        setup_llvm::ensure_for(backend)?;
    }
    let vulkan = setup_vulkan::ensure()?;
    let work = workspace::target()?.join("xtask");
    let runtime = work.join("runtime");
    std::fs::create_dir_all(&runtime).map_err(XtaskError::io(&runtime))?;
    let log = work.join("skips.log");
    std::fs::write(&log, "").map_err(XtaskError::io(&log))?;

    let mut counts = run_tests(&mut options.cargo_test(&log, &runtime))?;
    let skips = std::fs::read_to_string(&log).map_err(XtaskError::io(&log))?;
    counts.skipped += skips.lines().count();
    if !skips.is_empty() {
        println!("\n{}", skips.trim_end());
        if let Vulkan::Absent(remedy) = &vulkan {
            println!("these tests need a Vulkan driver: {remedy}");
        }
    }
    // Built after the tests, since it builds burn anew.
    if options.full && cfg!(target_os = "linux") {
        match cuda::check(&work) {
            Ok(()) => counts.passed += 1,
            Err(error) => {
                eprintln!("{error}");
                counts.failed += 1;
            }
        }
    }
    let ok = counts.ok && counts.failed == 0 && (skips.is_empty() || !options.deny_skips);
    println!("\n{} passed, {} failed, {} skipped", counts.passed, counts.failed, counts.skipped);
    if ok { Ok(()) } else { Err(XtaskError::failed("the tests did not pass")) }
}

#[derive(Debug, Default)]
struct Options {
    backend: Option<String>,
    /// What the backend needs besides wgpu.
    feature: Option<&'static str>,
    full: bool,
    deny_skips: bool,
    rest: Vec<String>,
}

impl Options {
    fn cargo_test(&self, log: &Path, runtime: &Path) -> Command {
        let mut command = workspace::cargo();
        // One combination of features for every command of this program, so that burn is built once: with wgpu, and
        // with more only for a backend that needs it.
        let features = match self.feature {
            None | Some("wgpu") => "wgpu".to_owned(),
            Some(feature) => format!("wgpu,{feature}"),
        };
        command.args(["test", "--locked", "--workspace", "--exclude", "benches", "--no-fail-fast"]);
        command.args(["--features", &features]);
        if !self.rest.is_empty() {
            command.arg("--").args(&self.rest);
        }
        command.env("SEMANTIK_SKIP_LOG", log);
        if let Some(backend) = &self.backend {
            command.env("SEMANTIK_TEST_BACKEND", backend);
        }
        if self.full {
            command.env("SEMANTIK_TEST_FULL", "1");
        }
        if self.deny_skips {
            command.env("SEMANTIK_REQUIRE_WGPU", "1");
        }
        // Mesa complains on standard error where it is not set.
        if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
            command.env("XDG_RUNTIME_DIR", runtime);
        }
        command
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: usize,
    failed: usize,
    skipped: usize,
    /// Whether cargo was content: what does not compile is no failed test.
    ok: bool,
}

/// Runs the tests, shows what they say, and counts.
fn run_tests(command: &mut Command) -> Result<Counts, XtaskError> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|source| process::start_error(command, source))?;
    let mut counts = Counts::default();
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).split(b'\n') {
            let line = line.map_err(|source| process::start_error(command, source))?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            counts.add(&line);
        }
    }
    // What is shown must not come after what cargo says at the end.
    let _ = std::io::stdout().flush();
    let status = child.wait().map_err(|source| process::start_error(command, source))?;
    counts.ok = status.success();
    Ok(counts)
}

impl Counts {
    /// Adds a line such as `test result: ok. 12 passed; 0 failed; 1 ignored; …`.
    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let Some((_, counts)) = result.split_once(". ") else { return };
        for part in counts.split("; ") {
            let Some((number, what)) = part.split_once(' ') else { continue };
            let number = number.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_added_up() {
        let mut counts = Counts::default();
        counts.add(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s",
        );
        counts.add(
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s",
        );
        counts.add("test a::b ... ok");
        assert_eq!(counts, Counts { passed: 15, failed: 2, skipped: 1, ok: false });
    }
}
