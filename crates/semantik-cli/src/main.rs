//! `semantik`: chunks and embeds documents on whatever accelerator a machine has.
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

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let cancel = interrupt::install();
    let result = match &cli.command {
        Command::Chunk(args) => commands::chunk::run(args, &cancel),
        Command::Embed(args) => commands::embed::run(args, &cancel),
        Command::Search(args) => commands::search::run(args, &cancel),
        Command::Devices(args) => commands::devices::run(args),
        Command::Watch(args) => commands::watch::run(args, &cancel),
        Command::Model(args) => commands::model::run(args),
        Command::Plan | Command::Compare => Err(report::not_built(&cli.command)),
    };
    match result {
        Ok(code) => code,
        Err(failure) => failure.print(),
    }
}
