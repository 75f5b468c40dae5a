//! What of a model's files is brought: what an embedding model is read from, and nothing else.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::listing::{Listed, Listing, is_path};

/// The file that names the steps from text to vector.
pub(super) const MODULES: &str = "modules.json";
const CONFIG: &str = "config.json";
const TOKENIZER: &str = "tokenizer.json";
/// The one file of weights, or the index of several, in each form that is read: the first that is there is taken.
const WEIGHTS: [(&str, &str); 2] = [
    ("model.safetensors", "model.safetensors.index.json"),
    ("pytorch_model.bin", "pytorch_model.bin.index.json"),
];

/// What is read of a folder besides weights, by this program or by those in Python that share the cache.
const SMALL: [&str; 13] = [
    CONFIG,
    "config_sentence_transformers.json",
    TOKENIZER,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
    // The licence and the languages are said there.
    "README.md",
];

/// A step, as `modules.json` has it.
#[derive(Clone, Debug, Deserialize)]
struct Module {
    #[serde(default)]
    path: String,
    #[serde(default, rename = "type")]
    kind: String,
}

/// The folders of a model that files are brought of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Folders {
    /// All of them, each empty or with a `/` at its end; the root is among them.
    all: BTreeSet<String>,
    /// That of the transformer.
    transformer: String,
}

/// Why a model is not brought: it would not be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unread(pub(super) String);

impl Folders {
    /// As `modules.json` says, if the model has one.
    pub(super) fn of(modules: Option<&str>) -> Result<Self, Unread> {
        let mut folders = Folders { all: BTreeSet::from([String::new()]), transformer: String::new() };
        let Some(modules) = modules else { return Ok(folders) };
        let modules: Vec<Module> =
            serde_json::from_str(modules).map_err(|error| Unread(format!("{MODULES}: {error}")))?;
        for module in &modules {
            let path = module.path.trim_matches('/');
            if !path.is_empty() && !is_path(path) {
                return Err(Unread(format!("{MODULES}: {:?} is no folder of the model", module.path)));
            }
            let folder = if path.is_empty() { String::new() } else { format!("{path}/") };
            if module.kind.ends_with(".Transformer") {
                folders.transformer.clone_from(&folder);
            }
            folders.all.insert(folder);
        }
        Ok(folders)
    }

    /// What is brought besides weights.
    ///
    /// # Errors
    /// What every model has that is read is not there.
    pub(super) fn small<'a>(&self, listing: &'a Listing) -> Result<Vec<&'a Listed>, Unread> {
        for file in [CONFIG, TOKENIZER] {
            let name = format!("{}{file}", self.transformer);
            if listing.get(&name).is_none() {
                return Err(Unread(format!("it has no {name}")));
            }
        }
        let is_small = |name: &str| {
            SMALL.contains(&name)
                || name == MODULES
                || name.starts_with("sentence_") && name.ends_with("_config.json")
        };
        let files = listing.files().iter();
        let small = files.filter(|file| self.own(&file.name).is_some_and(is_small));
        // An index of parts says which weights are to be brought.
        let indices = self.all.iter().filter_map(|folder| match Weights::of(folder, listing)? {
            Weights::Whole(_) => None,
            Weights::Parts(index) => Some(index),
        });
        Ok(small.chain(indices).collect())
    }

    /// The weights of every folder, in safetensors where they are there in that. `read` gives the text of an index, which is
    /// among what is small.
    ///
    /// # Errors
    /// There are none in a form that is read, or not all that an index lists.
    pub(super) fn weights<'a, E: From<Unread>>(
        &self,
        listing: &'a Listing,
        mut read: impl FnMut(&str) -> Result<String, E>,
    ) -> Result<Vec<&'a Listed>, E> {
        let mut weights = Vec::new();
        for folder in &self.all {
            match Weights::of(folder, listing) {
                Some(Weights::Whole(file)) => weights.push(file),
                Some(Weights::Parts(index)) => {
                    for shard in shards(&read(&index.name)?).map_err(|error| named(&index.name, &error))? {
                        let missing = || Unread(format!("{} names {shard}, which is not there", index.name));
                        weights.push(listing.get(&format!("{folder}{shard}")).ok_or_else(missing)?);
                    }
                }
                None if *folder == self.transformer => {
                    let why = WEIGHTS.map(|(single, _)| format!("no {folder}{single}")).join(" and ");
                    return Err(Unread(format!("it has {why}, nor an index of parts")).into());
                }
                None => {}
            }
        }
        Ok(weights)
    }

    /// The name of a file in its folder, if that is one of these.
    fn own<'a>(&self, name: &'a str) -> Option<&'a str> {
        let (folder, own) = name.rfind('/').map_or(("", name), |at| name.split_at(at + 1));
        self.all.contains(folder).then_some(own)
    }
}

