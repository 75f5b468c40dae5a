//! `semantik chunk`.

use crate::place::Place;

const TEXT: &str =
    "# Foxes\n\nThe quick brown fox jumps over the lazy dog.\n\n## Memory\n\nA card has memory.\n";

#[test]
fn a_record_has_every_field() {
    let place = Place::new();
    let text = TEXT.repeat(20);
    place.put("docs/a.md", &text);
    let args =
        ["chunk", "docs/a.md", "-s", "recursive", "--size", "300", "--overlap", "30", "--format", "jsonl"];
    let records = place.run(&args).records();
    let mut end = 0;
    for (index, record) in records.iter().enumerate() {
        let number = |name: &str| usize::try_from(record[name].as_u64().unwrap()).unwrap();
        assert_eq!(record["document"], "docs/a.md");
        assert_eq!((number("index"), record["strategy"].as_str()), (index, Some("recursive")));
        assert_eq!((record["unit"].as_str(), record["id"].as_str().unwrap().len()), (Some("chars"), 32));
        let chunk = record["text"].as_str().unwrap();
        assert_eq!(chunk, &text[number("byte_start")..number("byte_end")]);
        assert_eq!(number("size"), chunk.chars().count());
        let line = |offset: usize| text[..offset].matches('\n').count() + 1;
        assert_eq!(number("line_start"), line(number("byte_start")));
        assert_eq!(number("line_end"), line(number("byte_end") - 1));
        assert_eq!(number("byte_start") + number("overlap_bytes"), end);
        assert!(record["context"].as_array().unwrap().is_empty());
        end = number("byte_end");
    }
    assert_eq!(end, text.len());
    assert!(records.iter().any(|record| record["overlap_bytes"] != 0));
}

#[test]
fn pages_are_told_where_a_document_has_them() {
    let place = Place::new();
    let pages = ["On the first page.", "On the second.\n\nStill there.", "Last."].join("\n\x0c\n");
    place.put("paged.txt", &pages);
    place.put("plain.txt", pages.replace('\x0c', ""));
    let pages_in = |strategy: &str, file: &str| {
        let args = ["chunk", file, "-s", strategy, "--size", "24", "--format", "jsonl"];
        let records = place.run(&args).records();
        let page =
            |record: &serde_json::Value, name: &str| record.get(name).and_then(serde_json::Value::as_u64);
        records
            .iter()
            .map(|record| (page(record, "page_start"), page(record, "page_end")))
            .collect::<Vec<_>>()
    };
    for strategy in ["recursive", "character", "markdown"] {
        let told = pages_in(strategy, "paged.txt");
        assert_eq!(told[0].0, Some(1), "{strategy}: {told:?}");
        assert_eq!(told[told.len() - 1].1, Some(3), "{strategy}: {told:?}");
        assert!(told.iter().all(|(first, last)| first.is_some() && first <= last), "{strategy}: {told:?}");
    }
    let recursive = pages_in("recursive", "paged.txt");
    // What is left at the end fits into one chunk, over the pages' border.
    assert_eq!(recursive, [(1, 1), (2, 2), (2, 3)].map(|(first, last)| (Some(first), Some(last))));
    assert!(pages_in("recursive", "plain.txt").iter().all(|pages| *pages == (None, None)));
}

#[test]
fn source_code_has_a_smaller_default() {
    let place = Place::new();
    let code = "fn main() {\n    let x = 1;\n}\n\n".repeat(200);
    place.put("a.rs", &code);
    place.put("a.txt", &code);
    let largest = |args: &[&str]| {
        let args = [&["chunk", "--format", "jsonl"], args].concat();
        place.run(&args).records().iter().map(|record| record["size"].as_u64().unwrap()).max().unwrap()
    };
    assert!((1500..=1600).contains(&largest(&["a.rs"])), "{}", largest(&["a.rs"]));
    assert!(largest(&["a.txt"]) > 2000);
    assert!(largest(&["a.rs", "--size", "2400"]) > 2000, "what is asked for is done");
}

#[test]
fn standard_input_folders_and_files_are_read_in_order() {
    let place = Place::new();
    place.put("docs/b.txt", "b");
    place.put("docs/a.md", "a");
    place.put("docs/deep/c.md", "c");
    place.put("docs/skipped.png", b"\x89PNG\0");
    place.put("z.md", "z");
    let records = place.run(&["chunk", "z.md", "docs", "--format", "jsonl"]).records();
    let names: Vec<&str> = records.iter().map(|record| record["document"].as_str().unwrap()).collect();
    assert_eq!(names, ["z.md", "docs/a.md", "docs/b.txt", "docs/deep/c.md"]);

    for args in [&["chunk", "-"][..], &["chunk"]] {
        let mut command = place.command(args);
        command.stdin(std::fs::File::open(place.path().join("z.md")).unwrap());
        let records = crate::place::ran(command.output().unwrap()).records();
        assert_eq!((records[0]["document"].as_str(), records[0]["text"].as_str()), (Some("-"), Some("z")));
    }
}

#[test]
fn sizes_have_suffixes_in_bytes_alone() {
    let place = Place::new();
    place.put("a.md", TEXT.repeat(40));
    let with = |size: &str| place.run(&["chunk", "a.md", "--unit", "bytes", "--size", size]).records();
    assert_eq!(with("1KiB"), with("1024"));
    assert_eq!(with("0.5kB"), with("500"));
    let ran = place.run(&["chunk", "a.md", "--unit", "chars", "--size", "1KiB"]);
    ran.failed(2, &["--size", "1KiB", "bytes"]);
}

#[test]
fn tokens_are_the_models() {
    let place = Place::new();
    place.put("a.md", TEXT.repeat(40));
    let model = crate::place::model();
    let args = ["chunk", "a.md", "--model", &model, "--size", "40", "--overlap", "5"];
    let records = place.run(&args).records();
    assert!(records.iter().all(|record| record["unit"] == "tokens" && record["size"].as_u64() <= Some(40)));
    assert!(records.len() > 10);
}

#[test]
fn an_empty_document_and_an_empty_folder_are_no_failure() {
    let place = Place::new();
    place.put("nil.md", "");
    std::fs::create_dir(place.path().join("none")).unwrap();
    for input in ["nil.md", "none"] {
        assert!(place.run(&["chunk", input]).records().is_empty());
    }
    place.put("blank.md", " \n\n ");
    assert_eq!(place.run(&["chunk", "blank.md"]).records()[0]["text"], " \n\n ");
}

#[test]
fn an_output_file_appears_whole_and_standard_output_stays_empty() {
    let place = Place::new();
    place.put("docs/a.md", TEXT);
    for _ in 0..2 {
        // The second run must not read what the first wrote.
        let ran = place.run(&["chunk", "docs", "-o", "docs/out.jsonl"]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""));
        let records = crate::place::records(&place.read("docs/out.jsonl"));
        assert!(records.iter().all(|record| record["document"] == "docs/a.md"));
    }
    let ran = place.run(&["chunk", "docs/a.md", "--format", "text"]);
    assert!(ran.out.contains("docs/a.md:1-") && ran.out.contains("lazy dog"), "{}", ran.out);
}
