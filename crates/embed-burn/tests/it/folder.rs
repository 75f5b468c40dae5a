//! Reading a model's folder: each file's part in it.

use device_suite::SeededModel;
use embed_burn::{Backend, BurnDevice, BurnEmbedder, DeviceSpec, EmbedErrorKind, ModelFolder, Pooling};
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
    assert_eq!(folder.pooling(), Pooling::MEAN);
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
    assert_eq!(ModelFolder::open(tiny.path()).unwrap().pooling(), Pooling::CLS);
}

#[test]
fn without_modules_it_is_a_plain_transformer() {
    let tiny = make_tiny();
    std::fs::remove_file(tiny.file("modules.json")).unwrap();
    let folder = ModelFolder::open(tiny.path()).unwrap();
    assert_eq!((folder.pooling(), folder.normalizes()), (Pooling::MEAN, false));
    assert!(!folder.names_modules() && ModelFolder::open(make_tiny().path()).unwrap().names_modules());
}

#[test]
fn a_modules_path_is_read_however_it_is_written() {
    for path in ["./1_Pooling", "1_Pooling/", ".\\1_Pooling"] {
        let tiny = make_tiny();
        let steps = json!([{"type": "x.Transformer", "path": "."}, {"type": "x.Pooling", "path": path}]);
        tiny.write("modules.json", &steps).unwrap();
        tiny.write("1_Pooling/config.json", &json!({"pooling_mode": "cls"})).unwrap();
        assert_eq!(ModelFolder::open(tiny.path()).unwrap().pooling(), Pooling::CLS, "{path}");
    }
}

#[test]
fn pooling_modes_are_those_of_sentence_transformers() {
    let tiny = make_tiny();
    for (config, want) in [
        (json!({"pooling_mode": ["cls"]}), Pooling::CLS),
        (json!({"pooling_mode": "cls", "pooling_mode_mean_tokens": true}), Pooling::CLS),
        (json!({"pooling_mode_cls_token": false}), Pooling::MEAN),
        (json!({"embedding_dimension": SIZES.hidden}), Pooling::MEAN),
    ] {
        tiny.write("1_Pooling/config.json", &config).unwrap();
        assert_eq!(ModelFolder::open(tiny.path()).unwrap().pooling(), want, "{config}");
    }
    tiny.write("1_Pooling/config.json", &json!({"embedding_dimension": SIZES.hidden + 1})).unwrap();
    assert!(ModelFolder::open(tiny.path()).is_err());
}

/// Spreads the weights over files of so many tensors, as large models have them, and returns the files' names.
fn shard(tiny: &mut SeededModel, tensors: usize) -> Vec<String> {
    let all = std::mem::take(&mut tiny.tensors);
    let mut map = serde_json::Map::new();
    let count = all.len().div_ceil(tensors);
    let mut names = Vec::new();
    for (index, part) in all.chunks(tensors).enumerate() {
        let name = format!("model-{:05}-of-{count:05}.safetensors", index + 1);
        tiny.tensors = part.to_vec();
        tiny.save_weights().unwrap();
        std::fs::rename(tiny.file("model.safetensors"), tiny.file(&name)).unwrap();
        map.extend(part.iter().map(|tensor| (tensor.name.clone(), name.clone().into())));
        names.push(name);
    }
    tiny.tensors = all;
    tiny.write("model.safetensors.index.json", &json!({"metadata": {"total_size": 1}, "weight_map": map}))
        .unwrap();
    names
}

