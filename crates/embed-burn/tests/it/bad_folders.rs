//! Folders that are no models, and weights that lie. Each is an error that names the file.

use std::fs;

use device_suite::SeededModel;
use embed_burn::{Backend, BurnDevice, BurnEmbedder, DeviceSpec, EmbedError, EmbedErrorKind, ModelFolder};
use serde_json::json;

use crate::tiny::{SIZES, make_tiny};

fn load(tiny: &SeededModel) -> Result<BurnEmbedder, EmbedError> {
    let device = BurnDevice::open(DeviceSpec::on(Backend::Cpu))?;
    BurnEmbedder::load(&ModelFolder::open(tiny.path())?, &device)
}

fn refused(tiny: &SeededModel, kind: EmbedErrorKind, says: &str) {
    let error = load(tiny).expect_err(says);
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(says), "{error} does not say {says:?}");
    assert!(error.path().is_some(), "{error} names no file");
}

#[test]
fn an_empty_folder_and_one_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    for path in [dir.path().to_owned(), dir.path().join("nowhere")] {
        let error = ModelFolder::open(&path).unwrap_err();
        assert_eq!(error.kind(), EmbedErrorKind::NotAModel);
        assert!(error.to_string().contains("config.json"), "{error}");
    }
}

#[test]
fn each_missing_file_is_named() {
    for file in ["config.json", "1_Pooling/config.json", "tokenizer.json", "model.safetensors"] {
        let tiny = make_tiny();
        fs::remove_file(tiny.file(file)).unwrap();
        refused(&tiny, EmbedErrorKind::NotAModel, file);
    }
}

#[test]
fn files_that_are_no_json_are_named() {
    for file in ["modules.json", "config.json", "1_Pooling/config.json", "sentence_bert_config.json"] {
        let tiny = make_tiny();
        fs::write(tiny.file(file), b"{\xff").unwrap();
        refused(&tiny, EmbedErrorKind::Config, file);
    }
    let tiny = make_tiny();
    fs::write(tiny.file("tokenizer.json"), b"{}").unwrap();
    refused(&tiny, EmbedErrorKind::Tokenizer, "tokenizer.json");
}

#[test]
fn models_of_other_kinds_are_refused_with_what_is_supported() {
    let cases = [
        ("config.json", "model_type", json!("gpt2")),
        ("config.json", "hidden_act", json!("softplus")),
        ("config.json", "position_embedding_type", json!("relative_key")),
        ("1_Pooling/config.json", "pooling_mode_median_tokens", json!(true)),
        ("1_Pooling/config.json", "pooling_mode", json!(["cls", "median"])),
        ("1_Pooling/config.json", "pooling_mode", json!(["cls", "cls"])),
        ("1_Pooling/config.json", "pooling_mode", json!([])),
        ("sentence_bert_config.json", "transformer_task", json!("sequence-classification")),
        (
            "sentence_bert_config.json",
            "modality_config",
            json!({"text": {"method": "forward", "method_output_name": "pooler_output"}}),
        ),
    ];
    for (file, key, value) in cases {
        let tiny = make_tiny();
        let mut config: serde_json::Value =
            serde_json::from_slice(&fs::read(tiny.file(file)).unwrap()).unwrap();
        config[key] = value;
        tiny.write(file, &config).unwrap();
        refused(&tiny, EmbedErrorKind::Unsupported, file);
    }
    let tiny = make_tiny();
    tiny.write(
        "modules.json",
        &json!([{"type": "a.Transformer"}, {"type": "a.Pooling"}, {"type": "a.LSTM"}]),
    )
    .unwrap();
    refused(&tiny, EmbedErrorKind::Unsupported, "LSTM");
}

#[test]
fn an_unknown_architecture_is_told_with_those_that_are_known() {
    let tiny = make_tiny();
    tiny.write("config.json", &json!({"model_type": "gpt2"})).unwrap();
    let known =
        ["bert", "roberta", "xlm-roberta", "distilbert", "mpnet", "modernbert", "nomic_bert", "t5", "qwen3"];
    for name in ["gpt2"].into_iter().chain(known) {
        refused(&tiny, EmbedErrorKind::Unsupported, name);
    }
}

