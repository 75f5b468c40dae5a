//! Texts to measure on: the same on every machine with this lock file.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{pathological, sources};
use crate::error::XtaskError;
use crate::workspace::{self, Deps};

/// Sizes in bytes, with their names in files.
const SIZES: [(&str, usize); 3] = [("0.5MB", 500_000), ("8MB", 8_000_000), ("100MB", 100_000_000)];
/// How much of each kind is text that occurs once; beyond it, texts repeat.
pub(super) const MOST_BYTES: usize = 8_000_000;
/// Counted up where the code below makes other texts of the same sources.
const RECIPE: u32 = 1;

/// The folder with the texts, after making them if they are not there.
pub(crate) fn ensure(out: Option<PathBuf>) -> Result<PathBuf, XtaskError> {
    let folder = match out {
        Some(out) => out,
        None => workspace::target()?.join("bench-corpus"),
    };
    let (stamp_file, stamp) = (folder.join("stamp"), stamp()?);
    if fs::read_to_string(&stamp_file).is_ok_and(|found| found == stamp) {
        return Ok(folder);
    }
    fs::create_dir_all(&folder).map_err(XtaskError::io(&folder))?;
    eprintln!("making the texts to measure on, 0.5 GB in {} …", folder.display());
    let metadata = workspace::metadata(Deps::With)?;
    let packages = super::packages(&metadata);
    let folders: Vec<&Path> = packages.iter().map(|package| package.folder.as_path()).collect();
    write_sizes(&folder, "prose", &sources::prose(&folders))?;
    write_sizes(&folder, "markdown", &sources::markdown(&folders))?;
    write_sizes(&folder, "code", &sources::code(&folders))?;
    for (name, text) in pathological::texts() {
        write(&folder.join(format!("pathological-{name}.txt")), &text)?;
    }
    match sources::cjk(&folder.join("bringing")) {
        Ok(text) => write_sizes(&folder, "cjk", &text)?,
        // No stamp: the next call tries again.
        Err(error) => {
            eprintln!("no Chinese text: {error}");
            return Ok(folder);
        }
    }
    write(&stamp_file, &stamp)?;
    Ok(folder)
}

/// What the texts are made of: the locked packages, and this program.
fn stamp() -> Result<String, XtaskError> {
    let lock = workspace::root().join("Cargo.lock");
    let lock = fs::read(&lock).map_err(XtaskError::io(&lock))?;
    Ok(format!("{RECIPE} {:x}", Sha256::digest(&lock)))
}

fn write_sizes(folder: &Path, kind: &str, text: &str) -> Result<(), XtaskError> {
    if text.is_empty() {
        return Err(XtaskError::failed(format!("no {kind} in the dependencies; run `cargo fetch` first")));
    }
    for (name, bytes) in SIZES {
        write(&folder.join(format!("{kind}-{name}.txt")), &repeated(text, bytes))?;
    }
    Ok(())
}

/// The first `bytes` of the text, again and again with a line between that counts, cut behind a line.
fn repeated(text: &str, bytes: usize) -> String {
    let mut whole = String::with_capacity(bytes + 64);
    for part in 1.. {
        let end = text.floor_char_boundary(bytes.saturating_sub(whole.len()));
        whole.push_str(&text[..end]);
        if whole.len() + 3 >= bytes {
            break;
        }
        whole.push_str(&format!("\n\nPart {}\n\n", part + 1));
    }
    let end = whole.rfind('\n').map_or(whole.len(), |at| at + 1);
    whole.truncate(end);
    whole
}

fn write(path: &Path, text: &str) -> Result<(), XtaskError> {
    fs::write(path, text).map_err(XtaskError::io(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_repeated_up_to_the_size() {
        for bytes in [3, 10, 50, 500] {
            let text = repeated("ab cd\né\n", bytes);
            assert!(text.len() <= bytes + 16 && text.len() + 24 >= bytes, "{bytes}: {text:?}");
        }
        assert!(repeated("ab\n", 40).contains("ab\n\n\nPart 2\n\nab\n"));
    }
}
