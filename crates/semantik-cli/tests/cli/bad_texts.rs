//! A text that the model cannot take costs its document, by name and line, and no other.

use device_suite::SeededModel;
use serde_json::Value;

use crate::place::{Place, records};

const NOT_FINITE: &str = SeededModel::NOT_FINITE;

#[test]
fn a_bad_text_fails_its_document_and_the_others_are_embedded() {
    let model = SeededModel::with_bad_words().unwrap();
    let path = model.path().to_str().unwrap();
    for (bad, says) in [(NOT_FINITE, "not finite"), (SeededModel::UNKNOWN, "vocabulary")] {
        let place = Place::new();
        for number in 0..6 {
            place.put(&format!("docs/{number}.txt"), format!("the fox is quick.\n\ndogs are {number}.\n"));
        }
        place.put("docs/3.txt", format!("the quick fox.\n\nthe dog.\n\nthe {bad} dogs.\n"));
        let args = [
            "embed",
            "docs",
            "--model",
            path,
            "--backend",
            "cpu",
            "--size",
            "6",
            "--overlap",
            "0",
            "-o",
            "out.jsonl",
        ];
        let ran = place.run(&args);
        ran.failed(1, &["docs/3.txt", "line 5", says]);
        assert!(ran.err.contains("hint: "), "{}", ran.err);
        let mut names: Vec<String> = records(&place.read("out.jsonl"))
            .iter()
            .map(|record| record["document"].as_str().unwrap().to_owned())
            .collect();
        names.dedup();
        assert_eq!(names, ["docs/0.txt", "docs/1.txt", "docs/2.txt", "docs/4.txt", "docs/5.txt"]);
        let status = place.run(&["status", "out.jsonl"]).out;
        assert!(
            status.contains("5 finished of 6 found, 1 failed, 0 left") && status.contains("docs/3.txt"),
            "{status}"
        );
        // To begin with the one that fails: the run ends with it, and what was finished is kept.
        let ran = place.run(&[&args[..], &["--fail-fast", "--no-resume"]].concat());
        ran.failed(1, &["docs/3.txt", says]);
        assert_eq!(ran.err.matches("error: ").count(), 1, "{}", ran.err);
        assert!(!records(&place.read("out.jsonl.partial")).is_empty());
    }
}

#[test]
fn a_document_that_fails_late_takes_its_records_back() {
    let (model, place) = (SeededModel::with_bad_words().unwrap(), Place::new());
    place.put("docs/a.txt", "the quick fox.\n");
    // Many windows of texts, and the last of them is bad.
    let lines: String =
        (0..40_000).map(|n| format!("the fox {} {} dogs.\n", n % 2 + 1, "a ".repeat(n % 11))).collect();
    place.put("docs/b.txt", format!("{lines}the {NOT_FINITE} dogs.\n"));
    place.put("docs/c.txt", "the dogs are quick.\n");
    let path = model.path().to_str().unwrap();
    let ran = place.run(&["embed", "docs", "--model", path, "--backend", "cpu", "-o", "out.jsonl"]);
    ran.failed(1, &["docs/b.txt", "not finite"]);
    let names: Vec<Value> =
        records(&place.read("out.jsonl")).iter().map(|record| record["document"].clone()).collect();
    assert_eq!(names, ["docs/a.txt", "docs/c.txt"]);
    let meta: Value = serde_json::from_str(&place.read("out.jsonl.meta.json")).unwrap();
    assert_eq!((&meta["chunks"], &meta["failed"]), (&2.into(), &1.into()));
}
