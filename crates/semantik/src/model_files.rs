//! [`ModelFiles`]: what a model is on the disk.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

/// The files of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelFiles {
    /// The bytes of all of them.
    pub bytes: u64,
    /// How many numbers of its weights in safetensors are of which type, by the type's name there: `F32`, `BF16`, ….
    pub weights: BTreeMap<String, u64>,
}

/// A tensor, as a file of safetensors has it at its head.
#[derive(Deserialize)]
struct Tensor {
    dtype: String,
    shape: Vec<u64>,
}

/// The largest head that the format allows.
const LONGEST: u64 = 100_000_000;
/// Folders below a model's own that are looked into; they are two or three.
const DEEPEST: usize = 4;

impl ModelFiles {
    /// Of the model in a folder. What cannot be read does not count.
    pub fn of(folder: &Path) -> Self {
        let mut files = ModelFiles::default();
        files.add(folder, DEEPEST);
        files
    }

    /// The type of most of its weights.
    pub fn dtype(&self) -> Option<&str> {
        self.weights.iter().max_by_key(|(_, numbers)| **numbers).map(|(dtype, _)| &**dtype)
    }

    fn add(&mut self, folder: &Path, deepest: usize) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            // Through links: in a hub's cache every file is one.
            let Ok(found) = fs::metadata(&path) else { continue };
            if found.is_dir() && deepest > 0 {
                self.add(&path, deepest - 1);
            } else if found.is_file() {
                self.bytes += found.len();
                // Other programs' copies of the weights stand in folders of their own.
                let is_weights = path.extension().is_some_and(|ending| ending == "safetensors");
                for tensor in is_weights.then(|| head(&path)).flatten().unwrap_or_default() {
                    let numbers = tensor.shape.iter().fold(1, |all: u64, &of| all.saturating_mul(of));
                    *self.weights.entry(tensor.dtype).or_default() += numbers;
                }
            }
        }
    }
}

/// The tensors of a file.
fn head(path: &Path) -> Option<Vec<Tensor>> {
    let mut file = File::open(path).ok()?;
    let mut length = [0; 8];
    file.read_exact(&mut length).ok()?;
    let length = u64::from_le_bytes(length);
    let mut head = Vec::new();
    (length <= LONGEST).then_some(())?;
    file.take(length).read_to_end(&mut head).ok()?;
    let all: BTreeMap<String, serde_json::Value> = serde_json::from_slice(&head).ok()?;
    let tensors = all.into_iter().filter(|(name, _)| name != "__metadata__");
    tensors.map(|(_, value)| serde_json::from_value(value).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_counted_through_folders_and_what_is_no_such_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, head: &str, body: usize| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let bytes = [&(head.len() as u64).to_le_bytes()[..], head.as_bytes(), &vec![0; body]].concat();
            fs::write(path, bytes).unwrap();
        };
        let head = r#"{"__metadata__":{"format":"pt"},"a":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]},
            "b":{"dtype":"F32","shape":[],"data_offsets":[12,16]}}"#;
        put("model.safetensors", head, 16);
        put("2_Dense/model.safetensors", r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8);
        fs::write(folder.path().join("cut.safetensors"), [255; 9]).unwrap();
        fs::write(folder.path().join("config.json"), "{}").unwrap();
        let files = ModelFiles::of(folder.path());
        assert_eq!(files.weights, BTreeMap::from([("BF16".to_owned(), 6), ("F32".to_owned(), 3)]));
        assert_eq!(files.dtype(), Some("BF16"));
        let sizes = ["model.safetensors", "2_Dense/model.safetensors", "cut.safetensors", "config.json"]
            .map(|name| fs::metadata(folder.path().join(name)).unwrap().len());
        assert_eq!(files.bytes, sizes.iter().sum::<u64>());
        assert_eq!(ModelFiles::of(Path::new("nowhere")), ModelFiles::default());
    }
}
