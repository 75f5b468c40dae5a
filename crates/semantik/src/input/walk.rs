//! A folder's files, in order.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::{Found, Source};
use crate::error::Error;

/// How many bytes are looked at to tell text from binary.
const LOOK: u64 = 8 << 10;

pub(super) fn folder(root: &Path, exclude: &[PathBuf], found: &mut Found) {
    let walk = WalkBuilder::new(root)
        .hidden(true)
        .ignore(false)
        .git_global(false)
        .require_git(false)
        .follow_links(false)
        // Names are compared within a folder, and a folder's content follows it: the order of path components.
        .sort_by_file_name(|a, b| a.as_encoded_bytes().cmp(b.as_encoded_bytes()))
        .build();
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                found.errors.push(Error::walk(root, error.to_string()));
                continue;
            }
        };
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let path = entry.path();
        if !exclude.is_empty() && path.canonicalize().is_ok_and(|path| exclude.contains(&path)) {
            continue;
        }
        match look(path) {
            Ok(Look::Text(bytes)) => {
                found.bytes += bytes;
                found.sources.push(Source::File { path: path.to_owned(), bytes });
            }
            Ok(Look::Binary) => found.binaries += 1,
            Err(error) => found.errors.push(Error::io(path, error)),
        }
    }
}

enum Look {
    Text(u64),
    Binary,
}

fn look(path: &Path) -> std::io::Result<Look> {
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let mut start = Vec::new();
    file.take(LOOK).read_to_end(&mut start)?;
    Ok(if start.contains(&0) { Look::Binary } else { Look::Text(bytes) })
}
