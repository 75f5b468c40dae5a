//! Plays files of scenarios and writes what came of them into a document.

// A program for terminals prints.
#![allow(clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use policy_sim::report;

const USAGE: &str = "Usage: policy-sim DOCUMENT SCENARIOS…

Plays every scenario of the files, writes tables between the marks of DOCUMENT, a Markdown file, and
pictures beside it, and prints the tables. `cargo xtask bench policy` does this for docs/memory.md.";

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1).map(PathBuf::from);
    let Some(document) = words.next().filter(|word| !word.to_string_lossy().starts_with('-')) else {
        println!("{USAGE}");
        return ExitCode::from(2);
    };
    let files: Vec<PathBuf> = words.collect();
    if files.is_empty() {
        println!("{USAGE}");
        return ExitCode::from(2);
    }
    match report(&files, Path::new(&document)) {
        Ok(tables) => {
            println!("{tables}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
