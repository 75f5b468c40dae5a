//! `semantik`: the program. What it does is in the library of this crate.

use std::process::ExitCode;

fn main() -> ExitCode {
    semantik_cli::run(std::env::args_os())
}
