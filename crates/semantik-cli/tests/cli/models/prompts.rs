//! Prompts, as sentence-transformers uses them.

use serde_json::{Value, json};

use super::off;
use crate::place::Place;

const DECLARED: &str = "config_sentence_transformers.json";

fn docs(text: &str) -> Place {
    let place = Place::new();
    place.put("docs/a.md", text);
    place
}

#[test]
fn declared_prompts_are_put_before_texts_and_questions() {
    let place = docs("Paris is the capital of France.");
    let model = place.model("m");
    let plain = place.embedded(&["--model", "m"]).0;
    place.put("docs/a.md", "passage: Paris is the capital of France.");
    let typed = place.embedded(&["--model", "m"]).0;
    place.put("docs/a.md", "Paris is the capital of France.");

    model.set(DECLARED, "prompts", json!({"query": "query: ", "passage": "passage: "}));
    let (unprompted, told) = place.embedded(&["--model", "m"]);
    assert!(off(&unprompted[0], &plain[0]) == 0.0, "none is named for documents");
    assert!(told.contains("passage") && told.contains("--prompt-name"), "{told}");
    model.set(DECLARED, "default_prompt_name", json!("passage"));
    let (prompted, told) = place.embedded(&["--model", "m"]);
    assert!(off(&prompted[0], &typed[0]) < 1e-6 && off(&prompted[0], &plain[0]) > 1e-3);
    assert_eq!(prompted[0]["text"], "Paris is the capital of France.", "a record's text is the document's");
    assert!(told.contains("passage") && told.contains("\"passage: \""), "{told}");
    let meta: Value = serde_json::from_str(&place.read("out.jsonl.meta.json")).unwrap();
    assert_eq!(meta["prompt"], json!({"name": "passage", "text": "passage: "}));

    model.set(DECLARED, "default_prompt_name", Value::Null);
    for (args, want) in [
        (&["--prompt", ""][..], &plain),
        (&["--prompt", "passage: "], &typed),
        (&["--prompt-name", "passage"], &typed),
    ] {
        let got = place.embedded(&[&["--model", "m"][..], args].concat()).0;
        assert!(off(&got[0], &want[0]) < 1e-6, "{args:?}");
    }

    // With the question's prompt, the question's own text is its nearest, at no distance.
    place.put("docs/a.md", "capital of France");
    place.embedded(&["--model", "m", "--prompt-name", "query"]);
    let score = |args: &[&str]| {
        let ran = place
            .run(&[&["search", "out.jsonl", "capital of France", "--format", "jsonl"][..], args].concat());
        (ran.records()[0]["score"].as_f64().unwrap(), ran.err)
    };
    let (same, told) = score(&[]);
    assert!(same > 0.99999 && told.contains("\"query: \""), "{same} {told}");
    assert!(score(&["--prompt-name", "query"]).0 > 0.99999);
    for other in [&["--prompt-name", "passage"][..], &["--prompt", ""], &["--prompt", "x: "]] {
        assert!(score(other).0 < 0.999, "{other:?}");
    }
    assert!(score(&["--prompt", ""]).1.contains("the question has none"));
}

#[test]
fn a_prompt_for_documents_comes_before_the_default() {
    let place = docs("Paris is the capital of France.");
    let declared = json!({"document": "text: ", "query": "query: ", "sts": "similarity: "});
    let model = place.model("m");
    model.set(DECLARED, "prompts", declared);
    model.set(DECLARED, "default_prompt_name", json!("sts"));
    assert!(place.embedded(&["--model", "m"]).1.contains("the prompt document \"text: \""));
    let told = place.run(&["search", "out.jsonl", "x"]).err;
    assert!(told.contains("the prompt query \"query: \""), "{told}");
}

#[test]
fn a_default_prompt_is_put_before_both() {
    let place = docs("Paris is the capital of France.");
    let model = place.model("m");
    model.set(DECLARED, "prompts", json!({"sts": "similarity: ", "query": "", "document": ""}));
    let plain = place.embedded(&["--model", "m"]).0;
    model.set(DECLARED, "default_prompt_name", json!("sts"));
    let prompted = place.embedded(&["--model", "m"]).0;
    assert!(off(&prompted[0], &plain[0]) > 1e-3);
    let search = ["search", "out.jsonl", "Paris is the capital of France.", "--format", "jsonl"];
    assert!(place.run(&search).records()[0]["score"].as_f64() > Some(0.99999));

    model.set(DECLARED, "default_prompt_name", json!("clustering"));
    place
        .run(&["embed", "docs", "--model", "m"])
        .failed(1, &["config_sentence_transformers.json", "clustering", "sts"]);
}

