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
/// The one file or the index of each form that is read, the first that is there.
const FORMS: [(&str, &str); 2] = [(SINGLE, INDEX), ("pytorch_model.bin", "pytorch_model.bin.index.json")];

#[derive(Deserialize)]
struct Index {
    /// The file of each tensor.
    weight_map: BTreeMap<String, String>,
}

impl WeightFiles {
    /// One file, or else the shards that an index lists.
    pub(super) fn find(folder: &Path, transformer: &Path) -> Result<Self, EmbedError> {
        for (single, index) in FORMS {
            let single = transformer.join(single);
            if read::is_there(&single)? {
                return Ok(WeightFiles { listing: single.clone(), shards: vec![single] });
            }
            let listing = transformer.join(index);
            if let Some(index) = read::json::<Index>(&listing)? {
                return WeightFiles::listed(listing, transformer, &index);
            }
        }
        Err(why_none(folder, transformer, &transformer.join(SINGLE)))
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
    let is_shard = |name: &&String| name.starts_with("pytorch_model-") && has_extension(name, &["bin"]);
    let [(single_name, index), (pickle_name, pickle_index)] = FORMS;
    let found = with(&["safetensors"]).map(|name| (name, single_name, index));
    let found = found.or_else(|| names.iter().find(is_shard).map(|name| (name, pickle_name, pickle_index)));
    if let Some((other, single, index)) = found {
        let what = if other.contains("-of-") {
            format!("{index}, which says what is in {other} and its kin,")
        } else {
            format!("{single} ({other} is there)")
        };
        return EmbedError::not_a_model(folder, &transformer.join(what));
    }
    if let Some(pickle) = with(&["bin", "pt", "pth", "ckpt", "pkl"]) {
        return EmbedError::other_form(
            transformer,
            pickle,
            "a checkpoint of PyTorch's under a name of its own",
        );
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
