//! Reading a model's folder: each file's part in it.

use embed_burn::{ModelFolder, Pooling};
use serde_json::json;

use crate::tiny::{HEADS, HIDDEN, LAYERS, MAX_TOKENS, POSITIONS, Tiny, WIDE};

#[test]
fn the_configuration_is_read() {
    let tiny = Tiny::new();
    let folder = ModelFolder::open(tiny.path()).unwrap();
    assert_eq!((folder.dim(), folder.max_tokens(), folder.normalizes()), (HIDDEN, MAX_TOKENS, true));
    assert_eq!(folder.pooling(), Pooling::Mean);
    let shape = folder.shape();
    assert_eq!((shape.hidden, shape.heads, shape.layers, shape.feed_forward), (HIDDEN, HEADS, LAYERS, WIDE));
}

#[test]
fn the_length_limit_has_its_sources_in_order() {
    let tiny = Tiny::new();
    let limit = || ModelFolder::open(tiny.path()).unwrap().max_tokens();
    tiny.write("tokenizer_config.json", &json!({"model_max_length": 20}));
    assert_eq!(limit(), MAX_TOKENS, "sentence_bert_config.json comes first");
    std::fs::remove_file(tiny.file("sentence_bert_config.json")).unwrap();
    assert_eq!(limit(), 20, "then the tokenizer's");
    tiny.write("tokenizer_config.json", &json!({"model_max_length": 1e30}));
    assert_eq!(limit(), POSITIONS, "a limit of no limit is none");
    tiny.write("sentence_bert_config.json", &json!({"max_seq_length": 100_000}));
    assert_eq!(limit(), POSITIONS, "never more than there are positions");
}

#[test]
fn padding_and_truncation_of_the_tokenizer_file_are_overridden() {
    let tiny = Tiny::new();
    let tokenizer = ModelFolder::open(tiny.path()).unwrap().tokenizer().unwrap();
    assert_eq!(tokenizer.encode("fox", true).unwrap().len(), 3);
    assert_eq!(tokenizer.encode("fox ".repeat(20), true).unwrap().len(), 22);
}

#[test]
fn newer_spellings_are_read() {
    let tiny = Tiny::new();
    tiny.write("1_Pooling/config.json", &json!({"word_embedding_dimension": HIDDEN, "pooling_mode": "cls"}));
    assert_eq!(ModelFolder::open(tiny.path()).unwrap().pooling(), Pooling::Cls);
}

#[test]
fn without_modules_it_is_a_plain_transformer() {
    let tiny = Tiny::new();
    std::fs::remove_file(tiny.file("modules.json")).unwrap();
    let folder = ModelFolder::open(tiny.path()).unwrap();
    assert_eq!((folder.pooling(), folder.normalizes()), (Pooling::Mean, false));
}

#[test]
fn identity_changes_with_what_vectors_depend_on() {
    let mut tiny = Tiny::new();
    let identity = |tiny: &Tiny| ModelFolder::open(tiny.path()).unwrap().identity().unwrap();
    let before = identity(&tiny);
    assert_eq!(before, identity(&tiny));
    let json = serde_json::to_string(&before).unwrap();
    assert_eq!(serde_json::from_str::<embed_burn::ModelIdentity>(&json).unwrap(), before);
    tiny.tensors[0].values[0] += 1.0;
    tiny.save_weights();
    assert_ne!(identity(&tiny).weights_sha256, before.weights_sha256);
    let other = Tiny::with("cls_token", true, "gelu");
    assert_ne!(identity(&other), before);
}
