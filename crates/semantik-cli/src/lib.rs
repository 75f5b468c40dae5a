//! `semantik`: chunks and embeds documents on whatever accelerator a machine has.
//!
//! The whole command line as one function, [`run`], so that another program can have it as a command of its own.
//!
//! Results go to standard output or to `-o`; everything else to standard error. Exit codes: 0 done, 1 a document, model,
//! device or output failed, 2 the command line or the environment is wrong, 130 interrupted.

// The command line is where printing belongs.
#![allow(clippy::print_stdout)]

mod args;
mod commands;
mod interrupt;
mod output;
mod progress;
mod report;
mod text;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};

/// Does what the words of a command line ask for, the program's name first, and gives its exit code.
///
/// Installs a handler for interrupts, so it is to be called once in a process.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    semantik::devices::prepare();
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to standard output, errors to standard error; who closed either wants neither.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(report::USAGE));
        }
    };
    let cancel = interrupt::install();
    let result = match &cli.command {
        Command::Chunk(args) => commands::chunk::run(args, &cancel),
        Command::Embed(args) => commands::embed::run(args, &cancel),
        Command::Search(args) => commands::search::run(args, &cancel),
        Command::Devices(args) => commands::devices::run(args),
        Command::Model(args) => commands::model::run(args),
        Command::Watch(args) => commands::watch::run(args, &cancel),
        Command::Plan | Command::Compare => Err(report::not_built(&cli.command)),
    };
    match result {
        Ok(code) => code,
        Err(failure) => failure.print(),
    }
}
