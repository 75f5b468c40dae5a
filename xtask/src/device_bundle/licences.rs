//! The licences of everything that is inside the program.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::error::XtaskError;
use crate::workspace::{self, Deps};
use crate::{process, setup_llvm};

/// Each package with its licence, and each text once, with the packages that carry it. `with_llvm`: LLVM is in it too.
pub(super) fn collect(features: &str, with_llvm: bool) -> Result<String, XtaskError> {
    let metadata = workspace::metadata(Deps::With)?;
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let folder_of = |name: &str, version: &str| {
        let is_it = |package: &&serde_json::Value| package["name"] == name && package["version"] == version;
        let manifest = packages.iter().find(is_it)?["manifest_path"].as_str()?;
        Path::new(manifest).parent()
    };
    let mut list = String::new();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in linked(features)? {
        let Some(package) = Package::parse(&line) else { continue };
        let Package { name, version, licence } = &package;
        list.push_str(&format!("{name} {version}: {licence}\n"));
        for text in folder_of(name, version).map(licence_texts).unwrap_or_default() {
            texts.entry(text).or_default().push(format!("{name} {version}"));
        }
    }
    if with_llvm {
        list.push_str("LLVM 23: Apache-2.0 WITH LLVM-exception\nzlib: Zlib\nzstd: BSD-3-Clause\n");
        for text in setup_llvm::licences().map(|folder| every_text(&folder)).unwrap_or_default() {
            texts.entry(text).or_default().push("LLVM 23 and what it is linked with".to_owned());
        }
    }
    let mut all = format!(
        "What is inside semantik-device besides this project's own code, and Rust's standard library (MIT OR \
         Apache-2.0).\n\n{list}"
    );
    for (text, packages) in &texts {
        all.push_str(&format!("\n{}\n{}:\n\n{}\n", "-".repeat(80), packages.join(", "), text.trim_end()));
    }
    Ok(all)
}

/// A line for each package that is linked, sorted.
fn linked(features: &str) -> Result<Vec<String>, XtaskError> {
    let mut tree = workspace::cargo();
    tree.args(["tree", "--locked", "-p", "semantik-cli", "-p", "device-suite", "--features", features]);
    tree.args(["--edges", "normal", "--prefix", "none", "--format", "{p}\t{l}"]);
    let text = process::output(&mut tree)?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines.dedup();
    Ok(lines)
}

#[derive(Debug, PartialEq, Eq)]
struct Package {
    name: String,
    version: String,
    licence: String,
}

impl Package {
    /// Of `name v1.2.3 (proc-macro)`, a tab, and the licence; `None` for our own, which have a path, for a package that
    /// was listed before (`(*)`), and for an empty line.
    fn parse(line: &str) -> Option<Self> {
        let (package, licence) = line.split_once('\t')?;
        let mut words = package.split(' ');
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        if words.any(|word| word.contains('/')) || licence.contains("(*)") {
            return None;
        }
        Some(Package {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: licence.trim().to_owned(),
        })
    }
}

fn every_text(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort_unstable();
    paths.iter().filter_map(|path| fs::read_to_string(path).ok()).collect()
}

fn licence_texts(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_licence = |name: &str| {
        let name = name.to_ascii_uppercase();
        ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"].iter().any(|start| name.starts_with(start))
    };
    let mut paths: Vec<_> = entries
        .filter(|entry| is_licence(&entry.file_name().to_string_lossy()))
        .map(|entry| entry.path())
        .collect();
    paths.sort_unstable();
    paths.iter().filter_map(|path| fs::read_to_string(path).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_from_outside_are_read_and_our_own_are_not() {
        let package = |licence: &str| {
            Some(Package {
                name: "half".to_owned(),
                version: "2.7.1".to_owned(),
                licence: licence.to_owned(),
            })
        };
        assert_eq!(Package::parse("half v2.7.1\tMIT OR Apache-2.0"), package("MIT OR Apache-2.0"));
        assert_eq!(Package::parse("half v2.7.1 (proc-macro)\tMIT"), package("MIT"));
        for line in ["", "half v2.7.1\tMIT (*)", "semantik v0.1.0 (/a/crates/semantik)\tMIT"] {
            assert_eq!(Package::parse(line), None, "{line:?}");
        }
    }
}
