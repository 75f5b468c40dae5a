//! The program's contract, from outside: exit codes, and that each command finds what is wrong.

// A test that cannot get what it needs should fail where it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[cfg(feature = "wgpu")]
mod limited;

use std::path::Path;
use std::process::{Command, Stdio};

use device_suite::references::Reference;
use device_suite::{SeededModel, Sizes};
use embed_burn::Precision;
use serde_json::{Value, json};

/// Exit code, standard output and standard error.
fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_semantik-device"));
    let output = command.args(args).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn lines(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_wrong_command_line_is_told_as_such() {
    for args in [
        &["dance"][..],
        &[],
        &["bench", "--rounds", "3"],
        &["bench", "--seconds", "x"],
        &["bench", "--seconds", "-1"],
        &["bench", "--seconds", "1e300"],
        &["bench", "--attention", "flash"],
        &["hold", "--leave", "99999999999999"],
        &["same", "one"],
        &["report"],
        &["test", "--backend", "abacus"],
        &["test", "no_such_check"],
        &["devices", "--format", "xml"],
        &["prepare", "--from", "somewhere"],
    ] {
        let (code, out, err) = run(args);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{args:?}: {err}");
        assert!(!err.is_empty() && !err.contains("panicked"), "{args:?}: {err}");
    }
    let (code, out, _) = run(&["--help"]);
    assert!(code == Some(0) && out.contains("parity"), "{out}");
}

#[test]
fn a_backend_that_is_not_there_is_a_failure() {
    let (code, _, err) = run(&["test", "--backend", "rocm"]);
    assert!(code == Some(1) && err.contains("rocm"), "{err}");
}

#[test]
fn the_suite_holds_on_the_processor_and_one_check_can_be_named() {
    let (code, out, err) = run(&["test", "--backend", "cpu"]);
    assert!(code == Some(0) && out.contains("0 failed"), "{out}{err}");
    let (code, out, _) = run(&["test", "--backend", "cpu", "e2_batch_invariant"]);
    assert!(code == Some(0) && out.contains("1 held, 0 failed, 0 skipped"), "{out}");
}

#[test]
fn a_prepared_model_gives_its_vectors_and_a_wrong_vector_is_found() {
    let tiny = SeededModel::new(Sizes::TINY).unwrap();
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("model");
    let (code, _, err) = run(&["prepare", "--from", text(tiny.path()), "--to", text(&to)]);
    assert_eq!(code, Some(0), "{err}");
    let size = |folder: &Path| std::fs::metadata(folder.join("model.safetensors")).unwrap().len();
    assert!(size(&to) * 10 < size(tiny.path()) * 6, "f16 is half of f32, and a header");

    let parity = || run(&["parity", "--backend", "cpu", "--model", text(&to)]);
    let (code, out, err) = parity();
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(lines(&out)[0]["held"], true, "{out}");

    let file = to.join("references.json");
    let mut references = Reference::read(&file).unwrap();
    references[3].vector[0] += 1e-3;
    std::fs::write(&file, serde_json::to_vec(&references).unwrap()).unwrap();
    let (code, out, _) = parity();
    assert_eq!(code, Some(1), "{out}");
    let failures = lines(&out)[0]["parity"]["failures"].as_array().unwrap().clone();
    assert_eq!(failures.len(), 1, "{failures:?}");
    let few = ["parity", "--backend", "cpu", "--model", text(&to), "--texts", "3"];
    let (code, out, _) = run(&few);
    assert_eq!(
        (code, lines(&out)[0]["parity"]["texts"].as_u64()),
        (Some(0), Some(3)),
        "the wrong one is the fourth"
    );
}

#[test]
fn every_precision_and_attention_is_as_near_as_its_numbers_allow() {
    let tiny = SeededModel::new(Sizes::TINY).unwrap();
    for dtype in ["f32", "f16", "bf16"] {
        for attention in ["explicit", "fused"] {
            let model = text(tiny.path());
            let args =
                ["parity", "--backend", "cpu", "--model", model, "--dtype", dtype, "--attention", attention];
            let (code, out, err) = run(&args);
            let line = &lines(&out)[0];
            assert_eq!(code, Some(0), "{dtype} {attention}: {out}{err}");
            assert_eq!((line["dtype"].as_str(), line["attention"].as_str()), (Some(dtype), Some(attention)));
            // Where a processor has nothing faster for bf16; burn's own attention is computed in any numbers.
            let has_none = attention == "explicit" && Precision::Bf16.instructions().is_none();
            let used = if dtype == "bf16" && has_none { "f32" } else { dtype };
            let off = line["parity"]["deviation"]["largest"].as_f64().unwrap();
            let is_default = (used, attention) == ("f32", "explicit");
            assert_eq!(off > 0.0, !is_default, "{dtype} {attention} is computed as asked: {off}");
            assert_eq!(off > 1e-5, used != "f32", "{dtype} {attention}: {off}");
        }
    }
    let (code, _, err) = run(&["parity", "--dtype", "f8"]);
    assert!(code == Some(2) && err.contains("f32, f16, bf16"), "{err}");
}

#[test]
fn runs_are_compared_and_results_are_told() {
    let place = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = place.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let record = "{\"id\": \"a\", \"embedding\": [0.6, 0.8]}\n";
    let one = file("one.jsonl", record);
    let other = file("other.jsonl", &record.replace("0.8", "0.79"));
    assert_eq!(run(&["same", text(&one), text(&one)]).0, Some(0));
    let (code, out, _) = run(&["same", text(&one), text(&other)]);
    assert_eq!((code, lines(&out)[0]["held"].as_bool()), (Some(1), Some(false)), "{out}");
    let (code, _, err) = run(&["same", text(&one), "missing.jsonl"]);
    assert!(code == Some(1) && err.contains("missing.jsonl"), "{err}");

    file("cpu-test.txt", "held e1\n1 held, 0 failed, 0 skipped\n");
    let (code, out, err) = run(&["report", text(place.path())]);
    assert!(code == Some(0) && out.contains("1 held, 0 failed"), "{out}{err}");
    let (code, _, err) = run(&["report", text(&place.path().join("missing"))]);
    assert!(code == Some(1) && err.contains("missing"), "{err}");
}

#[test]
fn a_neighbour_takes_what_it_was_told_to_and_says_so() {
    let (code, _, err) = run(&["hold", "--backend", "cpu"]);
    assert!(code == Some(2) && err.contains("--leave"), "{err}");
    // More than any machine has: nothing is to be taken.
    let (code, out, err) = run(&["hold", "--backend", "cpu", "--leave", "1000000000", "--seconds", "0"]);
    assert!(code == Some(0) && out.starts_with("holds 0"), "{out}{err}");
}

#[test]
fn a_model_with_few_words_gives_the_same_vectors_for_them_and_none_for_others() {
    let tiny = SeededModel::new(Sizes::TINY).unwrap();
    let place = tempfile::tempdir().unwrap();
    let (texts, all, few) = (place.path().join("texts"), place.path().join("all"), place.path().join("few"));
    std::fs::create_dir_all(texts.join("deep")).unwrap();
    std::fs::write(texts.join("deep/text.md"), "the quick foxes").unwrap();
    let from = text(tiny.path());
    assert_eq!(run(&["prepare", "--from", from, "--to", text(&all)]).0, Some(0));
    let args = ["prepare", "--from", from, "--to", text(&few), "--words-of", text(&texts)];
    let (code, _, err) = run(&args);
    assert_eq!(code, Some(0), "{err}");
    let name = std::fs::read_to_string(few.join("NAME")).unwrap();
    assert!(name.contains(" words: the others give no vector"), "{name}");

    let references = |folder: &Path| std::fs::read(folder.join("references.json")).unwrap();
    assert_eq!(references(&few), references(&all), "the texts of `parity` have their words");
    let embed = |word: &str| {
        let wanted = place.path().join("wanted.json");
        let vector = vec![0.0; Sizes::TINY.hidden];
        let reference = Reference { text: word.to_owned(), vector };
        std::fs::write(&wanted, serde_json::to_vec(&[reference]).unwrap()).unwrap();
        let place = text(&wanted);
        run(&["parity", "--backend", "cpu", "--model", text(&few), "--references", place]).2
    };
    assert_eq!(embed("quick foxes"), "", "its own words have vectors");
    let err = embed("漢");
    assert!(err.contains("not finite"), "a word of the vocabulary that no text has: {err}");
}

#[test]
fn each_shape_is_measured_or_skipped_with_a_reason() {
    let tiny = SeededModel::new(Sizes::TINY).unwrap();
    let args = ["bench", "--backend", "cpu", "--model", text(tiny.path()), "--seconds", "0"];
    let (code, out, err) = run(&args);
    assert_eq!(code, Some(0), "{err}");
    let rows = lines(&out);
    assert_eq!((rows[0]["what"].as_str(), rows.len() > 1), (Some("load"), true));
    for row in &rows[1..] {
        assert!(row["skipped"].is_string() != (row["tokens_per_second"].as_f64() > Some(0.0)), "{row}");
    }
    assert!(rows[1]["skipped"].is_null(), "the smallest shape always runs: {}", rows[1]);
}

#[test]
fn memory_holds_on_the_processor() {
    let tiny = SeededModel::new(Sizes::TINY).unwrap();
    let args = ["memory", "--backend", "cpu", "--model", text(tiny.path()), "--rounds", "10"];
    let (code, out, err) = run(&args);
    assert_eq!(code, Some(0), "{out}{err}");
    let kinds: Vec<Value> = lines(&out).iter().map(|line| line["what"].clone()).collect();
    for kind in ["watched", "known size", "nvidia-smi", "unload", "leak"] {
        assert!(kinds.contains(&kind.into()), "{kind} is missing: {kinds:?}");
    }
}

#[test]
fn all_of_semantik_is_inside() {
    let (code, out, err) = run(&["semantik", "devices", "--format", "json"]);
    assert_eq!(code, Some(0), "{err}");
    let devices: Vec<Value> = serde_json::from_str(&out).unwrap();
    assert!(devices.iter().any(|device| device["backend"] == "cpu" && device["present"] == true));
    let (code, _, err) = run(&["semantik", "dance"]);
    assert!(code == Some(2) && err.contains("dance"), "{err}");
}

#[test]
fn wgsl_runs_another_command_and_gives_its_exit_code() {
    let (code, out, err) = run(&["wgsl", "test", "--backend", "cpu", "e2_batch_invariant"]);
    assert!(code == Some(0) && out.contains("1 held"), "{out}{err}");
    let (code, _, err) = run(&["wgsl", "dance"]);
    assert!(code == Some(2) && err.contains("dance"), "{err}");
}

/// What the program answers to questions, one after the other.
fn answers(questions: &[Value]) -> Vec<Value> {
    use std::io::Write;
    let mut command = Command::new(env!("CARGO_BIN_EXE_semantik-device"));
    let mut child = command.arg("rounds").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for question in questions {
        writeln!(input, "{question}").unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    lines(&String::from_utf8_lossy(&output.stdout))
}

#[test]
fn rounds_answers_each_question_with_what_was_measured_or_with_why_not() {
    let tiny = SeededModel::new(Sizes::TINY).unwrap();
    let place = tempfile::tempdir().unwrap();
    let texts = place.path().join("texts.json");
    std::fs::write(&texts, r#"["The fox.", "A dog and a fox are quick."]"#).unwrap();
    let found = answers(&[
        json!({"op": "versions"}),
        json!({"op": "load", "as": "f32", "folder": tiny.path()}),
        json!({"op": "read", "path": texts}),
        json!({"op": "embed", "of": "f32", "count": 9, "batch": 32}),
        json!({"op": "ids", "of": "f32", "rows": [[1, 2, 3], [1, 2, 3, 4]], "times": 2}),
        json!({"op": "ids", "of": "f32", "rows": [[9_999_999]], "times": 2}),
        json!({"op": "embed", "of": "f16", "count": 1}),
        json!({"op": "tokenise", "of": "f32", "by": "encoder", "times": 1}),
        json!({"op": "dance"}),
        json!({"op": "drop", "as": "f32"}),
        json!({"op": "memory", "of": "f32"}),
    ]);
    assert_eq!(found.len(), 11, "{found:?}");
    assert_eq!(found[0]["versions"]["semantik"], env!("CARGO_PKG_VERSION"));
    assert_eq!(found[2]["texts"], 2);
    for measured in [1, 3, 4] {
        assert!(found[measured]["seconds"].as_f64().unwrap() > 0.0, "{}", found[measured]);
        assert_eq!(found[measured]["vector"].as_array().unwrap().len(), Sizes::TINY.hidden, "{found:?}");
    }
    assert_eq!((found[7]["differing"].as_u64(), found[7]["tokens"].as_u64() > Some(8)), (Some(0), true));
    for (failed, why) in [(5, "9999999"), (6, "f16"), (8, "dance"), (10, "f32")] {
        let error = found[failed]["error"].as_str().unwrap_or_default();
        assert!(error.contains(why), "{failed}: {}", found[failed]);
    }
}
