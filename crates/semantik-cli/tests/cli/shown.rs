//! Text for a terminal is shown, not obeyed; and a line of JSON is one line for everybody.

use serde_json::Value;

use crate::place::{Place, Ran, model};

/// A window's title, a cleared screen, a hidden cursor; the other direction; a separator; what is invisible.
const EVIL: &str =
    "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}?25l\u{7f}\u{8}\u{0}\u{202e}\u{2066}\u{2028}\u{85}z\u{200b}";

/// The same, as far as a file's name can have it.
const EVIL_NAME: &str = "\u{1b}]0;owned\u{7}\n\u{202e}\u{9b}2J";

/// Nothing but text, tabs and line ends.
fn is_shown(ran: &Ran) {
    for (stream, text) in [("standard output", &ran.out), ("standard error", &ran.err)] {
        let obeyed = |c: char| {
            c.is_control() && c != '\n' && c != '\t'
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{200b}')
        };
        assert!(!text.contains(obeyed), "{stream}: {text:?}");
    }
}

/// As `str.splitlines` of Python and others split.
fn lines_for_everybody(text: &str) -> Vec<&str> {
    let ends = |c| {
        matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    text.split_terminator(ends).collect()
}

#[test]
fn what_a_document_says_to_a_terminal_is_shown() {
    let place = Place::new();
    let text = format!("# Title {EVIL}\n\nA\ttable.\r\nAnd {EVIL} more.\n");
    place.put("a.md", &text);
    for strategy in ["recursive", "markdown"] {
        let ran = place.run(&[
            "chunk",
            "a.md",
            "--strategy",
            strategy,
            "--size",
            "60",
            "--overlap",
            "0",
            "--format",
            "text",
        ]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        is_shown(&ran);
        for spelled in [
            "\\x1b]0;owned\\x07",
            "\\x9b?25l\\x7f\\x08\\x00\\u{202e}\\u{2066}\\u{2028}\\x85z\\u{200b}",
            "A\ttable.\n",
        ] {
            assert!(ran.out.contains(spelled), "{spelled}: {}", ran.out);
        }
    }
    place.run(&["chunk", "a.md", "--format", "text", "-o", "out.txt"]);
    assert!(!place.read("out.txt").contains('\u{1b}'), "in a file that people open, too");
    let texts: String = place
        .run(&["chunk", "a.md", "--overlap", "0"])
        .records()
        .iter()
        .map(|record| record["text"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(texts, text, "for programs it is what it is");
}

#[test]
fn what_is_found_is_shown() {
    let place = Place::new();
    place.put("a.md", format!("# Paris {EVIL}\n\nParis is {EVIL} the capital of France.\n"));
    let model = model();
    let args =
        ["embed", "a.md", "--model", &model, "--backend", "cpu", "--strategy", "markdown", "-o", "out.jsonl"];
    let ran = place.run(&args);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let lines = place.read("out.jsonl");
    assert_eq!(
        lines_for_everybody(&lines).len(),
        lines.lines().count(),
        "a record is one line for everybody"
    );
    is_shown(&place.run(&["status", "out.jsonl"]));
    let search = |format| place.run(&["search", "out.jsonl", "capital", "--format", format]);
    let text = search("text");
    is_shown(&text);
    assert!(text.out.contains("\\x1b]0;owned\\x07") && text.out.contains("Paris"), "{}", text.out);
    let hits = search("jsonl");
    assert_eq!(lines_for_everybody(&hits.out).len(), hits.out.lines().count());
    assert!(
        hits.records()[0]["text"].as_str().unwrap().contains("\u{2028}\u{85}"),
        "what is read back is the text"
    );
}

#[test]
fn a_record_is_one_line_for_every_reader() {
    let place = Place::new();
    let text = "a\u{2028}b\u{2029}c\u{85}d\u{b}e\u{c}f\u{1c}g\u{1d}h\u{1e}i\rj\u{7f}k\u{9b}l\n\n";
    place.put("a.md", text.repeat(50));
    for more in [&[][..], &["--strategy", "hybrid", "--explain"]] {
        let ran = place.run(&[&["chunk", "a.md", "--format", "jsonl"], more].concat());
        let lines = lines_for_everybody(&ran.out);
        assert!(!lines.is_empty() && !ran.out.contains(['\u{7f}', '\u{9b}']));
        for line in lines {
            assert!(serde_json::from_str::<Value>(line).is_ok_and(|record| record.is_object()), "{line:?}");
        }
    }
    for escape in ["\\u2028", "\\u2029", "\\u0085", "\\u007f", "\\u009b"] {
        assert!(place.run(&["chunk", "a.md", "--format", "jsonl"]).out.contains(escape), "{escape}");
    }
}

#[cfg(unix)]
#[test]
fn what_a_name_says_to_a_terminal_is_shown() {
    let place = Place::new();
    let bad = format!("docs/bad{EVIL_NAME}.md");
    place.put(&bad, b"\xff");
    place.put(&format!("docs/good{EVIL_NAME}.md"), "text");
    place.put(&format!("docs/.hidden{EVIL_NAME}"), "text");
    place.put(&format!("empty{EVIL_NAME}/.hidden"), "text");
    let (missing, folder) = (format!("nowhere{EVIL_NAME}"), format!("empty{EVIL_NAME}"));
    let spelled = "\\x1b]0;owned\\x07\\n\\u{202e}\\x9b2J";
    for args in [
        &["chunk", "docs", "--format", "text"][..],
        &["chunk", "docs", "-v", "-o", &format!("out{EVIL_NAME}")],
        &["chunk", "docs", "--format", "text", "--fail-fast"],
        &["chunk", &bad],
        &["chunk", &missing],
        &["chunk", &folder],
        &["chunk", "docs", "--strategy", "hybrid", "--explain", "-v", "-o", "out.jsonl"],
        &["chunk", "docs", "-o", &format!("{missing}/out.jsonl")],
        &["chunk", "docs", "--strategy", &missing],
        &["chunk", "docs", &format!("--{missing}")],
        &["chunk", "docs", "--size", &missing],
        &["chunk", "docs", "--unit", "tokens", "--model", &missing],
        &["embed", "docs", "--model", &missing],
        &["embed", "docs", "--backend", &missing],
        &["search", &missing, "question"],
        &["model", "info", &missing],
        &["status", &missing],
        &["watch", "--once", "--device", &missing],
        &[&missing],
    ] {
        let ran = place.run(args);
        is_shown(&ran);
        assert!(ran.err.contains(spelled) || ran.code == Some(2), "{args:?}: {:?}", ran.err);
    }
    let heading = place.run(&["chunk", "docs", "--format", "text"]).out;
    assert!(heading.contains(&format!("docs/good{spelled}.md:1-1")), "{heading}");
}
