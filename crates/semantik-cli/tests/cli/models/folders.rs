//! Folders as people have them, and models in the caches of other programs.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::{FILES, link, off, real};
use crate::place::{Place, Ran, ran};

const WEIGHTS: &str = "model.safetensors";

fn docs() -> Place {
    let place = Place::new();
    place.put("docs/a.md", "Paris is the capital of France.");
    place
}

/// The header of the real weights, and their bytes.
fn weights() -> (Map<String, Value>, Vec<u8>) {
    let bytes = fs::read(real().join(WEIGHTS)).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    (header, bytes[8 + length..].to_vec())
}

/// A file of these tensors, as they are stored.
fn safetensors(tensors: &[(&String, &Value)], data: &[u8]) -> Vec<u8> {
    let (mut header, mut body) = (Map::new(), Vec::new());
    for (name, tensor) in tensors {
        let at = |end: usize| tensor["data_offsets"][end].as_u64().unwrap() as usize;
        let start = body.len();
        body.extend_from_slice(&data[at(0)..at(1)]);
        let mut moved = (*tensor).clone();
        moved["data_offsets"] = json!([start, body.len()]);
        header.insert((*name).clone(), moved);
    }
    let header = serde_json::to_vec(&header).unwrap();
    [&(header.len() as u64).to_le_bytes()[..], &header, &body].concat()
}

#[test]
fn shards_are_read() {
    let place = docs();
    let model = place.model("m");
    let want = place.embedded(&["--model", "m"]).0;
    let (header, data) = weights();
    let tensors: Vec<(&String, &Value)> = header.iter().filter(|(name, _)| *name != "__metadata__").collect();
    let mut map = Map::new();
    for (index, part) in tensors.chunks(tensors.len().div_ceil(3)).enumerate() {
        let name = format!("model-{:05}-of-00003.safetensors", index + 1);
        model.put(&name, safetensors(part, &data));
        map.extend(part.iter().map(|(tensor, _)| ((*tensor).clone(), json!(name))));
    }
    model.remove(WEIGHTS);
    model.put("model.safetensors.index.json", json!({"metadata": {}, "weight_map": map}).to_string());
    let got = place.embedded(&["--model", "m"]).0;
    assert!(off(&got[0], &want[0]) == 0.0, "the weights are the same");

    model.remove("model-00002-of-00003.safetensors");
    let embed = || place.run(&["embed", "docs", "--model", "m", "--backend", "cpu"]);
    embed().failed(1, &["index.json", "model-00002-of-00003.safetensors", "hint:"]);
    model.remove("model.safetensors.index.json");
    embed().failed(1, &["model.safetensors.index.json"]);
}

#[test]
fn what_stands_in_the_place_of_weights_is_told() {
    let place = docs();
    let model = place.model("m");
    let embed = || place.run(&["embed", "docs", "--model", "m", "--backend", "cpu", "-o", "x.jsonl"]);
    model.put(WEIGHTS, "version https://example.org/spec/v1\noid sha256:4d7a21f0\nsize 90868376\n");
    embed().failed(1, &[WEIGHTS, "Git LFS", "90868376 bytes", "git lfs pull"]);
    model.put(WEIGHTS, "<!DOCTYPE html><html><body>Not found</body></html>");
    embed().failed(1, &[WEIGHTS, "a web page"]);
    model.remove(WEIGHTS);
    model.put("pytorch_model.bin", "PK\u{3}\u{4}");
    embed().failed(1, &["pytorch_model.bin", "no checkpoint of PyTorch's", "hint:"]);
    model.remove("pytorch_model.bin");
    model.put("weights.pt", "PK\u{3}\u{4}");
    embed().failed(1, &["weights.pt", "PyTorch", "save_pretrained"]);
    assert!(!place.path().join("x.jsonl").exists());
}

#[test]
fn every_missing_tensor_is_named() {
    let place = docs();
    let model = place.model("m");
    let (header, data) = weights();
    let missing = ["embeddings.word_embeddings.weight", "encoder.layer.3.output.dense.bias"];
    let left: Vec<(&String, &Value)> = header
        .iter()
        .filter(|(name, _)| *name != "__metadata__" && !missing.contains(&name.as_str()))
        .collect();
    model.put(WEIGHTS, safetensors(&left, &data));
    let embed = place.run(&["embed", "docs", "--model", "m", "--backend", "cpu"]);
    embed.failed(1, &[WEIGHTS, "2 tensors are missing", missing[0], missing[1], "hint:"]);
}

#[test]
fn a_modules_path_may_be_written_in_any_way() {
    let place = docs();
    let model = place.model("m");
    let want = place.embedded(&["--model", "m"]).0;
    for path in ["./1_Pooling", "1_Pooling/", ".\\1_Pooling"] {
        let step = |kind: &str, path: &str| json!({"idx": 0, "name": "0", "path": path, "type": format!("x.{kind}")});
        let steps = [step("Transformer", ""), step("Pooling", path), step("Normalize", "2_Normalize")];
        model.put("modules.json", Value::from(steps.to_vec()).to_string());
        assert!(off(&place.embedded(&["--model", "m"]).0[0], &want[0]) == 0.0, "{path}");
    }
    model.put(
        "modules.json",
        json!([{"type": "x.Transformer"}, {"type": "x.Pooling", "path": "../p"}]).to_string(),
    );
    place.run(&["embed", "docs", "--model", "m"]).failed(1, &["modules.json", "../p", "leaves"]);
}

