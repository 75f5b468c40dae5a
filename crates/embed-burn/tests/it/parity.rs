//! E1 to E3 on tiny models of every architecture and of every part of sentence-transformers' folders, beside the vectors that
//! the reference packages compute of them (see the fixtures' README). `--nocapture` shows how far each is off.

// The table of docs/models.md.
#![allow(clippy::print_stdout)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use device_suite::present::devices;
use device_suite::references::{Deviation, Tolerance};
use embed_burn::{BurnDevice, BurnEmbedder, ModelFolder, Prompt};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    prompt: Option<String>,
    texts: Vec<Text>,
    tokens: Vec<Tokens>,
}

// As the file names it.
#[allow(clippy::struct_field_names)]
#[derive(Clone, Deserialize)]
struct Text {
    text: String,
    ids: Vec<u32>,
    dropped: usize,
    vector: Vec<f32>,
}

#[derive(Deserialize)]
struct Tokens {
    text: String,
    vectors: Vec<Vec<f32>>,
}

/// A test for each fixture, and the names of all.
macro_rules! fixtures {
    ($($test:ident: $name:literal),+ $(,)?) => {
        const FIXTURES: &[&str] = &[$($name),+];
        $(
            #[test]
            fn $test() {
                agrees($name);
            }
        )+
    };
}
fixtures! {
    e1_e2_e3_bert: "bert",
    e1_e2_e3_roberta: "roberta",
    e1_e2_e3_xlm_roberta: "xlm-roberta",
    e1_e2_e3_distilbert: "distilbert",
    e1_e2_e3_mpnet: "mpnet",
    e1_e2_e3_modernbert: "modernbert",
    e1_e2_e3_nomic_bert: "nomic_bert",
    e1_e2_e3_t5: "t5",
    e1_e2_e3_t5_gated: "t5-gated",
    e1_e2_e3_qwen3: "qwen3",
    e1_e2_e3_every_pooling_at_once: "pooling",
    e1_e2_e3_pooling_without_the_prompt: "prompt",
    e1_e2_e3_dense_steps: "dense",
    e1_e2_e3_layer_norm_and_normalize_between_steps: "layer-norm",
    e1_e2_e3_vectors_cut_short: "truncate",
    e1_e2_e3_weights_in_f16: "f16",
    e1_e2_e3_weights_in_bf16: "bf16",
    e1_e2_e3_lower_case_without_the_tokenizers_help: "lower-case",
    e1_e2_e3_weights_of_older_versions: "pickled",
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parity")
}

#[test]
fn every_fixture_has_its_test() {
    let there = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let there: BTreeSet<String> = there.map(|name| name.into_string().unwrap()).collect();
    assert_eq!(there, FIXTURES.iter().map(|&name| name.to_owned()).collect());
}

fn agrees(name: &str) {
    let path = folder().join(name);
    let expected: Expected =
        serde_json::from_slice(&std::fs::read(path.join("expected.json")).unwrap()).unwrap();
    let folder = ModelFolder::open(&path).unwrap();
    for device in devices(name) {
        let model = BurnEmbedder::load(&folder, &device).unwrap();
        let model = match expected.prompt.as_deref().and_then(Prompt::new) {
            Some(prompt) => model.with_prompt(&prompt).unwrap(),
            None => model,
        };
        assert_eq!(model.dim(), expected.texts[0].vector.len());
        let shown = format!("{name} on {}", device.name());
        complete(&model, &expected.texts, &shown);
        let off = faithful(&model, &device, &expected.texts, &shown);
        invariant(&model, &device, &expected.texts, &shown);
        of_tokens(&model, &device, &expected.tokens, &shown);
        println!("| {name} | {} | {:.9} | {:.1e} |", device.backend(), off.cosine, off.largest);
    }
}

/// E3: the same tokens as the reference, in the texts' order, and what was left out is counted.
fn complete(model: &BurnEmbedder, texts: &[Text], shown: &str) {
    for want in texts {
        let got = model.tokenize(&want.text).unwrap();
        assert_eq!((got.ids, got.dropped), (want.ids.clone(), want.dropped), "{shown}: {:?}", want.text);
    }
    assert!(texts.iter().any(|text| text.dropped > 0), "{shown}: no text is over the limit");
    assert!(texts.iter().any(|text| text.text.is_empty()), "{shown}: no text is empty");
}

/// E1, all texts in one batch, so that something is padded where anything is.
fn faithful(model: &BurnEmbedder, device: &BurnDevice, texts: &[Text], shown: &str) -> Deviation {
    let tolerance = Tolerance::e1(device);
    let rows: Vec<&[u32]> = texts.iter().map(|text| &text.ids[..]).collect();
    let vectors = model.forward(&rows).unwrap();
    let mut worst = Deviation { largest: 0.0, cosine: 1.0 };
    for (want, got) in texts.iter().zip(vectors.rows()) {
        let off = tolerance.deviation(got, &want.vector);
        assert!(tolerance.allows(off), "{shown}: {:?} is off by {off}", want.text);
        worst = Deviation { largest: worst.largest.max(off.largest), cosine: worst.cosine.min(off.cosine) };
    }
    worst
}

/// E2: alone as in a batch.
fn invariant(model: &BurnEmbedder, device: &BurnDevice, texts: &[Text], shown: &str) {
    let tolerance = Tolerance { largest: 1e-6, cosine: 0.999_999 };
    let rows: Vec<&[u32]> = texts.iter().map(|text| &text.ids[..]).collect();
    let together = model.forward(&rows).unwrap();
    // A software GPU compiles kernels for each shape.
    let few = device.largest_tensor().is_some() && device.is_host_memory();
    for (index, row) in rows.iter().enumerate().take(if few { 2 } else { rows.len() }) {
        let alone = model.forward(&[row]).unwrap();
        let off = tolerance.deviation(alone.row(0).unwrap(), together.row(index).unwrap());
        assert!(tolerance.allows(off), "{shown}: {:?} alone is off by {off}", texts[index].text);
    }
}

/// E1 of the vectors of a text's tokens.
fn of_tokens(model: &BurnEmbedder, device: &BurnDevice, tokens: &[Tokens], shown: &str) {
    let tolerance = Tolerance::e1(device);
    let texts: Vec<&str> = tokens.iter().map(|tokens| &tokens.text[..]).collect();
    for (want, got) in tokens.iter().zip(model.embed_tokens(&texts).unwrap()) {
        assert_eq!((got.ids.len(), got.vectors.len()), (want.vectors.len(), want.vectors.len()), "{shown}");
        assert_eq!(got.vectors.dim(), model.token_dim());
        for (place, (got, want)) in got.vectors.rows().zip(&want.vectors).enumerate() {
            let off = tolerance.deviation(got, want);
            assert!(tolerance.allows(off), "{shown}: token {place} of {:?} is off by {off}", texts[0]);
        }
    }
}
