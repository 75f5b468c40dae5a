//! Reading a model's folder: each file's part in it.

use device_suite::SeededModel;
use embed_burn::{ModelFolder, Pooling};
use serde_json::json;

use crate::tiny::{SIZES, make_tiny};

#[test]
fn the_configuration_is_read() {
    let tiny = make_tiny();
    let folder = ModelFolder::open(tiny.path()).unwrap();
    assert_eq!(
        (folder.dim(), folder.max_tokens(), folder.normalizes()),
        (SIZES.hidden, SIZES.max_tokens, true)
    );
    assert_eq!(folder.pooling(), Pooling::Mean);
    let shape = folder.shape();
    assert_eq!(
        (shape.hidden, shape.heads, shape.layers, shape.feed_forward),
        (SIZES.hidden, SIZES.heads, SIZES.layers, SIZES.wide)
    );
}

#[test]
fn the_length_limit_has_its_sources_in_order() {
    let tiny = make_tiny();
    let limit = || ModelFolder::open(tiny.path()).unwrap().max_tokens();
    tiny.write("tokenizer_config.json", &json!({"model_max_length": 20})).unwrap();
    assert_eq!(limit(), SIZES.max_tokens, "sentence_bert_config.json comes first");
    std::fs::remove_file(tiny.file("sentence_bert_config.json")).unwrap();
    assert_eq!(limit(), 20, "then the tokenizer's");
    tiny.write("tokenizer_config.json", &json!({"model_max_length": 1e30})).unwrap();
    assert_eq!(limit(), SIZES.positions, "a limit of no limit is none");
    tiny.write("sentence_bert_config.json", &json!({"max_seq_length": 100_000})).unwrap();
    assert_eq!(limit(), SIZES.positions, "never more than there are positions");
}

#[test]
fn padding_and_truncation_of_the_tokenizer_file_are_overridden() {
    let tiny = make_tiny();
    let tokenizer = ModelFolder::open(tiny.path()).unwrap().tokenizer().unwrap();
    assert_eq!(tokenizer.encode("fox", true).unwrap().len(), 3);
    assert_eq!(tokenizer.encode("fox ".repeat(20), true).unwrap().len(), 22);
}

#[test]
fn newer_spellings_are_read() {
    let tiny = make_tiny();
    tiny.write(
        "1_Pooling/config.json",
        &json!({"word_embedding_dimension": SIZES.hidden, "pooling_mode": "cls"}),
    )
    .unwrap();
    assert_eq!(ModelFolder::open(tiny.path()).unwrap().pooling(), Pooling::Cls);
}

#[test]
fn without_modules_it_is_a_plain_transformer() {
    let tiny = make_tiny();
    std::fs::remove_file(tiny.file("modules.json")).unwrap();
    let folder = ModelFolder::open(tiny.path()).unwrap();
    assert_eq!((folder.pooling(), folder.normalizes()), (Pooling::Mean, false));
}

#[test]
fn identity_changes_with_what_vectors_depend_on() {
    let mut tiny = make_tiny();
    let identity = |tiny: &SeededModel| ModelFolder::open(tiny.path()).unwrap().identity().unwrap();
    let before = identity(&tiny);
    assert_eq!(before, identity(&tiny));
    let json = serde_json::to_string(&before).unwrap();
    assert_eq!(serde_json::from_str::<embed_burn::ModelIdentity>(&json).unwrap(), before);
    tiny.tensors[0].values[0] += 1.0;
    tiny.save_weights().unwrap();
    assert_ne!(identity(&tiny).weights_sha256, before.weights_sha256);
    let other = SeededModel::with(SIZES, "cls_token", true, "gelu").unwrap();
    assert_ne!(identity(&other), before);
}
