//! `semantik embed` and `semantik search`, with the real model.

use serde_json::Value;

use crate::place::{Place, model, records};

/// The beginning of the fox sentence's vector, by sentence-transformers.
const FOX: [f64; 5] = [0.043_933_6, 0.058_934_4, 0.048_178_4, 0.077_548_1, 0.026_744_4];

fn docs() -> Place {
    let place = Place::new();
    place.put("docs/a.md", "A graphics card has memory.\n\nBatches that do not fit fail.\n");
    place.put("docs/b.txt", "The quick brown fox jumps over the lazy dog.");
    place.put("docs/c.md", "Paris is the capital of France.\n");
    place
}

fn vector(record: &Value) -> Vec<f64> {
    record["embedding"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn embedded(place: &Place, backend: &str, out: &str) -> Vec<Value> {
    let ran = place.run(&["embed", "docs", "--model", &model(), "--backend", backend, "-o", out]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{}", ran.err);
    // Where the system tells a process's peak, it is named as what it is, on every device.
    let peak = ran.err.lines().find(|line| line.contains(", at most "));
    assert!(peak.is_none_or(|line| line.contains("iB of the host's memory")), "{}", ran.err);
    assert!(peak.is_some() || !cfg!(target_os = "linux"), "{}", ran.err);
    records(&place.read(out))
}

#[test]
fn vectors_are_the_references_and_search_finds_them() {
    let place = docs();
    let records = embedded(&place, "cpu", "out.jsonl");
    let names: Vec<&str> = records.iter().map(|record| record["document"].as_str().unwrap()).collect();
    assert_eq!(names, ["docs/a.md", "docs/b.txt", "docs/c.md"]);
    for (got, want) in vector(&records[1]).iter().zip(FOX) {
        assert!((got - want).abs() < 1e-6, "{got} is not {want}");
    }
    for record in &records {
        let norm: f64 = vector(record).iter().map(|value| value * value).sum();
        assert!((norm - 1.0).abs() < 1e-5 && record["truncated"] == 0);
    }
    let meta: Value = serde_json::from_str(&place.read("out.jsonl.meta.json")).unwrap();
    assert_eq!((meta["chunks"].as_u64(), meta["model"]["dim"].as_u64()), (Some(3), Some(384)));
    assert!(meta["tokens_per_second"].as_f64() > Some(0.0) && meta["backend"] == "cpu");

    // The model is the one that the file names.
    let question = "What is the capital of France?";
    let hits = place.run(&["search", "out.jsonl", question, "-k", "2", "--format", "jsonl"]).records();
    assert_eq!((hits.len(), hits[0]["document"].as_str()), (2, Some("docs/c.md")));
    assert!(hits[0]["score"].as_f64() > hits[1]["score"].as_f64() && hits[0].get("embedding").is_none());
    let text = place.run(&["search", "out.jsonl", question, "-k", "1", "--format", "text"]).out;
    assert!(text.contains("docs/c.md:1-1") && text.contains("Paris"), "{text}");

    place.run(&["search", "nowhere.jsonl", "x"]).failed(1, &["nowhere.jsonl"]);
    place.run(&["search", "out.jsonl", "x", "-k", "0"]).failed(2, &["-k"]);
}

#[test]
fn another_models_search_is_refused() {
    let place = docs();
    embedded(&place, "cpu", "out.jsonl");
    let mut meta: Value = serde_json::from_str(&place.read("out.jsonl.meta.json")).unwrap();
    meta["model"]["weights_sha256"] = "0".repeat(64).into();
    place.put("out.jsonl.meta.json", meta.to_string());
    place.run(&["search", "out.jsonl", "fox", "--model", &model()]).failed(1, &["another model", "weights"]);
}

#[test]
fn a_gpu_gives_the_same_vectors() {
    let place = docs();
    let devices: Vec<Value> = serde_json::from_str(&place.run(&["devices", "--format", "json"]).out).unwrap();
    let gpu = devices.iter().find(|device| device["backend"] == "wgpu").unwrap();
    if gpu["present"] == false {
        vulkan_limit::skip("a_gpu_gives_the_same_vectors", gpu["reason"].as_str().unwrap());
        return;
    }
    let (cpu, gpu) = (embedded(&place, "cpu", "cpu.jsonl"), embedded(&place, "wgpu", "gpu.jsonl"));
    for (cpu, gpu) in cpu.iter().zip(&gpu) {
        let off = vector(cpu).iter().zip(vector(gpu)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off <= 1e-4, "{} is off by {off}", cpu["document"]);
        assert_eq!(cpu["id"], gpu["id"]);
    }
}

#[test]
fn default_sizes_fit_the_model_and_larger_ones_are_counted() {
    let place = Place::new();
    place.put("long.md", "word ".repeat(900));
    let model = model();
    let embed = |more: &[&str]| {
        let args =
            [&["embed", "long.md", "--model", &model, "--backend", "cpu", "-o", "out.jsonl"][..], more]
                .concat();
        let ran = place.run(&args);
        (
            ran.code,
            ran.err,
            place.path().join("out.jsonl").exists().then(|| records(&place.read("out.jsonl"))),
        )
    };
    let (code, err, fits) = embed(&[]);
    assert!(code == Some(0) && err.contains("256"), "{err}");
    assert!(fits.unwrap().iter().all(|record| record["truncated"] == 0));
    let (code, err, over) = embed(&["--size", "600"]);
    assert!(code == Some(0) && err.contains("truncated"), "{err}");
    assert!(over.unwrap().iter().any(|record| record["truncated"].as_u64() > Some(0)));
    let (code, err, _) = embed(&["--size", "600", "--truncate", "error"]);
    assert!(code == Some(1) && err.contains("long.md"), "{err}");
}

#[test]
fn the_models_in_the_cache_are_listed_and_described() {
    let place = Place::new();
    let model = model();
    let info: Value =
        serde_json::from_str(&place.run(&["model", "info", &model, "--format", "json"]).out).unwrap();
    assert_eq!((info["dim"].as_u64(), info["max_tokens"].as_u64()), (Some(384), Some(256)));
    assert!(place.run(&["model", "path", &model]).out.contains("model") || model == "all-MiniLM-L6-v2");

    std::fs::create_dir_all(place.path().join("cache/models/mine")).unwrap();
    let mut list = place.command(&["model", "list"]);
    let ran = crate::place::ran(list.env("SEMANTIK_CACHE", place.path().join("cache")).output().unwrap());
    assert_eq!(ran.out, "mine\n");
}

#[test]
fn one_of_a_thing_is_told_as_one() {
    let model = device_suite::SeededModel::new(device_suite::Sizes::TINY).unwrap();
    let model = model.path().to_str().unwrap();
    let place = Place::new();
    place.put("a.txt", "fox");
    let run = |args: &[&str]| {
        let ran = place.run(args);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        for wrong in
            ["1 chunks", "1 documents", "1 tokens", "1 vectors", "1 texts", "1 files", "1 layers", "1 heads"]
        {
            let words: Vec<&str> =
                ran.err.split([' ', ',', '\n']).chain(ran.out.split([' ', ',', '\n'])).collect();
            let wrong: Vec<&str> = wrong.split(' ').collect();
            assert!(!words.windows(2).any(|two| two == wrong), "{args:?}: {} {}", ran.out, ran.err);
        }
        ran.err
    };
    let embed = ["embed", "a.txt", "--model", model, "--backend", "cpu", "-o", "out.jsonl"];
    assert!(run(&embed).contains("1 chunk, "));
    assert!(run(&[&embed[..], &["--update"]].concat()).contains("kept: 1 chunk of 1 document"));
    assert!(run(&["chunk", "a.txt", "-o", "c.jsonl"]).contains("1 chunk of 1 document in"));
    run(&["plan", model, "--backend", "cpu"]);
    run(&["model", "info", model, "--backend", "cpu"]);
    run(&["status", "out.jsonl"]);
}

#[test]
fn weights_that_hold_nothing_are_told_at_the_first_vector() {
    let model = device_suite::SeededModel::new(device_suite::Sizes::TINY).unwrap();
    let place = Place::new();
    place.put("docs/a.txt", "fox");
    place.put("docs/b.txt", "dog");
    let weights = model.file("model.safetensors");
    let mut bytes = std::fs::read(&weights).unwrap();
    let head = 8 + usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
    bytes[head..].fill(0);
    std::fs::write(&weights, bytes).unwrap();
    let path = model.path().to_str().unwrap();
    for out in [&["-o", "out.jsonl"][..], &[]] {
        let ran = place.run(&[&["embed", "docs", "--model", path, "--backend", "cpu"], out].concat());
        ran.failed(1, &["all zeros", path, "hint:", "note: docs/a.txt"]);
        assert_eq!(ran.err.matches("note: docs/").count(), 1, "{}", ran.err);
    }
    place.run(&["search", "out.jsonl", "fox", "--backend", "cpu"]).failed(1, &["all zeros", path]);
}
