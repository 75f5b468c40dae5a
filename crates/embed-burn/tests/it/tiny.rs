//! A small BERT of random weights in a temporary folder: real files, and kernels that a software GPU compiles fast.

use std::fs;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const HIDDEN: usize = 32;
pub(crate) const HEADS: usize = 4;
pub(crate) const LAYERS: usize = 2;
pub(crate) const WIDE: usize = 64;
pub(crate) const POSITIONS: usize = 64;
pub(crate) const MAX_TOKENS: usize = 48;
const TYPES: usize = 2;
const WORDS: [&str; 24] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "fox", "##es", "quick", "are", "dog", "##s", "lazy", "memory",
    "batch", ".", ",", "a", "b", "##a", "##b", "1", "2", "漢", "字",
];
pub(crate) const VOCABULARY: usize = WORDS.len();

/// A tensor of the model as it is stored.
#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f32>,
}

/// The folder, removed when dropped.
pub(crate) struct Tiny {
    dir: TempDir,
    pub(crate) tensors: Vec<Stored>,
}

impl Tiny {
    /// Mean pooling, normalised.
    pub(crate) fn new() -> Self {
        Tiny::with("mean_tokens", true, "gelu")
    }

    pub(crate) fn with(pooling: &str, normalize: bool, activation: &str) -> Self {
        let tiny = Tiny { dir: tempfile::tempdir().unwrap(), tensors: tensors() };
        let mut steps = vec![
            json!({"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}),
            json!({"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}),
        ];
        if normalize {
            steps.push(json!({"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}));
        }
        fs::create_dir(tiny.path().join("1_Pooling")).unwrap();
        tiny.write("modules.json", &Value::Array(steps));
        let mut pool = json!({"word_embedding_dimension": HIDDEN, "pooling_mode_max_tokens": false});
        pool[format!("pooling_mode_{pooling}")] = true.into();
        tiny.write("1_Pooling/config.json", &pool);
        tiny.write(
            "sentence_bert_config.json",
            &json!({"max_seq_length": MAX_TOKENS, "do_lower_case": false}),
        );
        tiny.write(
            "config.json",
            &json!({
                "model_type": "bert", "hidden_size": HIDDEN, "num_attention_heads": HEADS, "num_hidden_layers": LAYERS,
                "intermediate_size": WIDE, "vocab_size": VOCABULARY, "max_position_embeddings": POSITIONS,
                "type_vocab_size": TYPES, "layer_norm_eps": 1e-12, "hidden_act": activation,
            }),
        );
        tiny.write("tokenizer.json", &tokenizer());
        tiny.save_weights();
        tiny
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, value: &Value) {
        fs::write(self.file(name), serde_json::to_vec_pretty(value).unwrap()).unwrap();
    }

    pub(crate) fn save_weights(&self) {
        let bytes: Vec<Vec<u8>> = self
            .tensors
            .iter()
            .map(|tensor| tensor.values.iter().flat_map(|value| value.to_le_bytes()).collect())
            .collect();
        let views = self.tensors.iter().zip(&bytes).map(|(tensor, bytes)| {
            (tensor.name.clone(), TensorView::new(Dtype::F32, tensor.shape.clone(), bytes).unwrap())
        });
        fs::write(self.file("model.safetensors"), safetensors::serialize(views, None).unwrap()).unwrap();
    }
}

fn tensors() -> Vec<Stored> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut tensors = Vec::new();
    let mut add = |name: String, shape: &[usize], around: f32| {
        let values = (0..shape.iter().product::<usize>())
            .map(|_| {
                // A linear congruential generator (Knuth's MMIX constants): the same numbers everywhere.
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                around + ((state >> 40) as f32 / (1_u32 << 24) as f32 - 0.5) * 0.4
            })
            .collect();
        tensors.push(Stored { name, shape: shape.to_vec(), values });
    };
    add("embeddings.word_embeddings.weight".into(), &[VOCABULARY, HIDDEN], 0.0);
    add("embeddings.position_embeddings.weight".into(), &[POSITIONS, HIDDEN], 0.0);
    add("embeddings.token_type_embeddings.weight".into(), &[TYPES, HIDDEN], 0.0);
    add("embeddings.LayerNorm.weight".into(), &[HIDDEN], 1.0);
    add("embeddings.LayerNorm.bias".into(), &[HIDDEN], 0.0);
    for layer in 0..LAYERS {
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let dense = [
            ("attention.self.query", HIDDEN, HIDDEN),
            ("attention.self.key", HIDDEN, HIDDEN),
            ("attention.self.value", HIDDEN, HIDDEN),
            ("attention.output.dense", HIDDEN, HIDDEN),
            ("intermediate.dense", WIDE, HIDDEN),
            ("output.dense", HIDDEN, WIDE),
        ];
        for (part, outputs, inputs) in dense {
            add(name(&format!("{part}.weight")), &[outputs, inputs], 0.0);
            add(name(&format!("{part}.bias")), &[outputs], 0.0);
        }
        for part in ["attention.output.LayerNorm", "output.LayerNorm"] {
            add(name(&format!("{part}.weight")), &[HIDDEN], 1.0);
            add(name(&format!("{part}.bias")), &[HIDDEN], 0.0);
        }
    }
    tensors
}

/// BERT's tokenizer with a small vocabulary, and with the padding and truncation that published models carry.
fn tokenizer() -> Value {
    let vocabulary: serde_json::Map<String, Value> =
        WORDS.iter().enumerate().map(|(id, word)| ((*word).to_owned(), id.into())).collect();
    let special: Vec<Value> = (0..4)
        .map(|id| {
            json!({"id": id, "content": WORDS[id], "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": true})
        })
        .collect();
    json!({
        "version": "1.0",
        "truncation": {"max_length": 8, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
        "padding": {"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0,
            "pad_type_id": 0, "pad_token": "[PAD]"},
        "added_tokens": special,
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
            "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
        "decoder": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocabulary},
    })
}
