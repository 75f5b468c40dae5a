//! What each strategy adds to the records.

use serde_json::Value;

use crate::place::{Place, model, records};

const GUIDE: &str = "# Foxes\n\nThe quick brown fox jumps over the lazy dog.\n\n## Food\n\n\
    | what | how much |\n|---|---|\n| mice | many |\n| berries | some |\n| eggs | few |\n\n\
    ```rust\nlet fox = 1;\nlet dog = 2;\nlet cat = 3;\n```\n";

fn context(record: &Value) -> Vec<&str> {
    record["context"].as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect()
}

#[test]
fn markdown_says_what_a_chunk_stands_under() {
    let place = Place::new();
    place.put("guide.md", GUIDE);
    let args = ["chunk", "guide.md", "--strategy", "markdown", "--size", "60", "--format", "jsonl"];
    let records = place.run(&args).records();
    let text: String = records.iter().map(|record| record["text"].as_str().unwrap()).collect();
    assert_eq!(text, GUIDE);
    let of = |part: &str| {
        let has = |record: &&Value| record["text"].as_str().unwrap().contains(part);
        context(records.iter().find(has).unwrap_or_else(|| panic!("no chunk has {part}")))
    };
    assert_eq!(of("| eggs"), ["# Foxes", "## Food", "| what | how much |\n|---|---|"]);
    assert!(of("let fox").starts_with(&["# Foxes"]), "{:?}", of("let fox"));
}