const NAME: &str = "sentence-transformers/all-MiniLM-L6-v2";
const REVISION: &str = "c9745ed1d9f207416be6d2e6f8de32d1f16199bf";

/// A hub's cache with the real model, laid out as a hub's programs do: blobs, and snapshots of links to them.
fn hub(root: &Path) -> PathBuf {
    let model = root.join("models--sentence-transformers--all-MiniLM-L6-v2");
    let snapshot = model.join("snapshots").join(REVISION);
    for folder in [&snapshot.join("1_Pooling"), &model.join("blobs"), &model.join("refs")] {
        fs::create_dir_all(folder).unwrap();
    }
    for (index, file) in FILES.iter().enumerate() {
        let blob = format!("blob{index}");
        link(&real().join(file), &model.join("blobs").join(&blob));
        #[cfg(unix)]
        {
            let up = "../".repeat(2 + file.matches('/').count());
            std::os::unix::fs::symlink(format!("{up}blobs/{blob}"), snapshot.join(file)).unwrap();
        }
        // Where links are not to be had, a hub's programs copy.
        #[cfg(not(unix))]
        fs::copy(model.join("blobs").join(&blob), snapshot.join(file)).unwrap();
    }
    fs::write(model.join("refs/main"), REVISION).unwrap();
    model
}

/// A run that knows nothing of this machine's caches.
fn run(place: &Place, env: &[(&str, PathBuf)], args: &[&str]) -> Ran {
    let mut command = place.command(args);
    for name in [
        "HF_HOME",
        "HF_HUB_CACHE",
        "HUGGINGFACE_HUB_CACHE",
        "SENTENCE_TRANSFORMERS_HOME",
        "XDG_CACHE_HOME",
        "SEMANTIK_CACHE",
    ] {
        command.env_remove(name);
    }
    command.env("HOME", place.path().join("home"));
    ran(command.envs(env.iter().cloned()).output().unwrap())
}

#[test]
fn a_model_of_a_hubs_cache_is_found_by_its_name_in_each_place() {
    let place = docs();
    let root = |name: &str| place.path().join(name);
    for (hub_at, env) in [
        ("hf/hub", vec![("HF_HOME", root("hf"))]),
        ("hubs", vec![("HF_HUB_CACHE", root("hubs"))]),
        ("hubs", vec![("HF_HUB_CACHE", root("hubs")), ("HF_HOME", root("hf"))]),
        ("st", vec![("SENTENCE_TRANSFORMERS_HOME", root("st"))]),
        ("xdg/huggingface/hub", vec![("XDG_CACHE_HOME", root("xdg"))]),
        ("home/.cache/huggingface/hub", vec![]),
    ] {
        let model = hub(&root(hub_at));
        for name in [NAME, "all-MiniLM-L6-v2"] {
            let ran =
                run(&place, &env, &["embed", "docs", "--model", name, "--backend", "cpu", "-o", "out.jsonl"]);
            assert_eq!(ran.code, Some(0), "{hub_at}, {name}: {}", ran.err);
            // The pooling and the rest of the folder were read through the links.
            assert!(!ran.err.contains("modules.json"), "{}", ran.err);
            // By the folder that the file names.
            let found = run(&place, &env, &["search", "out.jsonl", "France", "--format", "jsonl"]);
            assert_eq!(found.records().len(), 1);
        }
        fs::remove_dir_all(&model).unwrap();
        let ran = run(&place, &env, &["embed", "docs", "--model", NAME]);
        ran.failed(
            1,
            &[NAME, "models--sentence-transformers--all-MiniLM-L6-v2", hub_at.split('/').next().unwrap()],
        );
    }
}

#[test]
fn a_hubs_revision_is_that_of_its_main_reference() {
    let place = docs();
    let model = hub(&place.path().join("hub"));
    let env = [("HF_HUB_CACHE", place.path().join("hub"))];
    let embed =
        || run(&place, &env, &["embed", "docs", "--model", NAME, "--backend", "cpu", "-o", "x.jsonl"]);
    let other = model.join("snapshots/0000000000000000000000000000000000000000");
    fs::create_dir(&other).unwrap();
    let path = || run(&place, &env, &["model", "path", NAME]).out;
    assert!(path().trim_end().ends_with(REVISION), "{}", path());
    let whole = place.run(&["model", "path", model.to_str().unwrap()]).out;
    assert!(
        whole.trim_end().ends_with(REVISION),
        "the model's whole folder stands for its snapshot: {whole}"
    );

    fs::write(model.join("refs/main"), "1111111111111111111111111111111111111111").unwrap();
    embed().failed(1, &["refs", "1111111111", "snapshots", "hint:"]);
    fs::remove_file(model.join("refs/main")).unwrap();
    embed().failed(1, &["several snapshots", REVISION, "hint:"]);
    fs::remove_dir(&other).unwrap();
    assert_eq!(embed().code, Some(0), "one snapshot is meant, whatever refers to it");

    // A download that was not finished.
    fs::remove_file(model.join("blobs/blob4")).unwrap();
    if cfg!(unix) {
        embed().failed(1, &["modules.json", "blobs/blob4", "not there", "hint:"]);
    }
}
