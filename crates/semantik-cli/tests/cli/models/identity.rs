//! What makes vectors comparable: `search` takes the model that made a file, and no other.

use serde_json::{Value, json};

use super::norm;
use crate::place::Place;

fn docs() -> Place {
    let place = Place::new();
    place.put("docs/a.md", "Paris is the capital of France.");
    place
}

#[test]
fn what_differs_is_named() {
    let place = docs();
    let model = place.model("m");
    place.embedded(&["--model", "m"]);
    let search = || place.run(&["search", "out.jsonl", "France"]);
    assert_eq!(search().code, Some(0));
    for (file, key, value, says) in [
        ("config.json", "hidden_act", json!("relu"), "hidden_act (it was gelu, and is relu)"),
        ("config.json", "layer_norm_eps", json!(1e-3), "layer_norm_eps"),
        ("1_Pooling/config.json", "pooling_mode", json!("cls"), "cls"),
        ("sentence_bert_config.json", "max_seq_length", json!(128), "128"),
        ("config_sentence_transformers.json", "prompts", json!({"query": "q: "}), "prompts"),
    ] {
        let before = std::fs::read(model.file(file)).unwrap();
        model.set(file, key, value);
        search().failed(1, &["out.jsonl", "another model", says, "hint:"]);
        model.put(file, before);
        assert_eq!(search().code, Some(0), "{file} is as it was");
    }
    model.remove("modules.json");
    search().failed(1, &["another model", "not normalised"]);
}

#[test]
fn what_an_earlier_version_wrote_is_searched_and_said_to_be_less_certain() {
    let place = docs();
    let model = place.model("m");
    place.embedded(&["--model", "m"]);
    let mut meta: Value = serde_json::from_str(&place.read("out.jsonl.meta.json")).unwrap();
    meta.as_object_mut().unwrap().remove("prompt").unwrap();
    for field in ["config", "prompts"] {
        meta["model"].as_object_mut().unwrap().remove(field).unwrap();
    }
    place.put("out.jsonl.meta.json", meta.to_string());
    let search = || place.run(&["search", "out.jsonl", "France"]);
    let ran = search();
    assert!(ran.code == Some(0) && ran.err.contains("an earlier version"), "{}", ran.err);
    // It was made without prompts, and would be searched with one.
    model.set("config_sentence_transformers.json", "prompts", json!({"query": "q: "}));
    search().failed(1, &["another model", "prompts"]);
}

#[test]
fn a_folder_without_modules_is_told() {
    let place = docs();
    place.model("m").remove("modules.json");
    let (records, told) = place.embedded(&["--model", "m"]);
    let says = |err: &str| {
        assert!(err.contains("modules.json") && err.contains("mean pooling"), "{err}");
        assert!(err.contains("not normalised"), "{err}");
    };
    says(&told);
    assert!((norm(&records[0]) - 1.0).abs() > 0.1, "{}", norm(&records[0]));
    says(&place.run(&["search", "out.jsonl", "France"]).err);
    let info = place.run(&["model", "info", "m", "--format", "json"]);
    says(&info.err);
    let info: Value = serde_json::from_str(&info.out).unwrap();
    assert_eq!((&info["modules_json"], &info["normalize"]), (&json!(false), &json!(false)));
}

#[test]
fn a_model_says_what_its_vectors_depend_on() {
    let place = docs();
    let model = place.model("m");
    let declared = json!({"query": "query: ", "passage": "passage: "});
    model.set("config_sentence_transformers.json", "prompts", declared.clone());
    let info = place.run(&["model", "info", "m", "--format", "json"]);
    let info: Value = serde_json::from_str(&info.out).unwrap();
    assert_eq!((&info["prompts"], &info["default_prompt_name"]), (&declared, &Value::Null));
    assert_eq!((&info["config"]["hidden_act"], &info["include_prompt"]), (&json!("gelu"), &json!(true)));
    let text = place.run(&["model", "info", "m"]).out;
    assert!(text.contains("\"passage: \"") && text.contains("hidden_act"), "{text}");
}