#[test]
fn hybrid_chooses_and_says_why() {
    let place = Place::new();
    place.put("a.md", GUIDE);
    place.put("b.rs", "fn main() {\n    let x = 1;\n}\n".repeat(9));
    let records =
        place.run(&["chunk", "a.md", "b.rs", "--strategy", "hybrid", "--format", "jsonl"]).records();
    for record in &records {
        let expected = if record["document"] == "a.md" { "markdown" } else { "recursive" };
        assert_eq!(record["strategy"], expected);
        assert!(record["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
    }
    let explained = place.run(&["chunk", "a.md", "b.rs", "--strategy", "hybrid", "--explain"]);
    let choices = explained.records();
    assert_eq!(choices.len(), 2, "{}", explained.out);
    assert!(choices[0]["features"]["markup"].as_f64() > Some(0.1), "{}", explained.out);
    assert!(choices[1]["scores"]["recursive"].as_f64() >= Some(1.0), "{}", explained.out);

    let args = ["chunk", "a.md", "--strategy", "hybrid", "--hybrid-use", "character", "--format", "jsonl"];
    assert_eq!(place.run(&args).records()[0]["strategy"], "character");
    // Nothing fell back: hybrid did what it is for.
    assert!(!explained.err.contains("another way"), "{}", explained.err);
}

#[test]
fn an_anchored_cut_survives_an_edit() {
    let place = Place::new();
    let paragraph = |i: usize| {
        format!("Paragraph {i} speaks of subject {} at some length, and ends.\n\n", i * 7919 % 1000)
    };
    let text: String = (0..2000).map(paragraph).collect();
    place.put("before.txt", &text);
    place
        .put("after.txt", text.replacen("Paragraph 1000 speaks", "Paragraph one thousand does not speak", 1));
    let ids = |name: &str, anchored: &[&str]| {
        let args =
            [&["chunk", name, "--size", "400", "--overlap", "0", "--format", "jsonl"], anchored].concat();
        let ids = |record: Value| record["id"].as_str().unwrap().to_owned();
        place.run(&args).records().into_iter().map(ids).collect::<std::collections::HashSet<_>>()
    };
    let changed =
        |anchored: &[&str]| ids("after.txt", anchored).difference(&ids("before.txt", anchored)).count();
    assert!(changed(&["--anchored"]) <= 4, "{} chunks changed", changed(&["--anchored"]));
}

#[test]
fn each_method_of_semantic_cuts_without_loss() {
    let place = Place::new();
    let text = "Foxes hunt mice. They live in dens. Cubs play outside. \
                Allocators hand out pages. Memory is freed later. A pool keeps blocks. ";
    place.put("a.txt", text.repeat(3));
    for method in ["percentile", "deviation", "interquartile", "gradient", "minima", "target", "optimal"] {
        let args = [
            "chunk",
            "a.txt",
            "--strategy",
            "semantic",
            "--breakpoints",
            method,
            "--size",
            "200",
            "--unit",
            "chars",
            "--model",
            &model(),
            "--backend",
            "cpu",
            "--format",
            "jsonl",
        ];
        let ran = place.run(&args);
        assert_eq!(ran.code, Some(0), "{method}: {}", ran.err);
        let records = records(&ran.out);
        let all: String = records.iter().map(|record| record["text"].as_str().unwrap()).collect();
        assert_eq!(all, text.repeat(3), "{method}");
        assert!(records.len() > 1 && records[1]["boundary_score"].is_number(), "{method}: {}", ran.out);
    }
}

#[test]
fn context_can_be_embedded() {
    let place = Place::new();
    place.put("guide.md", GUIDE);
    let embed = |context: &str, out: &str| {
        let args = [
            "embed",
            "guide.md",
            "--strategy",
            "markdown",
            "--size",
            "40",
            "--context",
            context,
            "--model",
            &model(),
            "--backend",
            "cpu",
            "-o",
            out,
        ];
        let ran = place.run(&args);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        records(&place.read(out))
    };
    let (beside, prefix) = (embed("beside", "beside.jsonl"), embed("prefix", "prefix.jsonl"));
    let under =
        |records: &[Value]| records.iter().find(|record| !context(record).is_empty()).cloned().unwrap();
    assert_ne!(under(&beside)["embedding"], under(&prefix)["embedding"]);
    assert!(prefix.iter().all(|record| record["truncated"] == 0));
}

/// Source code is found more often by what it lies in; Markdown says it itself.
#[test]
fn unasked_the_context_of_code_is_embedded_and_no_other() {
    let place = Place::new();
    place.put("guide.md", GUIDE);
    let code = "impl Fox {\n    fn hunt(&self) -> usize {\n        4\n    }\n\n    fn sleep(&self) -> usize {\n        5\n    }\n}\n";
    place.put("fox.rs", code);
    let embed = |file: &str, more: &[&str], out: &str| {
        let model = model();
        let args = [
            &[
                "embed",
                file,
                "--size",
                "24",
                "--overlap",
                "0",
                "--model",
                &model,
                "--backend",
                "cpu",
                "-o",
                out,
            ][..],
            more,
        ]
        .concat();
        let ran = place.run(&args);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        records(&place.read(out))
    };
    for (file, same) in [("guide.md", "beside"), ("fox.rs", "prefix")] {
        let unasked = embed(file, &[], &format!("{file}.jsonl"));
        assert!(unasked.iter().any(|record| !context(record).is_empty()), "{file}: {unasked:?}");
        for named in ["beside", "prefix"] {
            let asked = embed(file, &["--context", named], &format!("{file}-{named}.jsonl"));
            assert_eq!(unasked == asked, named == same, "{file}, {named}");
        }
        let text: String = unasked.iter().map(|record| record["text"].as_str().unwrap()).collect();
        assert_eq!(text, place.read(file), "the record's text is the document's");
    }
}

#[test]
fn a_files_name_decides_and_a_strategy_that_is_named_wins() {
    let place = Place::new();
    let page = "# Foxes\n\nFoxes are quick.\n\n## Dogs\n\nDogs are lazy, and sleep all day.\n";
    place.put("docs/a.md", page);
    place.put("docs/b.txt", page);
    place.put("docs/c.csv", "id,city\n1,Oslo\n2,Rome\n3,Lyon\n");
    let strategies = |more: &[&str]| -> Vec<(String, String)> {
        let records = place.run(&[&["chunk", "docs", "--size", "40"][..], more].concat()).records();
        let text = |record: &Value, field: &str| record[field].as_str().unwrap().to_owned();
        records.iter().map(|record| (text(record, "document"), text(record, "strategy"))).collect()
    };
    for (document, strategy) in strategies(&[]) {
        assert_eq!(strategy, if document == "docs/a.md" { "markdown" } else { "recursive" }, "{document}");
    }
    for named in ["recursive", "character"] {
        assert!(strategies(&["-s", named]).iter().all(|(_, strategy)| strategy == named));
    }
    assert!(strategies(&["--anchored"]).iter().all(|(_, strategy)| strategy == "recursive"));
    // Under its headings, which do not stand at the end of the chunk before.
    let records = place.run(&["chunk", "docs/a.md", "--size", "45"]).records();
    assert!(
        records.iter().all(|record| !record["text"].as_str().unwrap().trim_end().ends_with("Dogs")),
        "{records:?}"
    );
    let rows = place.run(&["chunk", "docs/c.csv", "--size", "16"]).records();
    assert!(rows.len() > 1 && rows[1..].iter().all(|row| row["context"][0] == "id,city"), "{rows:?}");
}

const STACK: &str = "//! A stack.\n\nuse std::fmt;\n\n/// Holds numbers.\npub struct Stack {\n    numbers: Vec<i64>,\n}\n\n\
    impl Stack {\n    /// Puts one on top.\n    #[inline]\n    pub fn push(&mut self, number: i64) {\n        self.numbers.push(number);\n    }\n\n    \
    /// Takes the top one.\n    pub fn pop(&mut self) -> Option<i64> {\n        self.numbers.pop()\n    }\n}\n";

#[test]
fn source_code_is_cut_on_its_syntax_by_its_name() {
    let place = Place::new();
    place.put("src/stack.rs", STACK);
    place.put("broken.py", "It is (not Python; and \"never was\n\n".repeat(40));
    place.put("notes.toml", "[a]\nb = 1\n".repeat(9));
    let run = |args: &[&str]| place.run(&[&["chunk", "--size", "150", "--format", "jsonl"], args].concat());
    let records = run(&["src/stack.rs"]).records();
    let text: String = records.iter().map(own_text).collect();
    assert_eq!(text, STACK);
    for record in &records {
        assert_eq!(record["strategy"], "recursive");
        assert!(record["reason"].as_str().unwrap().contains("Rust"), "{record}");
    }
    let pop = records.iter().find(|record| record["text"].as_str().unwrap().contains("pub fn pop")).unwrap();
    assert!(pop["text"].as_str().unwrap().starts_with("    /// Takes"), "{pop}");
    assert_eq!(context(pop), ["impl Stack"]);

    let ran = run(&["broken.py"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let reason = ran.records()[0]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("Python") && reason.contains("does not parse"), "{reason}");

    // A language that is not known has no reason, and a strategy that is named wins.
    assert!(run(&["notes.toml"]).records()[0]["reason"].is_null());
    let named = run(&["src/stack.rs", "--strategy", "recursive"]).records();
    assert!(named.iter().all(|record| record["reason"].is_null() && context(record).is_empty()));
}

fn own_text(record: &Value) -> String {
    let repeated = usize::try_from(record["overlap_bytes"].as_u64().unwrap()).unwrap();
    record["text"].as_str().unwrap()[repeated..].to_owned()
}

#[test]
fn json_lines_are_cut_between_records() {
    let place = Place::new();
    let lines: String =
        (0..300).map(|i| format!("{{\"id\": {i}, \"text\": \"One. Two! # Three\"}}\n")).collect();
    for name in ["events.jsonl", "events.ndjson"] {
        place.put(name, &lines);
        let records = place.run(&["chunk", name, "--size", "200", "--format", "jsonl"]).records();
        assert!(records.len() > 50);
        for record in records {
            let text = record["text"].as_str().unwrap();
            assert!(text.starts_with("{\"id\"") && text.ends_with("}\n"), "{record}");
            assert_eq!(record["overlap_bytes"], 0);
        }
    }
}

#[test]
fn levels_of_markdown_are_its_blocks() {
    let place = Place::new();
    place.put("guide.md", GUIDE.repeat(3));
    let args =
        ["chunk", "guide.md", "--strategy", "hierarchical", "--levels", "400,100", "--format", "jsonl"];
    let records = place.run(&args).records();
    let fine = records.iter().filter(|record| record["level"] == 1);
    assert!(fine.clone().any(|record| context(record) == ["# Foxes", "## Food"]), "{records:?}");
    for record in fine {
        let last = record["text"].as_str().unwrap().trim_end().lines().last().unwrap().to_owned();
        assert!(!last.starts_with('#'), "a heading is left behind: {record}");
    }
}
