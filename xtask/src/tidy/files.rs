//! Rules about single files.

use crate::COMMANDS;

/// Longer files hold more than one thing.
const MOST_LINES: usize = 800;
/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 4] = ["utils", "util", "helpers", "common"];
/// Registries and hubs, in halves so that this file keeps its own rule. A project that names one is bound to it.
const HOSTS: [&str; 6] = [
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("python", "hosted.org"),
    concat!("npmjs", ".org"),
    concat!("hugging", "face.co"),
    concat!("debian", ".org"),
];

/// Each rule that `file`, whose content is `text`, breaks.
pub(super) fn check(file: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut problem = |line: usize, what: String| problems.push(format!("{file}:{line}: {what}"));
    if std::path::Path::new(file).extension().is_some_and(|extension| extension == "rs") {
        if !text.starts_with("//!") {
            problem(1, "a module begins with `//!`, what it is for".to_owned());
        }
        let lines = text.lines().count();
        if lines > MOST_LINES {
            problem(lines, format!("{lines} lines; over {MOST_LINES} a file holds more than one thing"));
        }
        let parts: Vec<&str> = file.trim_end_matches(".rs").split('/').collect();
        if let Some(name) = EMPTY_NAMES.iter().find(|name| parts.contains(name)) {
            problem(1, format!("`{name}` says nothing about what is inside"));
        }
        for (line, content) in text.lines().enumerate() {
            let ignored = content.trim_start().strip_prefix("#[ignore");
            if ignored.is_some_and(|rest| rest.starts_with(']')) {
                problem(line + 1, "a test that is ignored says why: `#[ignore = \"…\"]`".to_owned());
            }
        }
    }
    if file == "crates/batch-policy/src/lib.rs" && !text.contains("\n#![no_std]\n") {
        problem(1, "batch-policy is `#![no_std]`, so that it cannot do I/O or tell the time".to_owned());
    }
    // A lock file names where packages come from; that is what it is for.
    if !file.ends_with("Cargo.lock") {
        for (line, content) in text.lines().enumerate() {
            if let Some(host) = HOSTS.iter().find(|host| content.contains(*host)) {
                problem(line + 1, format!("names {host}; say which registry in words"));
            }
        }
    }
    if file == "README.md" {
        for (line, content) in text.lines().enumerate() {
            for named in content.split("cargo xtask ").skip(1) {
                let end = named.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(named.len());
                let name = &named[..end];
                if !name.is_empty() && !COMMANDS.iter().any(|command| command.name == name) {
                    problem(line + 1, format!("names `cargo xtask {name}`, which is not there"));
                }
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_keeps_the_rules_has_no_problem() {
        assert!(check("crates/x/src/lib.rs", "//! What it is for.\n").is_empty());
        assert!(check("README.md", "`cargo xtask demo`, `cargo xtask test`").is_empty());
        assert!(check("fuzz/Cargo.lock", HOSTS[0]).is_empty());
    }

    #[test]
    fn each_rule_can_be_broken() {
        let long = "//! Long.\n".repeat(MOST_LINES + 1);
        let ignored = format!("//! x\n#[{}]\nfn a() {{}}", "ignore");
        let host = format!("see {}", HOSTS[1]);
        for (file, text) in [
            ("crates/x/src/lib.rs", "fn main() {}"),
            ("crates/x/src/lib.rs", &long[..]),
            ("crates/x/src/utils.rs", "//! x"),
            ("crates/x/src/common/y.rs", "//! x"),
            ("crates/x/src/lib.rs", &ignored[..]),
            ("crates/batch-policy/src/lib.rs", "//! x"),
            ("docs/x.md", &host[..]),
            ("README.md", "run `cargo xtask dance`"),
        ] {
            let problems = check(file, text);
            assert_eq!(problems.len(), 1, "{file}: {problems:?}");
            assert!(problems[0].starts_with(file), "{problems:?}");
        }
    }
}
