//! Models as people have them: prompts, folders, caches, and what makes vectors comparable. With the real model's weights
//! in folders of the tests' own.

mod folders;
mod identity;
mod prompts;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;

use crate::place::{Place, model, records};

/// Where the real model is.
fn real() -> &'static Path {
    static REAL: LazyLock<PathBuf> = LazyLock::new(|| {
        let out = Place::new().run(&["model", "path", &model()]).out;
        fs::canonicalize(out.trim_end()).unwrap()
    });
    &REAL
}

impl Place {
    /// A folder with the real model's files, which can be replaced one by one.
    fn model(&self, name: &str) -> Folder {
        let folder = self.path().join(name);
        fs::create_dir_all(folder.join("1_Pooling")).unwrap();
        for file in FILES {
            link(&real().join(file), &folder.join(file));
        }
        Folder(folder)
    }

    /// Embeds `docs` on the processor, and gives the records and what was said.
    fn embedded(&self, args: &[&str]) -> (Vec<Value>, String) {
        let all = [&["embed", "docs", "--backend", "cpu", "-o", "out.jsonl"][..], args].concat();
        let ran = self.run(&all);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        (records(&self.read("out.jsonl")), ran.err)
    }
}

/// The files of the model that are read.
const FILES: [&str; 8] = [
    "1_Pooling/config.json",
    "config.json",
    "config_sentence_transformers.json",
    "model.safetensors",
    "modules.json",
    "sentence_bert_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
];

struct Folder(PathBuf);

impl Folder {
    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Takes a file away, and puts another in its place. What the link led to stays as it is.
    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let _ = fs::remove_file(self.file(name));
        fs::write(self.file(name), bytes).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.file(name)).unwrap();
    }

    /// Sets a field of a JSON file.
    fn set(&self, name: &str, key: &str, value: Value) {
        let mut json: Value = serde_json::from_slice(&fs::read(self.file(name)).unwrap()).unwrap();
        json[key] = value;
        self.put(name, json.to_string());
    }
}

fn link(from: &Path, to: &Path) {
    #[cfg(unix)]
    std::os::unix::fs::symlink(from, to).unwrap();
    #[cfg(not(unix))]
    fs::copy(from, to).unwrap();
}

fn vector(record: &Value) -> Vec<f64> {
    record["embedding"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn off(a: &Value, b: &Value) -> f64 {
    vector(a).iter().zip(vector(b)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

fn norm(record: &Value) -> f64 {
    vector(record).iter().map(|value| value * value).sum::<f64>().sqrt()
}
