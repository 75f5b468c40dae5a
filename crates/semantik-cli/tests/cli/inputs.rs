//! Inputs as people have them: other encodings, folders with everything in them, what we wrote before.

use std::fs::{self, File};

use serde_json::Value;

use crate::place::{Place, Ran, model, ran, records};

const TEXT: &str = "# Häfen\n\nDie Fähre legt ab. 渡し船が出る。 ⛴️ 😀\n\n## Kran\n\nDer Kran hebt.\n";

/// In the encodings that a byte order mark tells, the mark first.
fn encodings(text: &str) -> [(&'static str, Vec<u8>); 5] {
    let units = || "\u{feff}".encode_utf16().chain(text.encode_utf16());
    let scalars = || "\u{feff}".chars().chain(text.chars()).map(u32::from);
    [
        ("UTF-8", format!("\u{feff}{text}").into_bytes()),
        ("UTF-16LE", units().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16BE", units().flat_map(u16::to_be_bytes).collect()),
        ("UTF-32LE", scalars().flat_map(u32::to_le_bytes).collect()),
        ("UTF-32BE", scalars().flat_map(u32::to_be_bytes).collect()),
    ]
}

fn without_name(mut records: Vec<Value>) -> Vec<Value> {
    for record in &mut records {
        record.as_object_mut().unwrap().remove("document");
    }
    records
}

fn from_stdin(place: &Place, args: &[&str], bytes: &[u8]) -> Ran {
    let path = place.put("elsewhere/stdin", bytes);
    ran(place.command(args).stdin(File::open(path).unwrap()).output().unwrap())
}

fn notes(ran: &Ran) -> Vec<&str> {
    ran.err.lines().filter_map(|line| line.strip_prefix("note: ")).collect()
}

#[test]
fn a_marked_document_is_cut_as_its_text_wherever_it_is_read() {
    let place = Place::new();
    for text in [TEXT, "---\ntitle: Häfen\n---\n\nText.\n", "x", ""] {
        for strategy in ["recursive", "character", "markdown", "hierarchical", "hybrid"] {
            place.put("plain/a.md", text);
            let cut =
                ["chunk", "--strategy", strategy, "--size", "24", "--overlap", "0", "--format", "jsonl"];
            let cut = if strategy == "hierarchical" { &cut[..5] } else { &cut[..] };
            let cut_of = |input| [cut, &[input]].concat();
            let expected = without_name(place.run(&cut_of("plain")).records());
            for (encoding, bytes) in encodings(text) {
                place.put("marked/a.md", &bytes);
                for input in ["marked", "marked/a.md"] {
                    let ran = place.run(&cut_of(input));
                    assert_eq!(without_name(ran.records()), expected, "{encoding} {strategy} {input}");
                    let told = if encoding == "UTF-8" { "left out" } else { "is in UTF-16 or UTF-32" };
                    assert!(ran.err.contains(told) && ran.err.contains("offsets"), "{encoding}: {}", ran.err);
                }
                if strategy == "recursive" {
                    let ran = from_stdin(&place, &cut_of("-"), &bytes);
                    assert_eq!(without_name(ran.records()), expected, "{encoding} from standard input");
                }
            }
        }
    }
}

#[test]
fn a_large_marked_document_is_read_piece_by_piece() {
    let place = Place::new();
    let text = TEXT.repeat((9 << 20) / TEXT.len());
    place.put("a.txt", &text);
    let args = |input| ["chunk", "--size", "4000", "--overlap", "0", "--format", "jsonl", input];
    let expected = without_name(place.run(&args("a.txt")).records());
    for (encoding, mut bytes) in encodings(&text) {
        // Twice as much as is read whole.
        if bytes.len() < 16 << 20 {
            let again = bytes[if encoding == "UTF-8" { 3 } else { 2 }..].to_vec();
            bytes.extend(again);
        }
        place.put("b.txt", &bytes);
        let found = without_name(place.run(&args("b.txt")).records());
        // All but the last chunk of the first half.
        assert!(
            found.len() >= expected.len() && found[..expected.len() - 1] == expected[..expected.len() - 1],
            "{encoding}"
        );
        let piped = from_stdin(&place, &args("-"), &bytes);
        assert!(without_name(piped.records()) == found, "{encoding} from standard input");
        assert!(piped.err.contains("offsets"), "{encoding}: {}", piped.err);

        // A byte too much at the end fails a file as a whole, and standard input behind what was cut.
        bytes.push(0xff);
        place.put("b.txt", &bytes);
        let at = format!("invalid {encoding} at byte {}", bytes.len() - 1);
        let ran = place.run(&args("b.txt"));
        ran.failed(1, &["b.txt", &at, "--lossy"]);
        assert_eq!(ran.out, "", "{encoding}");
        from_stdin(&place, &args("-"), &bytes).failed(1, &[&at]);
    }
}

#[test]
fn what_is_not_as_its_mark_says_fails_by_name_and_place_or_is_replaced() {
    let place = Place::new();
    place.put("docs/a.txt", "fine");
    for (name, bytes, at) in [
        ("cut.txt", &b"\xff\xfea\0b"[..], "invalid UTF-16LE at byte 4"),
        ("half.txt", b"\xfe\xff\0a\xd8\x3d\0b", "invalid UTF-16BE at byte 4"),
        ("beyond.txt", b"\xff\xfe\0\0a\0\0\0\0\0\x11\0", "invalid UTF-32LE at byte 8"),
        ("utf8.txt", b"\xef\xbb\xbfab\xff", "invalid UTF-8 at byte 5"),
    ] {
        let path = place.put(&format!("docs/{name}"), bytes);
        let ran = place.run(&["chunk", "docs"]);
        ran.failed(1, &[name, at, "--lossy"]);
        assert_eq!(records(&ran.out).len(), 1, "the other is cut: {}", ran.err);
        let lossy = place.run(&["chunk", "docs", "--lossy"]);
        let texts: Vec<Value> = lossy.records().iter().map(|record| record["text"].clone()).collect();
        assert!(texts.iter().any(|text| text.as_str().unwrap().contains('\u{fffd}')), "{name}: {texts:?}");
        assert!(lossy.err.contains("replacements") && lossy.err.contains("offsets"), "{}", lossy.err);
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn what_was_embedded_before_is_no_document() {
    let place = Place::new();
    place.put("docs/a.md", "Paris is the capital of France.\n");
    place.put("docs/mine.jsonl", "{\"document\": \"a\", \"text\": \"mine\"}\n");
    let model = model();
    for out in ["docs/out.jsonl", "docs/out2.jsonl", "docs/deep/out3.jsonl", "docs/out.jsonl"] {
        fs::create_dir_all(place.path().join("docs/deep")).unwrap();
        let ran = place.run(&["embed", "docs", "--model", &model, "--backend", "cpu", "-o", out]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let read = records(&place.read(out));
        let names: Vec<&str> = read.iter().map(|record| record["document"].as_str().unwrap()).collect();
        assert_eq!(names, ["docs/a.md", "docs/mine.jsonl"], "{out}");
    }
    // As an interrupted run leaves it, under the name of another output.
    for (from, to) in
        [("out.jsonl", "old.jsonl.partial"), ("out.jsonl.meta.json", "old.jsonl.partial.meta.json")]
    {
        fs::copy(place.path().join("docs").join(from), place.path().join("docs").join(to)).unwrap();
    }
    let ran = place.run(&["chunk", "docs", "-v"]);
    assert_eq!(ran.records().len(), 2);
    assert!(ran.err.contains("skipped: 8 files that semantik wrote"), "{}", ran.err);
    assert!(ran.err.contains("docs/out.jsonl.meta.json (ours)"), "{}", ran.err);
    let named = place.run(&["chunk", "docs/out.jsonl.meta.json"]).records();
    assert_eq!(named[0]["document"], "docs/out.jsonl.meta.json", "a file that is named is read");
}

#[test]
fn what_was_cut_before_is_no_document_in_whatever_form() {
    let place = Place::new();
    place.put("docs/a.md", TEXT);
    let docs = || ["chunk", "docs", "--strategy", "hybrid"];
    for more in [
        &["-o", "docs/a.jsonl"][..],
        &["--format", "text", "-o", "docs/b.txt"],
        &["--explain", "-o", "docs/c.txt"],
    ] {
        let ran = place.run(&[&docs()[..], more].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        fs::write(place.path().join(format!("docs/{}.log", &more[more.len() - 1][5..])), &ran.err).unwrap();
    }
    // What a shell opens for the run that reads the folder, and what it left there before.
    for _ in 0..2 {
        let (out, err) = (place.path().join("docs/redirected"), place.path().join("docs/redirected.err"));
        let mut command = place.command(&docs());
        command.stdout(File::create(&out).unwrap()).stderr(File::create(err).unwrap());
        assert_eq!(command.status().unwrap().code(), Some(0));
        let names = records(&fs::read_to_string(&out).unwrap());
        assert!(names.iter().all(|record| record["document"] == "docs/a.md"), "{names:?}");
    }
    let ran = place.run(&[&docs()[..], &["-v"]].concat());
    assert!(ran.records().iter().all(|record| record["document"] == "docs/a.md"), "{}", ran.err);
    for name in ["a.jsonl", "b.txt", "c.txt", "redirected"] {
        assert!(ran.err.contains(&format!("docs/{name} (ours)")), "{name}: {}", ran.err);
    }
}

#[test]
fn a_report_names_what_was_skipped_and_is_no_document() {
    let place = Place::new();
    place.put("docs/a.md", TEXT);
    place.put("docs/.hidden/b.md", TEXT);
    place.put("docs/picture.png", b"\x89PNG\0");
    for n in 0..2000 {
        place.put(&format!("docs/many/{n:04}.md"), "x");
    }
    for (report, ours) in [("docs/report.json", 0), ("docs/report.json", 0), ("docs/again.txt", 1)] {
        let ran = place.run(&["chunk", "docs", "-q", "--report", report]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert_eq!(ran.records().iter().filter(|record| record["document"] == "docs/report.json").count(), 0);
        let report: Value = serde_json::from_str(&place.read(report)).unwrap();
        let skipped: Vec<(&str, &str, bool)> = report["skipped"]
            .as_array()
            .unwrap()
            .iter()
            .map(|skipped| {
                let text = |name: &str| skipped[name].as_str().unwrap();
                (text("path"), text("reason"), skipped["folder"].as_bool().unwrap())
            })
            .collect();
        let expected = [
            ("docs/.hidden", "hidden", true),
            ("docs/picture.png", "binary", false),
            ("docs/report.json", "ours", false),
        ];
        assert_eq!(skipped, expected[..2 + ours]);
    }
}

#[test]
fn what_the_run_writes_into_is_not_read() {
    let place = Place::new();
    place.put("docs/a.md", TEXT);
    for output in ["docs/a.md", "./docs/../docs/a.md"] {
        place.run(&["chunk", "docs/a.md", "-o", output]).failed(2, &["docs/a.md", "-o"]);
    }
    let mut command = place.command(&["chunk", "docs/a.md"]);
    let appended = File::options().append(true).open(place.path().join("docs/a.md")).unwrap();
    ran(command.stdout(appended).output().unwrap()).failed(2, &["docs/a.md"]);
    assert_eq!(place.read("docs/a.md"), TEXT, "nothing is lost");
}

#[test]
fn what_is_skipped_is_counted_and_the_first_ten_are_named() {
    let place = Place::new();
    place.put("docs/.gitignore", "*.log\n");
    place.put("docs/a.md", "text");
    for n in 0..20 {
        place.put(&format!("docs/.hidden{n:02}"), "text");
    }
    place.put("docs/run.log", "text");
    place.put("docs/picture.png", b"\x89PNG\0");
    let ran = place.run(&["chunk", "docs"]);
    assert_eq!(ran.records().len(), 1);
    let told = notes(&ran);
    assert_eq!(told[0], "skipped: 1 binary file, 1 file that .gitignore names, 21 hidden files");
    assert_eq!(told[1..3], ["  docs/picture.png (binary)", "  docs/run.log (ignored)"]);
    assert_eq!((told.len(), told[11]), (12, "  and 13 more (-v names all)"));
    let all = place.run(&["chunk", "docs", "-v"]);
    assert_eq!(notes(&all).len(), 24, "{}", all.err);
    assert!(all.err.contains("docs/.hidden19 (hidden)"));
    assert_eq!(place.run(&["chunk", "docs", "-q"]).err, "");
}

#[test]
fn a_folder_in_which_nothing_is_left_says_why() {
    let place = Place::new();
    for n in 0..400 {
        place.put(&format!("docs/.note{n}"), "text");
    }
    fs::create_dir(place.path().join("none")).unwrap();
    let out = place.run(&["chunk", "docs", "none", "-o", "out.jsonl"]);
    assert_eq!(out.code, Some(0));
    let told = notes(&out);
    assert!(told[0].starts_with("docs: nothing in it was read; skipped: 400 hidden files."), "{}", out.err);
    assert_eq!(told[1], "none: there is no file in it");
    assert_eq!(place.run(&["chunk", "docs/.note7"]).records().len(), 1, "as it is told");
}

#[test]
fn the_first_ten_documents_that_fail_are_named() {
    let place = Place::new();
    for n in 0..25 {
        place.put(&format!("docs/{n:02}.md"), b"\xff");
    }
    let errors = |args: &[&str]| {
        let ran = place.run(args);
        ran.failed(1, &["docs/00.md", "--lossy"]);
        let errors = ran.err.lines().filter_map(|line| line.strip_prefix("error: ").map(str::to_owned));
        errors.collect::<Vec<_>>()
    };
    let told = errors(&["chunk", "docs"]);
    assert_eq!((told.len(), told[10].as_str()), (11, "and 15 more documents failed (-v names all)"));
    assert_eq!(errors(&["chunk", "docs", "-v"]).len(), 25);
    assert_eq!(errors(&["chunk", "docs", "--strategy", "hybrid", "--explain"]).len(), 11);
}

#[test]
fn help_says_what_of_a_folder_is_read() {
    let help = Place::new().run(&["embed", "--help"]).out;
    let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in ["hidden files", ".gitignore", "what `embed` and `chunk` wrote before", "UTF-16", "--verbose"]
    {
        assert!(words.contains(said), "{said} is not in the help");
    }
}
