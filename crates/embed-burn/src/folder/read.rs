//! Files of a model's folder, and what lies in their place where a copy went wrong.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::EmbedError;

/// Reads a JSON file, or `None` where it does not exist.
pub(super) fn json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, EmbedError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            refuse_broken_link(path)?;
            return Ok(None);
        }
        Err(error) => return Err(EmbedError::io(path, error)),
    };
    refuse_pointer(path, &bytes)?;
    serde_json::from_slice(&bytes).map(Some).map_err(|error| EmbedError::config(path, error.to_string()))
}

/// Whether there is such a file. What stands for its content elsewhere is an error: it is there, and cannot be used.
pub(super) fn is_there(path: &Path) -> Result<bool, EmbedError> {
    if !path.is_file() {
        refuse_broken_link(path)?;
        return Ok(false);
    }
    let fail = |error| EmbedError::io(path, error);
    let mut head = Vec::new();
    File::open(path).map_err(fail)?.take(POINTER_BYTES).read_to_end(&mut head).map_err(fail)?;
    refuse_pointer(path, &head)?;
    Ok(true)
}

/// A hub's cache links to its blobs; one that is gone would otherwise count as a file that the model does without.
fn refuse_broken_link(path: &Path) -> Result<(), EmbedError> {
    match std::fs::read_link(path) {
        Ok(target) => Err(EmbedError::broken_link(path, &target)),
        Err(_) => Ok(()),
    }
}

/// What Git keeps in place of a large file that was not fetched is three short lines of text.
fn refuse_pointer(path: &Path, head: &[u8]) -> Result<(), EmbedError> {
    let head = &head[..head.len().min(POINTER_BYTES as usize)];
    let Ok(text) = std::str::from_utf8(head) else { return Ok(()) };
    if !text.starts_with("version ") || !text.contains("\noid sha256:") {
        return Ok(());
    }
    let size = text.lines().find_map(|line| line.strip_prefix("size ")?.trim().parse().ok());
    Err(EmbedError::lfs_pointer(path, size))
}

/// A pointer is shorter, by its own specification.
const POINTER_BYTES: u64 = 1024;
