//! Text of any length from the documents that are on every machine that built this.

use std::fs;
use std::path::{Path, PathBuf};

/// At least `bytes` of real text, cut behind a line: the documents of the corpus one after the other, again and again.
///
/// The corpus is the folder that `SEMANTIK_CORPUS` names (`cargo xtask bench` sets it), else what `cargo xtask corpus`
/// collects.
///
/// # Panics
/// The folder is missing or holds no text: there is nothing to measure on.
pub fn prose(bytes: usize) -> String {
    let folder = std::env::var_os("SEMANTIK_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/demo/corpus"), PathBuf::from);
    let mut files = Vec::new();
    collect(&folder, &mut files);
    files.sort();
    let all: String = files.iter().filter_map(|file| fs::read_to_string(file).ok()).collect();
    assert!(!all.trim().is_empty(), "no text in {}; `cargo xtask corpus` collects it", folder.display());
    let mut text = all.repeat(bytes.div_ceil(all.len()));
    let end = text[..text.floor_char_boundary(bytes)].rfind('\n').map_or(0, |at| at + 1);
    text.truncate(end);
    text
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}