/// A dense step of so many inputs, behind the model's pooling.
fn with_dense(inputs: usize) -> SeededModel {
    let tiny = make_tiny();
    let steps = json!([
        {"type": "a.Transformer", "path": ""},
        {"type": "a.Pooling", "path": "1_Pooling"},
        {"type": "a.Dense", "path": "2_Dense"},
    ]);
    tiny.write("modules.json", &steps).unwrap();
    fs::create_dir(tiny.file("2_Dense")).unwrap();
    let config = json!({
        "in_features": inputs, "out_features": 4, "bias": true,
        "activation_function": "torch.nn.modules.activation.Tanh",
    });
    tiny.write("2_Dense/config.json", &config).unwrap();
    tiny
}

#[test]
fn a_dense_step_that_does_not_fit_is_told() {
    let tiny = with_dense(SIZES.hidden);
    refused(&tiny, EmbedErrorKind::NotAModel, "2_Dense/model.safetensors");
    fs::write(tiny.file("2_Dense/pytorch_model.bin"), "").unwrap();
    refused(&tiny, EmbedErrorKind::Weights, "pytorch_model.bin");
    // The encoder's weights, which have no such tensors.
    fs::copy(tiny.file("model.safetensors"), tiny.file("2_Dense/model.safetensors")).unwrap();
    refused(&tiny, EmbedErrorKind::Weights, "2_Dense/model.safetensors");

    refused(&with_dense(SIZES.hidden + 1), EmbedErrorKind::Config, "in_features is 33");
    for (key, value) in [
        ("activation_function", json!("torch.nn.modules.activation.Softplus")),
        ("activation_function", json!("mine.Tanh")),
        ("module_input_name", json!("token_embeddings")),
        ("use_residual", json!(true)),
    ] {
        let tiny = with_dense(SIZES.hidden);
        fs::copy(tiny.file("model.safetensors"), tiny.file("2_Dense/model.safetensors")).unwrap();
        let mut config: serde_json::Value =
            serde_json::from_slice(&fs::read(tiny.file("2_Dense/config.json")).unwrap()).unwrap();
        config[key] = value;
        tiny.write("2_Dense/config.json", &config).unwrap();
        refused(&tiny, EmbedErrorKind::Unsupported, key);
    }
}

#[test]
fn vectors_cannot_be_cut_to_what_they_do_not_have() {
    let tiny = make_tiny();
    let folder = || ModelFolder::open(tiny.path()).unwrap();
    for dim in [0, SIZES.hidden + 1] {
        let error = folder().truncated(dim).unwrap_err();
        assert_eq!(error.kind(), EmbedErrorKind::Input);
        assert!(error.to_string().contains(&dim.to_string()), "{error}");
    }
    assert_eq!(folder().truncated(5).unwrap().dim(), 5);
    tiny.write("config_sentence_transformers.json", &json!({"truncate_dim": 0})).unwrap();
    refused(&tiny, EmbedErrorKind::Config, "truncate_dim");
}

#[test]
fn a_module_outside_the_folder_is_refused() {
    let tiny = make_tiny();
    tiny.write(
        "modules.json",
        &json!([{"type": "Transformer", "path": "../elsewhere"}, {"type": "Pooling"}]),
    )
    .unwrap();
    refused(&tiny, EmbedErrorKind::Config, "leaves the folder");
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    for (key, value) in [
        ("hidden_size", json!(0)),
        ("num_attention_heads", json!(5)),
        ("num_hidden_layers", json!(null)),
        ("intermediate_size", json!(u64::MAX)),
        ("layer_norm_eps", json!(-1.0)),
    ] {
        let tiny = make_tiny();
        let mut config: serde_json::Value =
            serde_json::from_slice(&fs::read(tiny.file("config.json")).unwrap()).unwrap();
        config[key] = value;
        tiny.write("config.json", &config).unwrap();
        refused(&tiny, EmbedErrorKind::Config, "config.json");
    }
}

#[test]
fn weights_cut_short_at_any_byte_are_an_error() {
    let tiny = make_tiny();
    let whole = fs::read(tiny.file("model.safetensors")).unwrap();
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    for end in [0, 1, 7, 8, 9, header - 1, header, header + 1, whole.len() / 2, whole.len() - 1] {
        fs::write(tiny.file("model.safetensors"), &whole[..end]).unwrap();
        refused(&tiny, EmbedErrorKind::Weights, "model.safetensors");
    }
    fs::write(tiny.file("model.safetensors"), [&whole[..], &[0]].concat()).unwrap();
    refused(&tiny, EmbedErrorKind::Weights, "longer");
}

