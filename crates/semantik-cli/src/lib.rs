//! `semantik`: chunks and embeds documents on whatever accelerator a machine has.
//!
//! The whole command line as one function, [`run`], so that another program can have it as a command of its own.
//!
//! Results go to standard output or to `-o`; everything else to standard error. Exit codes: 0 done, 1 a document, model,
//! device or output failed, 2 the command line or the environment is wrong, 130 interrupted.

// Standard error is written through `say`, which shows what others wrote, and standard output through `output`.
#![deny(clippy::print_stderr, clippy::print_stdout)]

mod args;
mod commands;
mod counted;
mod flags;
mod interrupt;
mod output;
mod progress;
mod report;
mod say;
mod shown;
mod skipped;
mod text;
mod usage;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};
use crate::report::Failure;

/// Does what the words of a command line ask for, the program's name first, and gives its exit code.
///
/// Installs a handler for interrupts, so it is to be called once in a process.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    semantik::devices::prepare();
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(usage::tell(&error, &args)),
    };
    let cancel = interrupt::install();
    // Before anything asks how many there are.
    let threads = cli.threads.and_then(|count| NonZeroUsize::new(count.into()));
    if let Some(Err(error)) = threads.map(semantik::use_threads) {
        return Failure::from(error).print(&usage::command(&args));
    }
    let result = match &cli.command {
        Command::Chunk(args) => commands::chunk::run(args, &cancel),
        Command::Embed(args) => commands::embed::run(args, &cancel),
        Command::Search(args) => commands::search::run(args, &cancel),
        Command::Status(args) => commands::status::run(args),
        Command::Devices(args) => commands::devices::run(args),
        Command::Model(args) => commands::model::run(args, &cancel),
        Command::Watch(args) => commands::watch::run(args, &cancel),
        Command::Plan(args) => commands::plan::run(args),
        Command::Compare => Err(report::not_built(&cli.command)),
    };
    match result {
        Ok(code) => code,
        Err(failure) => failure.print(&usage::command(&args)),
    }
}
