//! `--dtype`: other numbers to compute in.

use device_suite::{SeededModel, Sizes};
use serde_json::Value;

use crate::place::{Place, Ran, records};

fn embed(place: &Place, model: &SeededModel, dtype: &str, out: &str) -> Ran {
    let path = model.path().to_str().unwrap();
    let cut = ["--size", "12", "--overlap", "0", "--backend", "cpu"];
    place.run(&[&["embed", "docs", "--model", path, "--dtype", dtype, "-o", out], &cut[..]].concat())
}

fn dtype_of(place: &Place, out: &str) -> String {
    let meta: Value = serde_json::from_str(&place.read(&format!("{out}.meta.json"))).unwrap();
    meta["model"]["dtype"].as_str().unwrap().to_owned()
}

fn vectors(place: &Place, out: &str) -> Vec<Vec<f64>> {
    let numbers = |record: &Value| {
        let list = record["embedding"].as_array().unwrap();
        list.iter().map(|number| number.as_f64().unwrap()).collect()
    };
    records(&place.read(out)).iter().map(numbers).collect()
}

#[test]
fn narrow_numbers_are_told_recorded_and_near() {
    let (model, place) = (SeededModel::new(Sizes::TINY).unwrap(), Place::new());
    place.put("docs/a.txt", "the quick fox.\n\nthe dogs are quick.\n\nfoxes are dogs.\n".repeat(4));
    embed(&place, &model, "f32", "f32.jsonl").records();
    assert_eq!(dtype_of(&place, "f32.jsonl"), "f32");
    let want = vectors(&place, "f32.jsonl");
    for (dtype, least) in [("bf16", 0.9995), ("int8", 0.99)] {
        let out = format!("{dtype}.jsonl");
        let ran = embed(&place, &model, dtype, &out);
        ran.records();
        // Which it is depends on the processor; that it is told and recorded does not.
        let absent = ran.err.contains(&format!("no instructions for {dtype}"));
        let used = if absent { "f32" } else { dtype };
        assert!(absent || ran.err.contains(&format!("computing in {dtype}, with A")), "{}", ran.err);
        assert_eq!(dtype_of(&place, &out), used);
        let got = vectors(&place, &out);
        assert_eq!(got.len(), want.len());
        assert_eq!(absent, got == want, "{dtype}");
        for (got, want) in got.iter().zip(&want) {
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            let cosine = dot(got, want) / (dot(got, got) * dot(want, want)).sqrt();
            assert!(cosine >= least, "{dtype}: {cosine}");
        }
        // A question in f32 finds what was made in fewer digits.
        let path = model.path().to_str().unwrap();
        place.run(&["search", &out, "quick dogs", "--model", path, "--backend", "cpu"]).records();
    }
}

#[test]
fn an_unknown_type_is_refused_with_the_known_ones() {
    let (model, place) = (SeededModel::new(Sizes::TINY).unwrap(), Place::new());
    place.put("docs/a.txt", "the quick fox.\n");
    embed(&place, &model, "f8", "out.jsonl").failed(2, &["f8", "f32, f16, bf16, int8"]);
}
