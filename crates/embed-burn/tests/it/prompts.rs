//! Prompts on the real all-MiniLM-L6-v2, beside sentence-transformers' vectors (see the fixtures' README).

use std::fs;
use std::path::Path;

use device_suite::present::devices;
use device_suite::references::Tolerance;
use embed_burn::{
    Backend, BurnDevice, BurnEmbedder, DeviceSpec, EmbedErrorKind, ModelFolder, Prompt, Prompts,
};
use serde::Deserialize;
use serde_json::json;
use tempfile::TempDir;

use crate::minilm::model;
use crate::tiny::make_tiny;

#[derive(Deserialize)]
struct Case {
    pooling: String,
    include_prompt: bool,
    prompt: String,
    text: String,
    vector: Vec<f32>,
}

#[test]
fn e1_prompts_are_read_and_pooled_as_sentence_transformers_does() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../fixtures/prompts.json")).unwrap();
    for device in devices("e1_prompts_are_read_and_pooled_as_sentence_transformers_does") {
        let tolerance = Tolerance::e1(&device);
        // A software GPU takes seconds for each text.
        let few = device.largest_tensor().is_some() && device.is_host_memory();
        for same in cases.chunk_by(|a, b| (&a.pooling, a.include_prompt) == (&b.pooling, b.include_prompt)) {
            let folder = variant(&same[0].pooling, same[0].include_prompt);
            let folder = ModelFolder::open(folder.path()).unwrap();
            for case in same.iter().take(if few { 1 } else { same.len() }) {
                let model = BurnEmbedder::load(&folder, &device).unwrap();
                let model = model.with_prompt(&Prompt::new(&*case.prompt).unwrap()).unwrap();
                // Beside a shorter text, so that something is padded where anything is.
                let (ids, short) = (model.tokenize(&case.text).unwrap().ids, model.tokenize("").unwrap().ids);
                let vectors = model.forward(&[&ids, &short]).unwrap();
                let off = tolerance.deviation(vectors.row(0).unwrap(), &case.vector);
                assert!(
                    tolerance.allows(off),
                    "{} {} {:?} {:?}: off by {off} on {}",
                    case.pooling,
                    case.include_prompt,
                    case.prompt,
                    case.text.get(..40),
                    device.name()
                );
            }
        }
    }
}

/// The model with another configuration of its pooling; its other files are the model's own.
fn variant(pooling: &str, include_prompt: bool) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(model()).unwrap().map(Result::unwrap) {
        if entry.path().is_file() {
            link(&entry.path(), &dir.path().join(entry.file_name()));
        }
    }
    fs::create_dir(dir.path().join("1_Pooling")).unwrap();
    let mut config = json!({"word_embedding_dimension": 384, "include_prompt": include_prompt});
    config[format!("pooling_mode_{pooling}")] = true.into();
    fs::write(dir.path().join("1_Pooling/config.json"), config.to_string()).unwrap();
    dir
}

fn link(from: &Path, to: &Path) {
    #[cfg(unix)]
    std::os::unix::fs::symlink(from, to).unwrap();
    #[cfg(not(unix))]
    fs::copy(from, to).unwrap();
}

#[test]
fn a_folders_prompts_are_read() {
    let tiny = make_tiny();
    let prompts = || ModelFolder::open(tiny.path()).map(|folder| folder.prompts().clone());
    assert_eq!(prompts().unwrap(), Prompts::default());
    let written = json!({"prompts": {"query": "q: ", "passage": "p: ", "none": null}, "default_prompt_name": "passage"});
    tiny.write("config_sentence_transformers.json", &written).unwrap();
    let read = prompts().unwrap();
    assert_eq!(read.for_documents().unwrap().text, "p: ");
    assert_eq!(read.named("none").unwrap(), None);
    assert!(read.pooled);
    tiny.write("1_Pooling/config.json", &json!({"pooling_mode": "mean", "include_prompt": false})).unwrap();
    assert!(!prompts().unwrap().pooled);

    tiny.write("config_sentence_transformers.json", &json!({"default_prompt_name": "sts"})).unwrap();
    let error = prompts().unwrap_err();
    assert_eq!(error.kind(), EmbedErrorKind::Config);
    assert!(error.to_string().contains("\"sts\"") && error.path().is_some(), "{error}");

    tiny.write("config_sentence_transformers.json", &written).unwrap();
    fs::remove_file(tiny.file("modules.json")).unwrap();
    assert!(prompts().unwrap().is_empty(), "a plain transformer has none");
}

#[test]
fn a_prompt_that_leaves_no_room_is_refused() {
    let device = BurnDevice::open(DeviceSpec::on(Backend::Cpu)).unwrap();
    let model = BurnEmbedder::load(&ModelFolder::open(make_tiny().path()).unwrap(), &device).unwrap();
    let prompt = Prompt::new("fox ".repeat(46)).unwrap();
    let error = model.with_prompt(&prompt).unwrap_err();
    assert_eq!(error.kind(), EmbedErrorKind::Prompt);
    assert!(error.to_string().contains("48"), "{error}");
}

#[test]
fn a_text_that_is_all_prompt_has_a_vector() {
    let tiny = make_tiny();
    let device = BurnDevice::open(DeviceSpec::on(Backend::Cpu)).unwrap();
    for pooling in ["mean", "cls"] {
        tiny.write("1_Pooling/config.json", &json!({"pooling_mode": pooling, "include_prompt": false}))
            .unwrap();
        let model = BurnEmbedder::load(&ModelFolder::open(tiny.path()).unwrap(), &device).unwrap();
        let model = model.with_prompt(&Prompt::new("fox ".repeat(20)).unwrap()).unwrap();
        assert_eq!(model.prompt_tokens(), 20);
        // Shorter than the prompt: nothing of it is the text's.
        let vectors = model.forward(&[&[2, 5, 3], &[2, 5, 3, 3]]).unwrap();
        let is_zero = vectors.row(0).unwrap().iter().all(|&value| value == 0.0);
        assert_eq!(is_zero, pooling == "mean");
    }
}
