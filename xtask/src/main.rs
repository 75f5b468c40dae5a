//! The commands that people and CI run: `cargo xtask COMMAND`.

// A tool for terminals prints.
#![allow(clippy::print_stdout)]

mod bench;
mod corpus;
mod demo;
mod device_bundle;
mod error;
mod eval;
mod fuzz;
mod lint;
mod model;
mod package;
mod parity;
mod process;
mod python;
mod sentences;
mod setup_llvm;
mod setup_vulkan;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use crate::error::XtaskError;

/// A command: its name, what it does in a line, what `--help` says, and how it is run.
struct Command {
    name: &'static str,
    about: &'static str,
    help: &'static str,
    run: fn(lexopt::Parser) -> Result<(), XtaskError>,
}

const COMMANDS: &[Command] = &[
    Command { name: "demo", about: demo::ABOUT, help: demo::HELP, run: demo::run },
    Command { name: "test", about: test::ABOUT, help: test::HELP, run: test::run },
    Command { name: "lint", about: lint::ABOUT, help: lint::HELP, run: lint::run },
    Command { name: "tidy", about: tidy::ABOUT, help: tidy::HELP, run: tidy::run },
    Command { name: "bench", about: bench::ABOUT, help: bench::HELP, run: bench::run },
    Command { name: "fuzz", about: fuzz::ABOUT, help: fuzz::HELP, run: fuzz::run },
    Command { name: "eval", about: eval::ABOUT, help: eval::HELP, run: eval::run },
    Command { name: "parity", about: parity::ABOUT, help: parity::HELP, run: parity::run },
    Command { name: "model", about: model::ABOUT, help: model::HELP, run: model::run },
    Command { name: "corpus", about: corpus::ABOUT, help: corpus::HELP, run: corpus::run },
    Command { name: "setup-llvm", about: setup_llvm::ABOUT, help: setup_llvm::HELP, run: setup_llvm::run },
    Command {
        name: "setup-vulkan",
        about: setup_vulkan::ABOUT,
        help: setup_vulkan::HELP,
        run: setup_vulkan::run,
    },
    Command {
        name: "device-bundle",
        about: device_bundle::ABOUT,
        help: device_bundle::HELP,
        run: device_bundle::run,
    },
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let Some(name) = words.next() else {
        print_overview();
        return ExitCode::from(2);
    };
    if matches!(name.as_str(), "-h" | "--help" | "help") {
        print_overview();
        return ExitCode::SUCCESS;
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        let known: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
        eprintln!("error: no command is called {name:?}; known are {}", known.join(", "));
        return ExitCode::from(2);
    };
    let rest: Vec<String> = words.collect();
    // Up to `--`, behind which words are someone else's.
    if rest.iter().take_while(|word| *word != "--").any(|word| word == "-h" || word == "--help") {
        println!("{}\n\n{}", command.about, command.help.trim());
        return ExitCode::SUCCESS;
    }
    match (command.run)(lexopt::Parser::from_args(rest)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn print_overview() {
    println!("Usage: cargo xtask COMMAND [OPTIONS]\n\nCommands:");
    for command in COMMANDS {
        println!("  {:<13} {}", command.name, command.about);
    }
    println!("\n`cargo xtask COMMAND --help` says more.");
}
