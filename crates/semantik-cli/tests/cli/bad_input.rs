//! What is wrong is named, with its remedy, and loses nothing.

use std::fs;

use crate::place::{Place, model, records};

#[test]
fn values_that_cannot_be_are_usage_errors() {
    let place = Place::new();
    place.put("a.md", "text");
    for (args, says) in [
        (&["--size", "0"][..], &["--size is 0", "`semantik chunk --help`"][..]),
        (&["--size", "100", "--overlap", "100"], &["--overlap is 100"]),
        (&["--size", "100", "--max", "50"], &["--max is 50"]),
        (&["--size", "many"], &["many"]),
        (&["--strategy", "magic"], &["magic", "recursive", "semantic"]),
        (&["--strategy", "markdown", "--anchored"], &["--anchored", "markdown", "recursive"]),
        (&["--breakpoints", "minima"], &["breakpoints", "semantic"]),
        (&["--strategy", "hybrid", "--breakpoints", "sharp"], &["sharp", "percentile"]),
        (
            &["--strategy", "hybrid", "--breakpoints", "percentile", "--threshold", "101"],
            &["--threshold is 101"],
        ),
        (&["--strategy", "hybrid", "--threshold", "3"], &["--breakpoints"]),
        (
            &["--strategy", "hybrid", "--hybrid-use", "hierarchical"],
            &["--hybrid-use is hierarchical", "recursive"],
        ),
        (&["--strategy", "hybrid", "--hybrid-use", "semantic"], &["semantic", "--model"]),
        (&["--strategy", "hybrid", "--breakpoints", "target"], &["semantic", "--model"]),
        (&["--strategy", "hybrid", "--breakpoints", "percentile", "--threshold", "-1"], &["-1", "0"]),
        (&["--strategy", "hybrid", "--explain", "--format", "text"], &["--explain", "--format"]),
        (&["--hybrid-per", "document"], &["hybrid-per", "hybrid"]),
        (&["--explain"], &["--explain", "hybrid"]),
        (&["--strategy", "semantic"], &["semantic", "--model"]),
        (&["--unit", "miles"], &["miles", "chars"]),
        (&["--unit", "tokens"], &["tokens", "model"]),
        (&["--levels", "4,2"], &["--levels is", "recursive"]),
        (&["--strategy", "hierarchical", "--levels", "2,4"], &["--levels is", "decrease"]),
        (&["--strategy", "hierarchical", "--levels", "40,20", "--size", "10"], &["--size is 10", "20"]),
        (&["--backend", "abacus"], &["abacus", "cpu"]),
        (&["--safety-factor", "2"], &["--safety-factor", "2"]),
        (&["--min-batch-size", "0"], &["--min-batch-size", "at least 1"]),
        (
            &["--min-batch-size", "9", "--max-batch-size", "3"],
            &["--max-batch-size", "is 3", "at least --min-batch-size"],
        ),
        (&["--sise", "3"], &["--sise", "--size"]),
        (&["--format", "xml"], &["xml", "jsonl"]),
    ] {
        let args = [&["chunk", "a.md"][..], args].concat();
        let ran = place.run(&args);
        ran.failed(2, says);
        assert!(ran.err.lines().last().unwrap().starts_with("hint: "), "{args:?}: {}", ran.err);
    }
    place.run(&["compare"]).failed(2, &["not built"]);
    for ending in ["parquet", "CSV", "tsv", "npy", "gz"] {
        let name = format!("x.{ending}");
        let says = [&name, ".jsonl or .ndjson", "hint:"];
        place.run(&["embed", "a.md", "-o", &name]).failed(2, &says);
        place.run(&["chunk", "a.md", "-o", &name]).failed(2, &says);
    }
    // What promises nothing is told, and what is text is what it says.
    let other = place.run(&["chunk", "a.md", "-o", "x.rec"]);
    assert!(other.code == Some(0) && other.err.contains("lines of JSON"), "{}", other.err);
    let text = place.run(&["chunk", "a.md", "--format", "text", "-o", "x.csv"]);
    assert!(text.code == Some(0) && !text.err.contains("JSON"), "{}", text.err);
    place
        .run(&["embed", "a.md", "-s", "recursive", "--context", "prefix"])
        .failed(2, &["context", "markdown"]);
    place.run(&["embed", "a.md", "--embed-levels", "all"]).failed(2, &["embed-levels", "hierarchical"]);
}

#[test]
fn the_environment_is_checked_before_anything_is_done() {
    let place = Place::new();
    place.put("a.md", "text");
    let mut command = place.command(&["embed", "a.md", "-o", "x.jsonl"]);
    let ran = crate::place::ran(command.env("SEMANTIK_MAX_BATCH_SIZE", "many").output().unwrap());
    ran.failed(2, &["SEMANTIK_MAX_BATCH_SIZE", "many"]);
    assert!(!place.path().join("x.jsonl").exists());
}

#[test]
fn one_bad_document_among_many_is_told_at_the_end() {
    let place = Place::new();
    place.put("a.md", "one");
    place.put("bad.md", [&b"good text "[..], b"\xff\xfe tail"].concat());
    place.put("c.md", "three");
    let ran = place.run(&["chunk", "a.md", "bad.md", "nowhere.md", "c.md"]);
    ran.failed(1, &["bad.md", "byte 10", "--lossy", "nowhere.md"]);
    let names: Vec<_> = records(&ran.out).iter().map(|record| record["document"].clone()).collect();
    assert_eq!(names, ["a.md", "c.md"]);

    let ran = place.run(&["chunk", "bad.md", "--lossy"]);
    assert!(ran.records()[0]["text"].as_str().unwrap().contains('\u{fffd}') && ran.err.contains("UTF-8"));
    place.run(&["chunk", "bad.md", "c.md", "--fail-fast"]).failed(1, &["bad.md"]);
}

#[test]
fn a_model_that_is_none_names_the_file() {
    let place = Place::new();
    place.put("a.md", "text");
    place.put("empty/x", "");
    let embed = |model: &str| place.run(&["embed", "a.md", "--model", model, "-o", "x.jsonl"]);
    embed("empty").failed(1, &["config.json"]);
    embed("nowhere").failed(1, &["nowhere", "semantik model pull"]);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2, "nothing is left behind");
}

#[test]
fn an_output_that_cannot_be_written_is_named() {
    let place = Place::new();
    place.put("a.md", "text");
    let ran = place.run(&["embed", "a.md", "--model", &model(), "-o", "no/such/out.jsonl"]);
    ran.failed(1, &["no/such/out.jsonl"]);
}

#[test]
fn a_backend_that_is_not_there_is_an_error_and_no_other_backend() {
    let place = Place::new();
    place.put("a.md", "text");
    let ran = place.run(&["embed", "a.md", "--model", &model(), "--backend", "cuda", "-o", "x.jsonl"]);
    ran.failed(1, &["cuda", "semantik devices"]);
}
