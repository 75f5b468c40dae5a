//! A folder's files, in order, and what of it was left out.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::own::Own;
use super::{Encoding, Found, NothingIn, SkipReason, Source, written};
use crate::error::Error;

/// How many bytes are looked at to tell text from binary, and a document from what we wrote.
const LOOK: u64 = 8 << 10;

pub(super) fn folder(root: &Path, own: &Own, found: &mut Found) {
    let before = (found.sources.len(), found.errors.len(), found.skipped.len());
    walk(root, own, found);
    found.skipped[before.2..].sort_by(|a, b| a.path.cmp(&b.path));
    if (found.sources.len(), found.errors.len()) == (before.0, before.1) {
        let skipped = found.skipped[before.2..].iter().collect();
        found.nothing_in.push(NothingIn { folder: root.to_owned(), skipped });
    }
}

/// A folder of which entries arrive.
struct Open {
    path: PathBuf,
    /// The names that arrived, in order.
    names: Vec<OsString>,
}

fn walk(root: &Path, own: &Own, found: &mut Found) {
    let walk = WalkBuilder::new(root)
        .hidden(true)
        .ignore(false)
        .git_global(false)
        .require_git(false)
        .follow_links(false)
        // Names are compared within a folder, and a folder's content follows it: the order of path components.
        .sort_by_file_name(|a, b| a.as_encoded_bytes().cmp(b.as_encoded_bytes()))
        .build();
    // Folders of which entries arrive, each in the one before it.
    let mut open: Vec<Open> = Vec::new();
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                found.errors.push(Error::walk(root, error.to_string()));
                continue;
            }
        };
        for done in open.drain(entry.depth().min(open.len())..) {
            left_out(&done, own, found);
        }
        if let Some(folder) = open.last_mut() {
            folder.names.push(entry.file_name().to_owned());
        }
        let path = entry.path();
        match entry.file_type() {
            Some(kind) if kind.is_dir() || entry.depth() == 0 => {
                open.push(Open { path: path.to_owned(), names: Vec::new() });
            }
            _ if own.has_entry(path) => {}
            Some(kind) if kind.is_file() => file(path, own, found),
            Some(kind) if kind.is_symlink() => found.skip(path, SkipReason::Link, false),
            _ => found.skip(path, SkipReason::Special, false),
        }
    }
    for done in open {
        left_out(&done, own, found);
    }
}

/// Looks for what is in a folder and did not arrive: the walk says nothing of it.
fn left_out(folder: &Open, own: &Own, found: &mut Found) {
    // That a folder cannot be read was said by the walk.
    for entry in std::fs::read_dir(&folder.path).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if folder.names.binary_search(&name).is_ok() {
            continue;
        }
        let path = folder.path.join(&name);
        if own.has_entry(&path) {
            continue;
        }
        let reason = match &name {
            name if written::is_temporary(name) => SkipReason::Ours,
            name if is_hidden(name, &entry) => SkipReason::Hidden,
            _ => SkipReason::Ignored,
        };
        found.skip(&path, reason, entry.file_type().is_ok_and(|kind| kind.is_dir()));
    }
}

fn is_hidden(name: &OsString, entry: &std::fs::DirEntry) -> bool {
    #[cfg(windows)]
    {
        use std::os::windows::fs::MetadataExt;
        const HIDDEN: u32 = 2;
        if entry.metadata().is_ok_and(|file| file.file_attributes() & HIDDEN != 0) {
            return true;
        }
    }
    let _ = entry;
    name.as_encoded_bytes().starts_with(b".")
}

fn file(path: &Path, own: &Own, found: &mut Found) {
    match look(path, own) {
        Ok(Look::Text(bytes)) => {
            found.bytes += bytes;
            found.sources.push(Source::File { path: path.to_owned(), bytes });
        }
        Ok(Look::Skip(reason)) => found.skip(path, reason, false),
        Ok(Look::Own) => {}
        Err(error) => found.errors.push(Error::io(path, error)),
    }
}

enum Look {
    Text(u64),
    Skip(SkipReason),
    /// This run writes it.
    Own,
}

fn look(path: &Path, own: &Own) -> std::io::Result<Look> {
    let mut file = File::open(path)?;
    if own.is_stream(&file) {
        return Ok(Look::Own);
    }
    let bytes = file.metadata()?.len();
    // With room for all of it: growing a buffer is a read each time.
    let mut start = Vec::with_capacity(LOOK as usize);
    Read::by_ref(&mut file).take(LOOK).read_to_end(&mut start)?;
    Ok(if written::is_ours(path, &start, || end(&mut file)) {
        Look::Skip(SkipReason::Ours)
    } else if Encoding::of(&start).has_nul(&start) {
        Look::Skip(SkipReason::Binary)
    } else {
        Look::Text(bytes)
    })
}

/// The last bytes of a file; nothing, if they cannot be read.
fn end(file: &mut File) -> String {
    let mut end = Vec::new();
    let bytes = file.metadata().map_or(0, |metadata| metadata.len());
    let read =
        file.seek(SeekFrom::Start(bytes.saturating_sub(LOOK))).and_then(|_| file.read_to_end(&mut end));
    read.map_or_else(|_| String::new(), |_| String::from_utf8_lossy(&end).into_owned())
}
