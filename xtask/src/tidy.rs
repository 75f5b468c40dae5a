//! `cargo xtask tidy`: the rules that no compiler checks.

mod arrows;
mod files;

use std::path::Path;
use std::process::Command;

use crate::error::XtaskError;
use crate::process;
use crate::workspace::{self, Deps};

pub(crate) const ABOUT: &str = "check the rules that no compiler checks: dependency arrows and more";
pub(crate) const HELP: &str = "
Usage: cargo xtask tidy

Checks that crates depend on each other only as docs/architecture.md draws it, that batch-policy is
no_std, that every module begins with its documentation, that no file is overlong or named for
nothing, that nothing names a registry's host or ignores a test without a reason, and that the README
names no command that is not there.";

pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), XtaskError> {
    if let Some(arg) = args.next()? {
        return Err(arg.unexpected().into());
    }
    let mut problems = arrows::check(&workspace::metadata(Deps::Without)?);
    let root = workspace::root();
    let files = tracked(&root)?;
    for file in &files {
        let path = root.join(file);
        // A file that was deleted and not yet committed, or one that is no text, has no rules to keep.
        if let Ok(text) = std::fs::read_to_string(&path) {
            problems.extend(files::check(file, &text));
        }
    }
    if problems.is_empty() {
        println!("tidy: {} files and every dependency are as they should be", files.len());
        return Ok(());
    }
    for problem in &problems {
        println!("{problem}");
    }
    Err(XtaskError::failed(format!("{} problems", problems.len())))
}

/// The files that git knows or would add, with `/` between their parts.
fn tracked(root: &Path) -> Result<Vec<String>, XtaskError> {
    let mut git = Command::new("git");
    git.current_dir(root).args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    Ok(process::output(&mut git)?.lines().map(str::to_owned).collect())
}
