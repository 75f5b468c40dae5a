//! `semantik-device`: everything that is run on a machine with a GPU, in one file.

// The command line is where printing belongs.
#![allow(clippy::print_stdout)]

mod bench;
mod devices;
mod failure;
mod hold;
mod memory;
mod model;
mod options;
mod parity;
mod prepare;
#[cfg(any(feature = "wgpu", feature = "cuda", feature = "rocm"))]
mod replay;
mod report;
mod rounds;
mod same;
mod test;
mod wgsl;
mod words;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::failure::Failure;

/// A command, what it does in a line, and its usage.
struct Command {
    name: &'static str,
    usage: &'static str,
    run: fn(lexopt::Parser) -> Result<ExitCode, Failure>,
}

const COMMANDS: &[Command] = &[
    Command { name: "devices", usage: devices::USAGE, run: devices::run },
    Command { name: "test", usage: test::USAGE, run: test::run },
    Command { name: "parity", usage: parity::USAGE, run: parity::run },
    Command { name: "bench", usage: bench::USAGE, run: bench::run },
    Command { name: "rounds", usage: rounds::USAGE, run: rounds::run },
    Command { name: "memory", usage: memory::USAGE, run: memory::run },
    #[cfg(any(feature = "wgpu", feature = "cuda", feature = "rocm"))]
    Command { name: "replay", usage: replay::USAGE, run: replay::run },
    Command { name: "hold", usage: hold::USAGE, run: hold::run },
    Command { name: "same", usage: same::USAGE, run: same::run },
    Command { name: "report", usage: report::USAGE, run: report::run },
    Command { name: "prepare", usage: prepare::USAGE, run: prepare::run },
    Command { name: "wgsl", usage: wgsl::USAGE, run: wgsl::run },
];

const SEMANTIK: &str = "\
semantik ARGS…
    Everything that the program semantik does: `semantik-device semantik --help`.";

fn main() -> ExitCode {
    semantik::devices::prepare();
    let mut words: Vec<OsString> = std::env::args_os().skip(1).collect();
    if words.is_empty() {
        eprint!("{}", help());
        return ExitCode::from(failure::USAGE);
    }
    // Its first word is the program's name to it.
    if words[0] == "semantik" {
        return semantik_cli::run(words);
    }
    let name = words.remove(0);
    if name == "--help"
        || name == "-h"
        || name == "help"
        || words.iter().any(|word| word == "--help" || word == "-h")
    {
        print!("{}", help());
        return ExitCode::SUCCESS;
    }
    let result = match COMMANDS.iter().find(|command| name == command.name) {
        Some(command) => (command.run)(lexopt::Parser::from_args(words)),
        None => Err(Failure::usage(format!("no command is called {}", name.display()))),
    };
    result.unwrap_or_else(Failure::print)
}

fn help() -> String {
    let mut help = "Usage: semantik-device COMMAND [OPTIONS]\n".to_owned();
    for usage in COMMANDS.iter().map(|command| command.usage).chain([SEMANTIK]) {
        help.push('\n');
        help.push_str(usage);
        help.push('\n');
    }
    help.push_str(
        "\nMODEL is a folder, or `seeded`: random weights in the sizes of all-MiniLM-L6-v2. Default: the\n\
         folder `model` beside this program, else seeded. BACKEND: auto, cpu, wgpu, vulkan, cuda, …\n\
         D, the numbers that layers compute with: f32 (default), f16, bf16. A, how attention is computed:\n\
         explicit, an operation after the other; fused, burn's own, one kernel where it has one; auto (default).\n\
         Exit codes: 0 done, 1 something does not hold or failed, 2 the command line is wrong.\n",
    );
    help
}
