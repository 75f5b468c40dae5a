//! E1 on the real all-MiniLM-L6-v2, beside sentence-transformers' vectors (see the fixtures' README).

use std::path::PathBuf;

use chunk_strategies::Embedder;
use embed_burn::{BurnEmbedder, ModelFolder};
use serde::Deserialize;

use crate::present::devices;

#[derive(Deserialize)]
struct Reference {
    text: String,
    vector: Vec<f64>,
}

#[test]
fn e1_faithful_to_sentence_transformers() {
    let references: Vec<Reference> = serde_json::from_str(include_str!("../fixtures/minilm.json")).unwrap();
    let folder = ModelFolder::open(model()).unwrap();
    for device in devices("e1_faithful_to_sentence_transformers") {
        let model = BurnEmbedder::load(&folder, &device).unwrap();
        // A software GPU takes seconds for each text.
        let few = device.largest_tensor().is_some() && device.is_host_memory();
        let references = if few { &references[..3] } else { &references[..] };
        let limit = if device.largest_tensor().is_some() { 1e-4 } else { 1e-5 };
        let texts: Vec<&str> = references.iter().map(|reference| &reference.text[..]).collect();
        let vectors = model.embed(&texts).unwrap();
        for (want, got) in references.iter().zip(vectors.rows()) {
            let pairs = || got.iter().map(|&value| f64::from(value)).zip(want.vector.iter().copied());
            let off = pairs().map(|(got, want)| (got - want).abs()).fold(0.0, f64::max);
            let dot: f64 = pairs().map(|(got, want)| got * want).sum();
            let norms: f64 = pairs().map(|(got, _)| got * got).sum::<f64>().sqrt()
                * pairs().map(|(_, want)| want * want).sum::<f64>().sqrt();
            let (text, name) = (&want.text, device.name());
            assert!(off <= limit, "{text:?} is off by {off} on {name}");
            assert!(dot / norms >= 0.99999, "{text:?}: cosine {} on {name}", dot / norms);
        }
    }
}

/// `SEMANTIK_MODEL`, or where `cargo xtask model` puts it.
fn model() -> PathBuf {
    if let Some(path) = std::env::var_os("SEMANTIK_MODEL") {
        return path.into();
    }
    let cache = std::env::var_os("SEMANTIK_CACHE").map(PathBuf::from).or_else(|| {
        let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
        Some(std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home)?.join("semantik"))
    });
    let folder = cache.unwrap_or_default().join("models/all-MiniLM-L6-v2");
    assert!(folder.is_dir(), "{} is missing; `cargo xtask model` brings it", folder.display());
    folder
}
