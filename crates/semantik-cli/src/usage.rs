//! What is wrong with a command line that cannot be read, told as all other errors are.

use std::ffi::OsString;
use std::fmt::Write as _;

use clap::CommandFactory;
use clap::error::ErrorKind;

use crate::args::Cli;
use crate::{report, say};

/// Tells what is wrong with these words, and gives the exit code. Help and the version are asked for, and go to standard
/// output.
pub(crate) fn tell(error: &clap::Error, args: &[OsString]) -> u8 {
    let code = u8::try_from(error.exit_code()).unwrap_or(report::USAGE);
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // Who closed standard output wants no help.
        let _ = error.print();
    } else {
        // An error repeats words of the command line, where a shell may have put the names of files.
        say::lines(lines(&error.render().to_string(), &command(args)));
    }
    code
}

/// The parser's words, with a hint at their end as our own errors have it.
fn lines(text: &str, command: &str) -> String {
    let (mut told, mut hints) = (String::new(), Vec::new());
    for line in text.lines() {
        let words = line.trim();
        if let Some(tip) = words.strip_prefix("tip: ") {
            hints.push(tip.to_owned());
        } else if words.starts_with("For more information") || words.is_empty() {
            // The first is said in the hint, and an error is one thing without gaps.
        } else {
            let _ = writeln!(told, "{line}");
        }
    }
    if hints.is_empty() {
        hints.push(format!("`{command} --help` explains each argument with its unit and default"));
    }
    for hint in hints {
        let _ = writeln!(told, "hint: {hint}");
    }
    told
}

/// The command that these words begin with, as far as they name one.
pub(crate) fn command(args: &[OsString]) -> String {
    let (mut name, mut command) = ("semantik".to_owned(), Cli::command());
    for arg in args.iter().skip(1) {
        let Some(below) = command.find_subcommand(arg).filter(|below| !below.is_hide_set()) else { break };
        name = format!("{name} {}", below.get_name());
        command = below.clone();
    }
    name
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn told(args: &[&str]) -> String {
        let args: Vec<OsString> =
            [&["semantik"][..], args].concat().into_iter().map(OsString::from).collect();
        let error = Cli::try_parse_from(&args).unwrap_err();
        lines(&error.render().to_string(), &command(&args))
    }

    #[test]
    fn every_error_has_a_hint_that_leads_on() {
        for (args, cause, hint) in [
            (&["embed", "--sise", "5"][..], "'--sise'", "'--size'"),
            (&["embed", "--size", "big"], "\"big\" is no size", "`semantik embed --help`"),
            (&["model", "info", "--format", "xml"], "'xml'", "`semantik model info --help`"),
            (&["search"], "<FILE>", "`semantik search --help`"),
            (&["emded"], "'emded'", "'embed'"),
            (&["plan", "--used", "1GiB"], "--gpu-memory", "`semantik plan --help`"),
        ] {
            let told = told(args);
            let (first, last) = (told.lines().next().unwrap(), told.lines().last().unwrap());
            assert!(first.starts_with("error: ") && told.contains(cause), "{told}");
            assert!(last.starts_with("hint: ") && last.contains(hint), "{told}");
            assert!(!told.contains("\n\n"), "{told}");
        }
    }
}
