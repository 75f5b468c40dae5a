//! What a folder of each architecture may say, and in which words.

use std::fs;
use std::path::Path;

use embed_burn::{
    Backend, BurnDevice, BurnEmbedder, DeviceSpec, EmbedError, EmbedErrorKind, ModelFolder, Pooling,
    PoolingMode,
};
use safetensors::SafeTensors;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A fixture's folder, to be changed.
struct Model(TempDir);

impl Model {
    fn new(name: &str) -> Self {
        let model = Model(tempfile::tempdir().unwrap());
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parity").join(name), model.0.path());
        model
    }

    fn edit(&self, file: &str, change: impl FnOnce(&mut Value)) -> &Self {
        let path = self.0.path().join(file);
        let mut value: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut value);
        fs::write(&path, value.to_string()).unwrap();
        self
    }

    fn remove(&self, file: &str) -> &Self {
        fs::remove_file(self.0.path().join(file)).unwrap();
        self
    }

    fn open(&self) -> Result<ModelFolder, EmbedError> {
        ModelFolder::open(self.0.path())
    }

    fn load(&self) -> Result<BurnEmbedder, EmbedError> {
        BurnEmbedder::load(&self.open()?, &BurnDevice::open(DeviceSpec::on(Backend::Cpu))?)
    }

    fn vectors(&self) -> Vec<f32> {
        self.load().unwrap().forward(&[&[2, 9, 8, 7, 3], &[2, 30, 3]]).unwrap().into_inner()
    }

    /// Writes its tensors under other names; those without one are left out.
    fn rename(&self, file: &str, new: impl Fn(&str) -> Option<String>) -> &Self {
        let path = self.0.path().join(file);
        let bytes = fs::read(&path).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap().tensors();
        let renamed = tensors.into_iter().filter_map(|(name, tensor)| Some((new(&name)?, tensor)));
        fs::write(&path, safetensors::serialize(renamed, None).unwrap()).unwrap();
        self
    }

    /// Overwrites the first number of a tensor.
    fn spoil(&self, file: &str, name: &str, value: f32) -> &Self {
        let path = self.0.path().join(file);
        let mut bytes = fs::read(&path).unwrap();
        let begin = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let header: Value = serde_json::from_slice(&bytes[8..begin]).unwrap();
        let at = begin + header[name]["data_offsets"][0].as_u64().unwrap() as usize;
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        fs::write(&path, bytes).unwrap();
        self
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn take(config: &mut Value, old: &str, new: &str) {
    config[new] = config.as_object_mut().unwrap().remove(old).unwrap();
}

#[test]
fn a_text_is_no_longer_than_there_are_positions() {
    for (name, most) in [("bert", 64), ("distilbert", 64), ("modernbert", 64), ("qwen3", 64), ("t5", 1000)] {
        let model = Model::new(name);
        model.edit("sentence_bert_config.json", |config| config["max_seq_length"] = 1000.into());
        assert_eq!(model.open().unwrap().max_tokens(), most, "{name}");
    }
    // Of 66, one is for padding, and the one before it is never used.
    for name in ["roberta", "xlm-roberta", "mpnet"] {
        let model = Model::new(name);
        model.edit("sentence_bert_config.json", |config| config["max_seq_length"] = 1000.into());
        assert_eq!(model.open().unwrap().max_tokens(), 64, "{name}");
        let embedder = model.load().unwrap();
        let longest = [&[0][..], &[9; 62], &[2]].concat();
        assert_eq!(embedder.forward(&[&longest]).unwrap().len(), 1, "{name}");
        let error = embedder.forward(&[&[9; 65]]).unwrap_err();
        assert_eq!(error.kind(), EmbedErrorKind::Input, "{name}: {error}");
    }
    let model = Model::new("t5");
    model.remove("sentence_bert_config.json").remove("tokenizer_config.json");
    assert_eq!(model.open().unwrap().max_tokens(), 512, "what it was trained with");
}

#[test]
fn older_configurations_say_the_same() {
    let model = Model::new("nomic_bert");
    let want = model.vectors();
    model.edit("config.json", |config| {
        for (new, old) in [
            ("hidden_size", "n_embd"),
            ("num_attention_heads", "n_head"),
            ("num_hidden_layers", "n_layer"),
            ("intermediate_size", "n_inner"),
            ("max_position_embeddings", "n_positions"),
            ("layer_norm_eps", "layer_norm_epsilon"),
        ] {
            take(config, new, old);
        }
        for name in ["hidden_act", "rope_parameters", "head_dim"] {
            config.as_object_mut().unwrap().remove(name);
        }
        config["activation_function"] = "swiglu".into();
        config["rotary_emb_base"] = 1000.into();
        config["rotary_emb_fraction"] = 1.0.into();
        config["rotary_scaling_factor"] = Value::Null;
        config["prenorm"] = false.into();
    });
    assert_eq!(model.vectors(), want);
    let limit = || model.open().unwrap().max_tokens();
    model.edit("config.json", |config| {
        config["rotary_scaling_factor"] = 2.into();
        config["max_trained_positions"] = 40.into();
    });
    assert_eq!(limit(), 40, "beyond, positions depend on a text's length");

    let model = Model::new("modernbert");
    let want = model.vectors();
    model.edit("config.json", |config| {
        let fields = config.as_object_mut().unwrap();
        fields.remove("layer_types");
        fields.remove("rope_parameters");
        config["global_rope_theta"] = 160_000.into();
        config["local_rope_theta"] = 10_000.into();
    });
    assert_eq!(model.vectors(), want);

    let model = Model::new("qwen3");
    let want = model.vectors();
    model.edit("config.json", |config| {
        config.as_object_mut().unwrap().remove("rope_parameters");
        config["rope_theta"] = 1_000_000.into();
        config["rope_scaling"] = Value::Null;
    });
    assert_eq!(model.vectors(), want);
}

#[test]
fn what_an_architecture_may_do_and_is_not_run_is_named() {
    for (name, key, value) in [
        ("qwen3", "use_sliding_window", json!(true)),
        ("qwen3", "rope_scaling", json!({"rope_type": "yarn", "factor": 4.0})),
        ("nomic_bert", "prenorm", json!(true)),
        ("nomic_bert", "rotary_emb_fraction", json!(0.5)),
        ("roberta", "position_embedding_type", json!("relative_key")),
        ("t5", "feed_forward_proj", json!("gated-softplus")),
        ("modernbert", "hidden_activation", json!("softplus")),
    ] {
        let model = Model::new(name);
        model.edit("config.json", |config| config[key] = value.clone());
        let error = model.open().unwrap_err();
        assert_eq!(error.kind(), EmbedErrorKind::Unsupported, "{name} with {key} {value}: {error}");
        assert!(error.path().unwrap().ends_with("config.json"), "{error}");
    }
    for (name, key, value) in [
        ("t5", "relative_attention_num_buckets", json!(7)),
        ("t5", "relative_attention_max_distance", json!(2)),
        ("t5", "num_heads", json!("four")),
        ("qwen3", "head_dim", json!(7)),
        ("qwen3", "num_key_value_heads", json!(3)),
        ("qwen3", "max_position_embeddings", json!(16_000_000)),
        ("roberta", "pad_token_id", json!(-1)),
        ("roberta", "max_position_embeddings", json!(2)),
        ("modernbert", "norm_eps", json!(-1.0)),
        ("modernbert", "layer_types", json!(["full_attention"])),
        ("modernbert", "norm_bias", json!("yes")),
        ("distilbert", "n_heads", json!(5)),
    ] {
        let model = Model::new(name);
        model.edit("config.json", |config| config[key] = value.clone());
        let error = model.open().unwrap_err();
        assert_eq!(error.kind(), EmbedErrorKind::Config, "{name} with {key} {value}: {error}");
        assert!(error.path().unwrap().ends_with("config.json"), "{error}");
    }
}

#[test]
fn weights_saved_with_a_head_have_a_prefix() {
    let prefixes = [
        ("roberta", "roberta."),
        ("xlm-roberta", "roberta."),
        ("distilbert", "distilbert."),
        ("mpnet", "mpnet."),
        ("modernbert", "model."),
        ("qwen3", "model."),
    ];
    for (name, prefix) in prefixes {
        let model = Model::new(name);
        let want = model.vectors();
        model.rename("model.safetensors", |name| Some(format!("{prefix}{name}")));
        assert_eq!(model.vectors(), want, "{name}");
    }
}

#[test]
fn all_that_is_missing_is_named_in_every_architecture() {
    for (name, part) in [
        ("roberta", "encoder.layer.1.output.dense."),
        ("distilbert", "transformer.layer.0.ffn.lin1."),
        ("mpnet", "encoder.relative_attention_bias."),
        ("modernbert", "layers.2.attn"),
        ("nomic_bert", "encoder.layers.1.mlp.fc1"),
        ("t5", "encoder.block.1.layer.0."),
        ("t5-gated", "encoder.block.1.layer.1.DenseReluDense.wi_"),
        ("qwen3", "layers.0.self_attn.k_"),
    ] {
        let model = Model::new(name);
        let bytes = fs::read(model.0.path().join("model.safetensors")).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let mut gone: Vec<&str> = tensors.names().into_iter().filter(|name| name.starts_with(part)).collect();
        model.rename("model.safetensors", |name| (!name.starts_with(part)).then(|| name.to_owned()));
        let error = model.load().unwrap_err();
        assert_eq!(error.kind(), EmbedErrorKind::MissingTensors, "{name}: {error}");
        let mut missing: Vec<&str> = error.missing().iter().map(String::as_str).collect();
        gone.sort_unstable();
        missing.sort_unstable();
        assert_eq!(missing, gone, "{name}");
    }
}

#[test]
fn a_weight_that_is_no_number_is_named_with_its_file() {
    for (name, file, tensor) in [
        ("qwen3", "model.safetensors", "layers.1.self_attn.q_norm.weight"),
        ("t5", "model.safetensors", "encoder.final_layer_norm.weight"),
        ("mpnet", "model.safetensors", "embeddings.position_embeddings.weight"),
        ("dense", "3_Dense/model.safetensors", "linear.weight"),
        ("layer-norm", "2_LayerNorm/model.safetensors", "norm.bias"),
    ] {
        for value in [f32::NAN, f32::NEG_INFINITY] {
            let model = Model::new(name);
            let error = model.spoil(file, tensor, value).load().unwrap_err();
            assert_eq!(error.kind(), EmbedErrorKind::Weights, "{error}");
            assert!(error.to_string().contains(&format!("tensor {tensor} is {value}")), "{error}");
            assert!(error.path().unwrap().ends_with(file), "{error}");
        }
    }
}

#[test]
fn a_language_model_without_modules_is_pooled_by_its_last_token() {
    let model = Model::new("qwen3");
    model.remove("modules.json");
    // As the published models name themselves.
    model.edit("config.json", |config| config["architectures"] = json!(["Qwen3ForCausalLM"]));
    let folder = model.open().unwrap();
    assert_eq!((folder.pooling(), folder.normalizes()), (Pooling::one(PoolingMode::LastToken), false));
    model.edit("config.json", |config| config["architectures"] = json!(["Qwen3Model"]));
    assert_eq!(model.open().unwrap().pooling(), Pooling::MEAN);
}

#[test]
fn a_gated_feed_forward_part_counts_with_both_halves_and_heads_with_all_their_numbers() {
    let shape = |name| Model::new(name).open().unwrap().shape();
    assert_eq!((shape("bert").hidden, shape("bert").feed_forward), (32, 48));
    assert_eq!((shape("nomic_bert").hidden, shape("nomic_bert").feed_forward), (32, 96));
    // Heads of 12: four of queries and two each of keys and values are 96 numbers; T5's four of each are 144.
    assert_eq!((shape("qwen3").hidden, shape("qwen3").feed_forward), (32, 96));
    assert_eq!((shape("t5").hidden, shape("t5").feed_forward), (48, 48));
    assert_eq!(shape("modernbert").layers, 3);
}

#[test]
fn identity_has_the_steps_and_the_cut() {
    let model = Model::new("dense");
    let identity = || model.open().unwrap().identity().unwrap();
    let before = identity();
    assert_eq!((before.dim, before.normalize), (16, false));
    model.spoil("2_Dense/model.safetensors", "linear.bias", 0.5);
    let differences = before.differences(&identity());
    assert!(matches!(&differences[..], [one] if one.starts_with("step_1")), "{differences:?}");

    let model = Model::new("truncate");
    let identity = model.open().unwrap().identity().unwrap();
    assert_eq!(identity.dim, 12);
    model.edit("config_sentence_transformers.json", |config| config["truncate_dim"] = Value::Null);
    let whole = model.open().unwrap().identity().unwrap();
    assert_eq!(whole.dim, 32);
    assert_eq!(
        identity.differences(&whole),
        ["the length of vectors (it was 12, and is 32)", "truncate_dim (it was 12, and is not set)"]
    );
    let cut = model.open().unwrap().truncated(12).unwrap().identity().unwrap();
    assert_eq!(identity.differences(&cut), [""; 0]);

    for (name, architecture) in [("xlm-roberta", "xlm-roberta"), ("t5-gated", "t5"), ("f16", "distilbert")] {
        assert_eq!(Model::new(name).open().unwrap().architecture(), architecture);
    }
}

#[test]
fn token_vectors_come_in_the_texts_order_whatever_their_lengths() {
    for name in ["mpnet", "modernbert"] {
        let embedder = Model::new(name).load().unwrap();
        let texts = ["one two three", "", "a", &"many words ".repeat(60)];
        let found = embedder.embed_tokens(&texts).unwrap();
        assert_eq!(found.len(), texts.len());
        for (text, found) in texts.iter().zip(&found) {
            let tokenized = embedder.tokenize(text).unwrap();
            assert_eq!((&found.ids, found.dropped), (&tokenized.ids, tokenized.dropped), "{name}: {text:?}");
            let alone = embedder.forward_tokens(&[&tokenized.ids]).unwrap().remove(0);
            assert_eq!(alone.len(), tokenized.ids.len());
            for (a, b) in alone.rows().flatten().zip(found.vectors.rows().flatten()) {
                assert!((a - b).abs() < 1e-5, "{name}: {text:?}");
            }
        }
        assert!(found[3].dropped > 0);
        let error = embedder.forward_tokens(&[&[2, 3], &[9999]]).unwrap_err();
        assert_eq!((error.kind(), error.text()), (EmbedErrorKind::UnknownToken, Some(1)));
        assert!(embedder.embed_tokens(&[]).unwrap().is_empty());
    }
}

#[test]
fn e3_long_texts_are_cut_as_if_they_were_encoded_whole() {
    // Far beyond what is read: such a text is encoded in part only, where its tokenizer allows it.
    let text = "The memory of a device is shared, и память — 分けられる, by everyone.\n".repeat(400);
    for name in ["bert", "mpnet", "roberta", "lower-case", "xlm-roberta", "t5", "qwen3", "modernbert"] {
        let model = Model::new(name);
        let whole = model.open().unwrap().tokenizer().unwrap().encode(&text[..], true).unwrap();
        let (ids, limit) = (whole.get_ids(), model.open().unwrap().max_tokens());
        let got = model.load().unwrap().tokenize(&text).unwrap();
        let want = [&ids[..limit - 1], &ids[ids.len() - 1..]].concat();
        assert_eq!((got.ids, got.dropped), (want, ids.len() - limit), "{name}");
    }
}