#[test]
fn a_prompt_that_is_not_there_is_named_with_those_that_are() {
    let place = docs("text");
    place.model("m").set(DECLARED, "prompts", json!({"passage": "passage: "}));
    let embed = |args: &[&str]| place.run(&[&["embed", "docs", "--model", "m"][..], args].concat());
    embed(&["--prompt-name", "clustering"]).failed(2, &["clustering", "passage", "hint:"]);
    embed(&["--prompt-name", "passage", "--prompt", "x"]).failed(2, &["--prompt"]);
    embed(&["--prompt", &"word ".repeat(300)]).failed(2, &["302 tokens", "256", "hint:"]);
    let help = place.run(&["search", "--help"]).out;
    assert!(help.contains("query") && help.contains("--prompt-name"), "{help}");
}

#[test]
fn a_prompt_counts_to_the_size_of_a_chunk() {
    let place = docs(&"Quick foxes, and lazy dogs: unbelievable! ".repeat(300));
    let model = place.model("m");
    // Fifty tokens, and none of them ends where a word of the text could not go on.
    let prompt = format!("{}pre", "represent this text ".repeat(16));
    model.set(DECLARED, "prompts", json!({"document": prompt}));
    for args in [&[][..], &["-s", "character"], &["--size", "256"], &["--unit", "chars"], &["-s", "semantic"]]
    {
        let (records, told) = place.embedded(&[&["--model", "m"][..], args].concat());
        assert!(records.len() > 5, "{args:?}");
        for record in &records {
            assert_eq!(record["truncated"], 0, "{args:?}: {record}");
            assert!(record["unit"] == "chars" || record["size"].as_u64() <= Some(256), "{args:?}: {record}");
        }
        assert!(told.contains("document"), "{told}");
    }
    // Without its prompt, the same sizes leave more room.
    let with = place.embedded(&["--model", "m"]).0.len();
    let without = place.embedded(&["--model", "m", "--prompt", ""]).0.len();
    assert!(without < with, "{without} chunks without a prompt, {with} with it");
    let (records, _) = place.embedded(&["--model", "m", "--size", "300"]);
    assert!(
        records.iter().any(|record| record["truncated"].as_u64() > Some(0)),
        "a larger size is honoured and counted"
    );
}

#[test]
fn a_prompt_that_is_not_pooled_is_read_all_the_same() {
    let place = docs("Paris is the capital of France.");
    let model = place.model("m");
    let args = ["--model", "m", "--prompt", "query: "];
    let plain = place.embedded(&["--model", "m"]).0;
    let pooled = place.embedded(&args).0;
    model.set("1_Pooling/config.json", "include_prompt", json!(false));
    let (left_out, told) = place.embedded(&args);
    assert!(off(&left_out[0], &pooled[0]) > 1e-3 && off(&left_out[0], &plain[0]) > 1e-3);
    assert!(told.contains("not pooled"), "{told}");
    assert!(
        off(&place.embedded(&["--model", "m"]).0[0], &plain[0]) < 1e-6,
        "without a prompt nothing is left out"
    );
}

#[test]
fn a_long_document_for_one_vector_is_read_as_far_as_its_vector_needs() {
    let words = 1_000_000;
    let place = docs(&"word ".repeat(words));
    let peak = |args: &[&str]| {
        let args = [&["-s", "character", "--overlap", "0"][..], args].concat();
        let (records, _) = place.embedded(&args);
        let meta: Value = serde_json::from_str(&place.read("out.jsonl.meta.json")).unwrap();
        (records, meta["peak_memory_bytes"].as_u64())
    };
    let model = crate::place::model();
    let (one, large) = peak(&["--model", &model, "--size", "2000000"]);
    assert_eq!((one.len(), one[0]["truncated"].as_u64()), (1, Some(words as u64 + 2 - 256)));
    let (one, chars) = peak(&["--model", &model, "--size", "6000000", "--unit", "chars"]);
    assert_eq!((one.len(), one[0]["truncated"].as_u64()), (1, Some(words as u64 + 2 - 256)));
    place.put("docs/a.md", "word ".repeat(200));
    let (_, small) = peak(&["--model", &model, "--size", "2000000"]);
    // An encoding of all its tokens would take a hundred bytes for each of them.
    let bound = 40 * words as u64;
    for peak in [large, chars] {
        let (Some(peak), Some(small)) = (peak, small) else { continue };
        assert!(peak < small + bound, "{peak} bytes for the long document, {small} for a short one");
    }
}
