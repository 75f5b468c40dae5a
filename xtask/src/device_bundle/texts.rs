//! The texts that the bundle embeds: this project's own documents and source.

use std::fs;
use std::path::Path;

use crate::error::XtaskError;
use crate::workspace;

/// What is taken: files, and folders with all that is below them.
const FROM: [&str; 6] = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs", "crates", "xtask/src"];
/// Folders of files that are made to be hard to read.
const LEFT_OUT: [&str; 2] = ["fixtures", "target"];
const ENDS: [&str; 2] = ["md", "rs"];

/// Copies every document and source file into `folder`, at its path; gives how many bytes they are.
pub(super) fn copy(folder: &Path) -> Result<u64, XtaskError> {
    let root = workspace::root();
    FROM.iter().map(|name| copy_below(&root.join(name), &folder.join(name))).sum()
}

fn copy_below(from: &Path, to: &Path) -> Result<u64, XtaskError> {
    if from.is_dir() {
        if LEFT_OUT.iter().any(|name| from.ends_with(name)) {
            return Ok(0);
        }
        let entries = fs::read_dir(from).map_err(XtaskError::io(from))?;
        let below = |entry: fs::DirEntry| copy_below(&entry.path(), &to.join(entry.file_name()));
        return entries.flatten().map(below).sum();
    }
    if !from.extension().is_some_and(|end| ENDS.iter().any(|known| end == *known)) {
        return Ok(0);
    }
    let parent = to.parent().unwrap_or(to);
    fs::create_dir_all(parent).map_err(XtaskError::io(parent))?;
    fs::copy(from, to).map_err(XtaskError::io(from))
}