/// Where the weights of a folder are.
enum Weights<'a> {
    Whole(&'a Listed),
    /// In what this index lists.
    Parts(&'a Listed),
}

impl<'a> Weights<'a> {
    fn of(folder: &str, listing: &'a Listing) -> Option<Self> {
        let find = |name: &str| listing.get(&format!("{folder}{name}"));
        WEIGHTS.iter().find_map(|(single, index)| {
            find(single).map(Weights::Whole).or_else(|| find(index).map(Weights::Parts))
        })
    }
}

fn named(file: &str, error: &str) -> Unread {
    Unread(format!("{file}: {error}"))
}

/// The files that an index lists.
fn shards(index: &str) -> Result<BTreeSet<String>, String> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: Map<String, Value>,
    }
    let index: Index = serde_json::from_str(index).map_err(|error| error.to_string())?;
    let name = |value: &Value| value.as_str().filter(|name| is_path(name)).map(str::to_owned);
    let names: Option<BTreeSet<String>> = index.weight_map.values().map(name).collect();
    names.filter(|names| !names.is_empty()).ok_or_else(|| "it names no files".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(names: &[&str]) -> Listing {
        let siblings: Vec<_> = names.iter().map(|name| serde_json::json!({"rfilename": name})).collect();
        Listing::read(&serde_json::json!({"sha": "a1", "siblings": siblings}).to_string()).unwrap()
    }

    fn modules(steps: &[(&str, &str)]) -> String {
        let step = |(path, kind): &(&str, &str)| serde_json::json!({"path": path, "type": format!("s.models.{kind}")});
        steps.iter().map(step).collect::<serde_json::Value>().to_string()
    }

    fn names(files: &[&Listed]) -> Vec<String> {
        files.iter().map(|file| file.name.clone()).collect()
    }

    fn weights(folders: &Folders, listing: &Listing, index: &str) -> Result<Vec<String>, Unread> {
        folders.weights(listing, |_| Ok::<_, Unread>(index.to_owned())).map(|files| names(&files))
    }

    #[test]
    fn what_a_model_is_read_from_is_brought_and_nothing_else() {
        let files = [
            ".gitattributes",
            "1_Pooling/config.json",
            "2_Dense/config.json",
            "2_Dense/model.safetensors",
            "2_Dense/pytorch_model.bin",
            "README.md",
            "config.json",
            "model.safetensors",
            "modules.json",
            "onnx/model.onnx",
            "onnx/config.json",
            "openvino/openvino_model.bin",
            "pytorch_model.bin",
            "sentence_bert_config.json",
            "tf_model.h5",
            "tokenizer.json",
            "train_script.py",
            "vocab.txt",
        ];
        let listing = listing(&files);
        let steps = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Dense/", "Dense")];
        let folders = Folders::of(Some(&modules(&steps))).unwrap();
        let small = [
            "1_Pooling/config.json",
            "2_Dense/config.json",
            "README.md",
            "config.json",
            "modules.json",
            "sentence_bert_config.json",
            "tokenizer.json",
            "vocab.txt",
        ];
        assert_eq!(names(&folders.small(&listing).unwrap()), small);
        assert_eq!(
            weights(&folders, &listing, "").unwrap(),
            ["model.safetensors", "2_Dense/model.safetensors"]
        );
        let plain = Folders::of(None).unwrap();
        assert!(!names(&plain.small(&listing).unwrap()).contains(&"2_Dense/config.json".to_owned()));
        assert_eq!(weights(&plain, &listing, "").unwrap(), ["model.safetensors"]);
    }

    #[test]
    fn weights_of_pytorch_are_brought_where_there_are_none_in_safetensors() {
        let folders = Folders::of(Some(&modules(&[("", "Transformer"), ("2_Dense", "Dense")]))).unwrap();
        let files = |more: &[&str]| {
            let every = ["config.json", "tokenizer.json", "2_Dense/config.json", "2_Dense/pytorch_model.bin"];
            listing(&[&every[..], more].concat())
        };
        let pickled = files(&["pytorch_model.bin"]);
        assert_eq!(
            weights(&folders, &pickled, "").unwrap(),
            ["pytorch_model.bin", "2_Dense/pytorch_model.bin"]
        );
        // Each folder for itself; and what is read is what the first form has.
        for first in ["model.safetensors", "model.safetensors.index.json"] {
            let both = files(&["pytorch_model.bin", "pytorch_model.bin.index.json", "a.bin", first]);
            let index = r#"{"weight_map": {"w": "a.bin"}}"#;
            let first = if first == "model.safetensors" { first } else { "a.bin" };
            assert_eq!(weights(&folders, &both, index).unwrap(), [first, "2_Dense/pytorch_model.bin"]);
            assert!(
                !names(&folders.small(&both).unwrap()).contains(&"pytorch_model.bin.index.json".to_owned())
            );
        }
    }

    #[test]
    fn parts_are_those_that_the_index_lists() {
        for (stem, ending) in [("model", "safetensors"), ("pytorch_model", "bin")] {
            parts_are_listed(stem, ending);
        }
    }

    fn parts_are_listed(stem: &str, ending: &str) {
        let folders = Folders::of(Some(&modules(&[("0_T", "Transformer")]))).unwrap();
        let part = |number: u32| format!("{stem}-0000{number}-of-00002.{ending}");
        let listed = format!("0_T/{stem}.{ending}.index.json");
        let (first, second) = (format!("0_T/{}", part(1)), format!("0_T/{}", part(2)));
        let other = format!("0_T/other.{ending}");
        let listing = listing(&["0_T/config.json", "0_T/tokenizer.json", &listed, &first, &second, &other]);
        let index = |parts: &[String]| {
            let map: Map<String, Value> =
                parts.iter().enumerate().map(|(at, part)| (at.to_string(), part.clone().into())).collect();
            serde_json::json!({"weight_map": map}).to_string()
        };
        assert!(names(&folders.small(&listing).unwrap()).contains(&listed));
        let both = index(&[part(1), part(2), part(1)]);
        assert_eq!(weights(&folders, &listing, &both).unwrap(), [first, second]);
        let missing = weights(&folders, &listing, &index(&[part(1), part(3)])).unwrap_err();
        assert!(missing.0.contains(&format!("{}, which is not there", part(3))), "{missing:?}");
        for index in ["", "{}", r#"{"weight_map": {}}"#, r#"{"weight_map": {"a": "../../b"}}"#] {
            assert!(weights(&folders, &listing, index).is_err(), "{index}");
        }
    }

    #[test]
    fn what_would_not_be_read_is_told_before_it_is_brought() {
        let plain = Folders::of(None).unwrap();
        let told = |files: &[&str]| {
            let listing = listing(files);
            let small = plain.small(&listing).err();
            small.or_else(|| weights(&plain, &listing, "").err()).unwrap().0
        };
        assert_eq!(told(&["model.gguf"]), "it has no config.json");
        assert_eq!(told(&["config.json", "model.safetensors"]), "it has no tokenizer.json");
        let none = told(&["config.json", "tokenizer.json", "tf_model.h5"]);
        assert_eq!(none, "it has no model.safetensors and no pytorch_model.bin, nor an index of parts");
        for path in ["../x", "/../x", "a/../../b"] {
            assert!(Folders::of(Some(&modules(&[(path, "Pooling")]))).is_err(), "{path}");
        }
        assert!(Folders::of(Some("{}")).is_err());
    }
}
