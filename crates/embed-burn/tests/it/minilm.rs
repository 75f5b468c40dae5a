//! E1 on the real all-MiniLM-L6-v2, beside sentence-transformers' vectors (see the fixtures' README).

use std::path::PathBuf;

use device_suite::present::devices;
use device_suite::references::{Reference, compare};
use embed_burn::{BurnEmbedder, ModelFolder};

#[test]
fn e1_faithful_to_sentence_transformers() {
    let references: Vec<Reference> = serde_json::from_str(include_str!("../fixtures/minilm.json")).unwrap();
    let folder = ModelFolder::open(model()).unwrap();
    for device in devices("e1_faithful_to_sentence_transformers") {
        let model = BurnEmbedder::load(&folder, &device).unwrap();
        // A software GPU takes seconds for each text.
        let few = device.largest_tensor().is_some() && device.is_host_memory();
        let references = if few { &references[..3] } else { &references[..] };
        let parity = compare(&model, references).unwrap();
        assert_eq!(parity.failures, Vec::<String>::new(), "on {}", device.name());
    }
}

/// The version that this is built with, as far as it is known here.
#[test]
fn the_framework_is_called_by_its_version() {
    let lock = std::fs::read_to_string("../../Cargo.lock").unwrap();
    let version = lock.split("name = \"burn\"\nversion = \"").nth(1).and_then(|rest| rest.split('"').next());
    assert_eq!(Some(embed_burn::FRAMEWORK), version.map(|version| format!("burn {version}")).as_deref());
}

/// 90.3 MB, which a device's pool was seen to hold of it.
#[test]
fn weights_are_counted_from_the_configuration() {
    assert_eq!(ModelFolder::open(model()).unwrap().parameters(), 22_564_608);
}

/// `SEMANTIK_MODEL`, or where `cargo xtask model` puts it.
pub(crate) fn model() -> PathBuf {
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
