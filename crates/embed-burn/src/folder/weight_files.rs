//! [`WeightFiles`]: which files of a folder hold the weights, and why none do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::read;
use crate::error::EmbedError;

/// The files that hold the weights, all of them there.
#[derive(Clone, Debug)]
pub(crate) struct WeightFiles {
    /// What an error about the weights as a whole names: the one file, or the index of several.
    pub(super) listing: PathBuf,
    /// Sorted by name.
    pub(super) shards: Vec<PathBuf>,
}

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

#[derive(Deserialize)]
struct Index {
    /// The file of each tensor.
    weight_map: BTreeMap<String, String>,
}

impl WeightFiles {
    /// One file, or else the shards that an index lists.
    pub(super) fn find(folder: &Path, transformer: &Path) -> Result<Self, EmbedError> {
        let single = transformer.join(SINGLE);
        if read::is_there(&single)? {
            return Ok(WeightFiles { listing: single.clone(), shards: vec![single] });
        }
        let listing = transformer.join(INDEX);
        match read::json::<Index>(&listing)? {
            Some(index) => WeightFiles::listed(listing, transformer, &index),
            None => Err(why_none(folder, transformer, &single)),
        }
    }

    fn listed(listing: PathBuf, transformer: &Path, index: &Index) -> Result<Self, EmbedError> {
        let names: BTreeSet<&str> = index.weight_map.values().map(String::as_str).collect();
        if names.is_empty() {
            return Err(EmbedError::config(&listing, "weight_map names no file"));
        }
        let (mut shards, mut missing) = (Vec::new(), Vec::new());
        for name in names {
            // A shard lies in the model's folder, whatever the index says.
            if !Path::new(name).components().all(|part| matches!(part, Component::Normal(_))) {
                return Err(EmbedError::config(&listing, format!("the shard {name:?} leaves the folder")));
            }
            let shard = transformer.join(name);
            if read::is_there(&shard)? {
                shards.push(shard);
            } else {
                missing.push(name.to_owned());
            }
        }
        if missing.is_empty() {
            Ok(WeightFiles { listing, shards })
        } else {
            Err(EmbedError::missing_shards(&listing, missing))
        }
    }
}

/// What to say of a folder without weights that can be read: often they are there in another form.
fn why_none(folder: &Path, transformer: &Path, single: &Path) -> EmbedError {
    let entries = std::fs::read_dir(transformer).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    let with = |extensions: &[&str]| names.iter().find(|name| has_extension(name, extensions));
    if let Some(other) = with(&["safetensors"]) {
        let what = if other.contains("-of-") {
            format!("{INDEX}, which says what is in {other} and its kin,")
        } else {
            format!("{SINGLE} ({other} is there)")
        };
        return EmbedError::not_a_model(folder, &transformer.join(what));
    }
    // The weights' own name first: others ending so may be a trainer's state.
    let is_usual = |name: &&String| name.starts_with("pytorch_model") && has_extension(name, &["bin"]);
    let pickle = names.iter().find(is_usual).or_else(|| with(&["bin", "pt", "pth", "ckpt", "pkl"]));
    if let Some(pickle) = pickle {
        let form = "a pickle of PyTorch's, which may run a program when it is read";
        return EmbedError::other_form(transformer, pickle, form);
    }
    let forms = [
        ("h5", "TensorFlow's form"),
        ("msgpack", "Flax's form"),
        ("onnx", "the form of ONNX"),
        ("gguf", "the form of GGUF"),
        ("ot", "the form of tch"),
    ];
    let other = forms.iter().find_map(|(extension, form)| Some((with(&[extension])?, *form)));
    match other {
        Some((name, form)) => EmbedError::other_form(transformer, name, form),
        None => EmbedError::not_a_model(folder, single),
    }
}

fn has_extension(name: &str, extensions: &[&str]) -> bool {
    let extension = Path::new(name).extension();
    extension.is_some_and(|extension| extensions.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}