#[test]
fn weights_in_several_files_are_those_of_one() {
    let vectors = |tiny: &SeededModel| {
        let device = BurnDevice::open(DeviceSpec::on(Backend::Cpu)).unwrap();
        let model = BurnEmbedder::load(&ModelFolder::open(tiny.path()).unwrap(), &device).unwrap();
        model.forward(&[&[2, 5, 6, 3]]).unwrap()
    };
    let mut tiny = make_tiny();
    let want = vectors(&tiny);
    let names = shard(&mut tiny, 7);
    assert!(names.len() > 3 && vectors(&tiny) == want);

    let open = |tiny: &SeededModel| ModelFolder::open(tiny.path()).map(drop).unwrap_err();
    for name in &names[1..3] {
        std::fs::rename(tiny.file(name), tiny.file("away")).unwrap();
        let error = open(&tiny);
        assert_eq!((error.kind(), error.missing()), (EmbedErrorKind::MissingShards, &[name.clone()][..]));
        assert!(error.path().unwrap().ends_with("model.safetensors.index.json"), "{error}");
        std::fs::rename(tiny.file("away"), tiny.file(name)).unwrap();
    }
    std::fs::write(tiny.file(&names[1]), "version x\noid sha256:1\nsize 5\n").unwrap();
    assert_eq!(open(&tiny).kind(), EmbedErrorKind::LfsPointer);
    std::fs::copy(tiny.file(&names[0]), tiny.file(&names[1])).unwrap();
    let device = BurnDevice::open(DeviceSpec::on(Backend::Cpu)).unwrap();
    let error = BurnEmbedder::load(&ModelFolder::open(tiny.path()).unwrap(), &device).unwrap_err();
    assert!(error.to_string().contains("too"), "a tensor in two files: {error}");
    for map in [json!({}), json!({"a": "../elsewhere.safetensors"}), json!({"a": "/x.safetensors"})] {
        tiny.write("model.safetensors.index.json", &json!({"weight_map": map})).unwrap();
        assert_eq!(open(&tiny).kind(), EmbedErrorKind::Config, "{map}");
    }
}

#[test]
fn identity_is_of_all_shards() {
    let mut tiny = make_tiny();
    let names = shard(&mut tiny, 7);
    let identity = || ModelFolder::open(tiny.path()).unwrap().identity().unwrap();
    let before = identity();
    assert_eq!(before, identity());
    let mut bytes = std::fs::read(tiny.file(&names[2])).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(tiny.file(&names[2]), bytes).unwrap();
    assert_eq!(before.differences(&identity()), ["the weights"]);
}

#[test]
fn identity_names_what_differs() {
    let tiny = make_tiny();
    let identity = || ModelFolder::open(tiny.path()).unwrap().identity().unwrap();
    let before = identity();
    let edit = |file: &str, key: &str, value: serde_json::Value| {
        let mut json: serde_json::Value =
            serde_json::from_slice(&std::fs::read(tiny.file(file)).unwrap()).unwrap();
        json[key] = value;
        tiny.write(file, &json).unwrap();
    };
    for (file, key, value, says) in [
        ("config.json", "hidden_act", json!("relu"), "hidden_act (it was gelu, and is relu)"),
        ("config.json", "layer_norm_eps", json!(1e-5), "layer_norm_eps (it was 1e-12, and is 1e-5)"),
        ("config.json", "num_attention_heads", json!(8), "num_attention_heads (it was 4, and is 8)"),
        ("sentence_bert_config.json", "max_seq_length", json!(30), "the length limit (it was 48, and is 30)"),
        (
            "sentence_bert_config.json",
            "do_lower_case",
            json!(true),
            "do_lower_case (it was not set, and is true)",
        ),
        (
            "1_Pooling/config.json",
            "pooling_mode",
            json!("cls"),
            "pooling (it was mean, normalised, and is cls, normalised)",
        ),
        ("1_Pooling/config.json", "include_prompt", json!(false), "the prompts"),
        ("config_sentence_transformers.json", "prompts", json!({"query": "q: "}), "the prompts"),
        ("tokenizer.json", "version", json!("1.1"), "the tokenizer"),
    ] {
        let was = std::fs::read(tiny.file(file)).ok();
        if was.is_none() {
            tiny.write(file, &json!({})).unwrap();
        }
        edit(file, key, value);
        assert_eq!(before.differences(&identity()), [says]);
        match was {
            Some(was) => std::fs::write(tiny.file(file), was).unwrap(),
            None => std::fs::remove_file(tiny.file(file)).unwrap(),
        }
    }
    // What no vector depends on.
    edit("config.json", "hidden_dropout_prob", json!(0.5));
    tiny.write("config_sentence_transformers.json", &json!({"prompts": {"query": "", "document": ""}}))
        .unwrap();
    assert_eq!(before.differences(&identity()), [""; 0]);
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
