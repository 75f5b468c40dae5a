//! Each architecture in f16 and bf16, and with burn's own attention, beside the reference's vectors. `--nocapture` shows how far
//! each is off.

// The tables of docs/models.md.
#![allow(clippy::print_stdout)]

use std::path::Path;

use device_suite::present::devices;
use device_suite::references::{Deviation, Tolerance};
use embed_burn::{Attention, Backend, BurnEmbedder, Compute, EmbedErrorKind, ModelFolder, Precision};
use serde_json::Value;

/// One fixture for each architecture; of these, `t5` has a dense step behind pooling.
pub(crate) const FIXTURES: [&str; 10] = [
    "bert",
    "roberta",
    "xlm-roberta",
    "distilbert",
    "mpnet",
    "modernbert",
    "nomic_bert",
    "t5",
    "t5-gated",
    "qwen3",
];

struct Text {
    ids: Vec<u32>,
    vector: Vec<f32>,
}

fn texts(path: &Path) -> Vec<Text> {
    let expected: Value =
        serde_json::from_slice(&std::fs::read(path.join("expected.json")).unwrap()).unwrap();
    let text = |text: &Value| Text {
        ids: serde_json::from_value(text["ids"].clone()).unwrap(),
        vector: serde_json::from_value(text["vector"].clone()).unwrap(),
    };
    expected["texts"].as_array().unwrap().iter().map(text).collect()
}

/// How far the vectors of a fixture are off at most, on each device, all texts in one batch.
fn offs(name: &str, compute: Compute) -> Vec<(Backend, Result<Deviation, String>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parity").join(name);
    let (folder, texts) = (ModelFolder::open(&path).unwrap(), texts(&path));
    let mut found = Vec::new();
    for device in devices(name) {
        let model = match BurnEmbedder::load_as(&folder, &device, compute) {
            Ok(model) => model,
            Err(error) => {
                // Refused by name, and nothing is computed in other numbers than were asked for.
                let told = error.to_string();
                assert!(error.kind() == EmbedErrorKind::NoPrecision, "{error}");
                assert!(told.contains(compute.precision.as_str()) && told.contains(device.name()), "{told}");
                assert_ne!(compute.precision, Precision::F32, "{told}");
                println!("| {name} | {} | {compute:?} | {told} |", device.backend());
                continue;
            }
        };
        let rows: Vec<&[u32]> = texts.iter().map(|text| &text.ids[..]).collect();
        // Narrow products of the processor's own have tests and bounds of their own.
        let is_fused = model.narrow_instructions().is_some();
        let mut tolerance = Tolerance::of(&device, model.compute().precision);
        if name == "t5-gated" && compute.precision != Precision::F32 {
            // More roundings than the bound counts: both halves of a gate are rounded before their product is, and scores are not scaled.
            tolerance = Tolerance { largest: 2.0 * tolerance.largest, cosine: 2.0 * tolerance.cosine - 1.0 };
        }
        let vectors = model.forward(&rows).unwrap();
        let mut worst = Deviation { largest: 0.0, cosine: 1.0 };
        for (text, got) in texts.iter().zip(vectors.rows()) {
            let off = tolerance.deviation(got, &text.vector);
            worst =
                Deviation { largest: worst.largest.max(off.largest), cosine: worst.cosine.min(off.cosine) };
        }
        println!(
            "| {name} | {} | {} {} | {:.9} | {:.1e} |",
            device.backend(),
            compute.precision,
            compute.attention,
            worst.cosine,
            worst.largest
        );
        let held = is_fused || tolerance.allows(worst);
        found.push((device.backend(), if held { Ok(worst) } else { Err(format!("{name}: {worst}")) }));
    }
    found
}

fn all(compute: Compute) {
    let found: Vec<_> = FIXTURES.iter().flat_map(|name| offs(name, compute)).collect();
    let too_far: Vec<_> = found.iter().filter_map(|(on, off)| Some((on, off.as_ref().err()?))).collect();
    assert!(too_far.is_empty(), "{too_far:?}");
    assert!(found.len() >= FIXTURES.len(), "the processor knows all of it");
}

#[test]
fn burns_own_attention_gives_the_references_vectors() {
    all(Compute { attention: Attention::Fused, ..Compute::default() });
}

#[test]
fn f16_gives_the_references_vectors_as_near_as_its_digits_allow() {
    all(Compute { precision: Precision::F16, ..Compute::default() });
}

#[test]
fn f16_with_burns_own_attention_does_too() {
    all(Compute { precision: Precision::F16, attention: Attention::Fused });
}

#[test]
fn bf16_gives_the_references_vectors_as_near_as_its_digits_allow() {
    // With burn's attention, so that the processor computes it as a GPU does.
    all(Compute { precision: Precision::Bf16, attention: Attention::Fused });
}
