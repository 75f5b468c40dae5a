//! [`of`]: where a path leads.

use std::path::{Path, PathBuf};

/// The file that a path stands for, which need not be there: links are followed as far as they lead to something.
pub(super) fn of(path: &Path) -> PathBuf {
    if let Ok(found) = path.canonicalize() {
        return found;
    }
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match (whole.parent().and_then(|folder| folder.canonicalize().ok()), whole.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => whole,
    }
}