#[test]
fn a_header_that_lies_about_its_length_allocates_nothing() {
    for claim in [1_u64 << 60, u64::MAX, 99_999_999] {
        let tiny = make_tiny();
        let bytes = [&claim.to_le_bytes()[..], b"{}"].concat();
        fs::write(tiny.file("model.safetensors"), bytes).unwrap();
        refused(&tiny, EmbedErrorKind::Weights, "model.safetensors");
    }
}

#[test]
fn a_tensor_of_another_shape_or_type_or_none_is_named() {
    let mut tiny = make_tiny();
    tiny.tensors[0].shape = vec![SIZES.hidden, SeededModel::VOCABULARY];
    tiny.save_weights().unwrap();
    refused(&tiny, EmbedErrorKind::Weights, "word_embeddings");

    let tiny = make_tiny();
    let whole = fs::read(tiny.file("model.safetensors")).unwrap();
    let data = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&whole[8..data]).unwrap();
    header["embeddings.word_embeddings.weight"]["dtype"] = json!("I32");
    let header = serde_json::to_vec(&header).unwrap();
    let bytes = [&(header.len() as u64).to_le_bytes()[..], &header, &whole[data..]].concat();
    fs::write(tiny.file("model.safetensors"), bytes).unwrap();
    refused(&tiny, EmbedErrorKind::Unsupported, "I32");
}

#[test]
fn each_tensor_that_is_needed_is_named_where_it_is_missing() {
    let names: Vec<String> = make_tiny().tensors.iter().map(|tensor| tensor.name.clone()).collect();
    for name in names {
        let mut tiny = make_tiny();
        tiny.tensors.retain(|tensor| tensor.name != name);
        tiny.save_weights().unwrap();
        refused(&tiny, EmbedErrorKind::MissingTensors, &name);
    }
}

#[test]
fn all_missing_tensors_are_named() {
    let missing = [
        "embeddings.word_embeddings.weight",
        "encoder.layer.0.attention.self.key.bias",
        "encoder.layer.1.output.LayerNorm.weight",
    ];
    for prefix in ["", "bert."] {
        let mut tiny = make_tiny();
        tiny.tensors.retain(|tensor| !missing.contains(&tensor.name.as_str()));
        for tensor in &mut tiny.tensors {
            tensor.name = format!("{prefix}{}", tensor.name);
        }
        tiny.save_weights().unwrap();
        let error = load(&tiny).unwrap_err();
        let named: Vec<String> = missing.map(|name| format!("{prefix}{name}")).into();
        assert_eq!((error.kind(), error.missing()), (EmbedErrorKind::MissingTensors, &named[..]));
        assert!(named.iter().all(|name| error.to_string().contains(name)), "{error}");
    }
    let mut tiny = make_tiny();
    for tensor in &mut tiny.tensors {
        tensor.name = format!("electra.{}", tensor.name);
    }
    tiny.save_weights().unwrap();
    refused(&tiny, EmbedErrorKind::Weights, "such as electra.embeddings.LayerNorm.bias");
}

