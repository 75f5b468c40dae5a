//! The texts that `cargo xtask corpus --bench` makes.

use std::fs;
use std::path::{Path, PathBuf};

/// A text, and the name of its length in a row.
#[derive(Clone, Debug)]
pub struct Text {
    /// Such as `8MB`, or what makes it hard to cut.
    pub name: String,
    /// Ends behind a line.
    pub text: String,
}

impl Text {
    /// The first `bytes` of it, cut behind a line.
    #[must_use]
    pub fn shortened(&self, bytes: usize, name: &str) -> Self {
        let part = &self.text[..self.text.floor_char_boundary(bytes)];
        let end = part.rfind('\n').map_or(part.len(), |at| at + 1);
        Text { name: name.to_owned(), text: part[..end].to_owned() }
    }
}

/// Text of a kind (`prose`, `markdown`, `code`, `cjk`) and a size (`0.5MB`, `8MB`, `100MB`); `None` with a note where it
/// could not be made.
///
/// The folder is the one that `SEMANTIK_BENCH_CORPUS` names (`cargo xtask bench` sets it), else `bench-corpus` in the
/// workspace's target folder.
pub fn text(kind: &str, size: &str) -> Option<Text> {
    let path = folder().join(format!("{kind}-{size}.txt"));
    let text = fs::read_to_string(&path);
    if let Err(error) = &text {
        eprintln!("left out: {} ({error}); `cargo xtask corpus --bench` makes it", path.display());
    }
    Some(Text { name: size.to_owned(), text: text.ok()? })
}

/// Texts that are hard to cut, by name.
pub fn pathological() -> Vec<Text> {
    let entries = fs::read_dir(folder()).into_iter().flatten().flatten();
    let mut texts: Vec<Text> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let name = name.to_str()?.strip_prefix("pathological-")?.strip_suffix(".txt")?;
            Some(Text { name: name.to_owned(), text: fs::read_to_string(entry.path()).ok()? })
        })
        .collect();
    texts.sort_by(|a, b| a.name.cmp(&b.name));
    texts
}

fn folder() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench-corpus");
    std::env::var_os("SEMANTIK_BENCH_CORPUS").map_or_else(default, PathBuf::from)
}