#[test]
fn a_pointer_of_git_lfs_is_told_whatever_file_it_stands_for() {
    let pointer = "version https://example.org/spec/v1\noid sha256:4d7a21\nsize 90868376\n";
    for file in ["model.safetensors", "tokenizer.json", "config.json", "modules.json"] {
        let tiny = make_tiny();
        fs::write(tiny.file(file), pointer).unwrap();
        refused(&tiny, EmbedErrorKind::LfsPointer, file);
        refused(&tiny, EmbedErrorKind::LfsPointer, "90868376 bytes");
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_nothing_is_told_and_does_not_count_as_a_file_that_is_not_there() {
    for file in [
        "model.safetensors",
        "tokenizer.json",
        "modules.json",
        "sentence_bert_config.json",
        "1_Pooling/config.json",
    ] {
        let tiny = make_tiny();
        fs::remove_file(tiny.file(file)).unwrap();
        std::os::unix::fs::symlink("../../blobs/4d7a21", tiny.file(file)).unwrap();
        refused(&tiny, EmbedErrorKind::BrokenLink, "blobs/4d7a21");
    }
}

#[test]
fn weights_in_another_form_are_named_with_that_form() {
    for (name, says) in [("weights.pt", "PyTorch"), ("tf_model.h5", "TensorFlow"), ("model.onnx", "ONNX")] {
        let tiny = make_tiny();
        fs::rename(tiny.file("model.safetensors"), tiny.file(name)).unwrap();
        refused(&tiny, EmbedErrorKind::OtherForm, name);
        refused(&tiny, EmbedErrorKind::OtherForm, says);
    }
    let tiny = make_tiny();
    fs::rename(tiny.file("model.safetensors"), tiny.file("model-00001-of-00002.safetensors")).unwrap();
    refused(&tiny, EmbedErrorKind::NotAModel, "model.safetensors.index.json");
    let tiny = make_tiny();
    fs::rename(tiny.file("model.safetensors"), tiny.file("pytorch_model-00001-of-00002.bin")).unwrap();
    refused(&tiny, EmbedErrorKind::NotAModel, "pytorch_model.bin.index.json");
    let tiny = make_tiny();
    fs::write(tiny.file("model.safetensors"), b"<!DOCTYPE html><html></html>").unwrap();
    refused(&tiny, EmbedErrorKind::Weights, "a web page");
}

#[test]
fn checkpoints_that_are_none_are_told_with_their_fault() {
    let whole = fs::read("tests/fixtures/parity/pickled/pytorch_model.bin").unwrap();
    let legacy = fs::read("tests/fixtures/parity/pickled/2_Dense/pytorch_model.bin").unwrap();
    // What Python would run when it reads this: os.system("true").
    let program = b"\x80\x02cposix\nsystem\nX\x04\0\0\0true\x85R.";
    for content in [&b""[..], b"{}", program, &whole[..whole.len() / 2], &legacy[..legacy.len() / 2]] {
        let tiny = make_tiny();
        fs::remove_file(tiny.file("model.safetensors")).unwrap();
        fs::write(tiny.file("pytorch_model.bin"), content).unwrap();
        refused(&tiny, EmbedErrorKind::Weights, "pytorch_model.bin");
    }
    // A checkpoint of another model.
    let tiny = make_tiny();
    fs::remove_file(tiny.file("model.safetensors")).unwrap();
    fs::write(tiny.file("pytorch_model.bin"), &legacy).unwrap();
    refused(&tiny, EmbedErrorKind::Weights, "linear.");
    // Any byte may be wrong: an error or other numbers, and nothing worse.
    for (at, _) in legacy.iter().enumerate().step_by(37) {
        let mut spoilt = legacy.clone();
        spoilt[at] ^= 0x15;
        fs::write(tiny.file("pytorch_model.bin"), &spoilt).unwrap();
        refused(&tiny, EmbedErrorKind::Weights, "pytorch_model.bin");
    }
}

#[test]
fn safetensors_win_over_a_checkpoint_beside_them() {
    let tiny = make_tiny();
    fs::write(tiny.file("pytorch_model.bin"), "whatever").unwrap();
    assert_eq!(load(&tiny).unwrap().dim(), SIZES.hidden);
}

#[test]
fn norms_with_their_old_names_load() {
    let mut tiny = make_tiny();
    let device = BurnDevice::open(DeviceSpec::on(Backend::Cpu)).unwrap();
    let vector = |tiny: &SeededModel| {
        let model = BurnEmbedder::load(&ModelFolder::open(tiny.path()).unwrap(), &device).unwrap();
        model.forward(&[&[1, 2, 3]]).unwrap()
    };
    let before = vector(&tiny);
    for tensor in &mut tiny.tensors {
        tensor.name = tensor.name.replace("LayerNorm.weight", "LayerNorm.gamma");
        tensor.name = tensor.name.replace("LayerNorm.bias", "LayerNorm.beta");
    }
    tiny.save_weights().unwrap();
    assert_eq!(vector(&tiny), before);
    tiny.tensors.retain(|tensor| !tensor.name.ends_with("gamma"));
    tiny.save_weights().unwrap();
    refused(&tiny, EmbedErrorKind::MissingTensors, "LayerNorm.weight");
}

#[test]
fn weights_with_a_prefix_load() {
    let mut tiny = make_tiny();
    for tensor in &mut tiny.tensors {
        tensor.name = format!("bert.{}", tensor.name);
    }
    tiny.save_weights().unwrap();
    assert_eq!(load(&tiny).unwrap().dim(), SIZES.hidden);
}

#[test]
fn vectors_that_are_not_finite_are_an_error() {
    let mut tiny = make_tiny();
    tiny.tensors[0].values.fill(f32::NAN);
    tiny.save_weights().unwrap();
    let error = load(&tiny).unwrap().forward(&[&[2, 3]]).unwrap_err();
    assert_eq!((error.kind(), error.text()), (EmbedErrorKind::NotFinite, Some(0)), "{error}");
}
