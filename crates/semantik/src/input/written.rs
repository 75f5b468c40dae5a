//! What `embed` and `chunk` write, told by its name or by how it begins.

use std::ffi::OsStr;
use std::path::Path;

use chunk_strategies::Strategy;

/// How the names of temporary files begin and end.
const TEMPORARY: (&str, &str) = (".semantik-", ".tmp");

/// The ends of names that outputs have, for what is told by its name alone.
const OUTPUTS: [&str; 4] = [".jsonl", ".ndjson", ".json", ".parquet"];

/// Whether this program wrote a file: its path, its beginning, and its end, which is seldom asked for.
///
/// An output (JSON or text), what `--explain` writes, a meta file, a report, what `search` found, what `watch` saw and a saved
/// standard error are told by how they begin, whatever they are called; what a run that did not finish left behind, also by
/// its name. A JSONL file of another program is not among them.
pub(super) fn is_ours(path: &Path, start: &[u8], end: impl FnOnce() -> String) -> bool {
    let name = path.file_name().unwrap_or_default();
    // What is cut in the middle of a character is of no matter here.
    let start = std::str::from_utf8(start)
        .unwrap_or_else(|error| std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default());
    is_temporary(name)
        || is_left_over(path, &name.to_string_lossy())
        || match start.chars().next() {
            Some('{') => is_json(start, end),
            Some('─') => is_listing(start),
            Some(_) => is_log(start, end),
            None => false,
        }
}

/// An object, or a line with one.
fn is_json(start: &str, end: impl FnOnce() -> String) -> bool {
    is_record(&mut Expect(start))
        || is_hit(start)
        || is_reading(start)
        || is_choice(start)
        || is_meta(start)
        || is_report(start, end)
}

/// Whether it is called as temporary files are.
pub(super) fn is_temporary(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(TEMPORARY.0.as_bytes()) && name.ends_with(TEMPORARY.1.as_bytes())
}

/// `FILE.partial`, and whatever of that name and a dot stands beside it. Where FILE is not called as outputs are, a meta file
/// has to be there too.
fn is_left_over(path: &Path, name: &str) -> bool {
    const PARTIAL: &str = ".partial";
    let ends = name.match_indices(PARTIAL).map(|(at, _)| (at, at + PARTIAL.len()));
    ends.filter(|(_, end)| matches!(name.as_bytes().get(*end), None | Some(b'.'))).any(|(at, end)| {
        OUTPUTS.iter().any(|output| name[..at].ends_with(output))
            || path.with_file_name(format!("{}.meta.json", &name[..end])).is_file()
    })
}

/// The beginning of a record.
fn is_record(line: &mut Expect<'_>) -> bool {
    line.is("{\"document\":\"") && is_record_behind_name(line)
}

fn is_record_behind_name(line: &mut Expect<'_>) -> bool {
    line.string()
        && line.is(",\"index\":")
        && line.number()
        && line.is(",\"id\":\"")
        && line.count(|c| c.is_ascii_hexdigit()) == ID
        && line.is("\",\"strategy\":\"")
        && Strategy::ALL.iter().any(|strategy| line.is(strategy.as_str()))
        && line.is("\",\"")
}

/// The digits of a record's id.
const ID: usize = 32;

/// What `search` found: a score, and a record's fields, in the order of their names or in their own.
fn is_hit(start: &str) -> bool {
    let mut line = Expect(start);
    line.is("{\"score\":")
        && line.count(|c| c.is_ascii_digit() || "+-.e".contains(c)) > 0
        && (line.is(",\"document\":\"") && is_record_behind_name(&mut line)
            || ["boundary_score", "byte_end", "byte_start"].iter().all(|field| {
                // The first of them is there only in some records.
                line.is(&format!(",\"{field}\":"))
                    && line.count(|c| c.is_ascii_digit() || "+-.e".contains(c)) > 0
                    || *field == "boundary_score"
            }) && line.is(",\"char_end\":"))
}

/// What `watch` saw.
fn is_reading(start: &str) -> bool {
    let mut line = Expect(start);
    line.is("{\"unix_ms\":") && line.number() && line.is(",\"device\":\"")
}

/// A line of `--explain`: no other program has these features.
fn is_choice(start: &str) -> bool {
    let line = start.lines().next().unwrap_or_default();
    let marks = ["\"document\":\"", "\"paragraph_bytes\":", "\"topic_diversity\":"];
    line.starts_with('{') && marks.iter().all(|mark| line.contains(mark))
}

/// What stands beside a file of vectors: no other program counts truncated chunks beside these hashes.
fn is_meta(start: &str) -> bool {
    let marks = ["\"weights_sha256\"", "\"tokenizer_sha256\"", "\"truncated_chunks\""];
    start.starts_with('{') && marks.iter().all(|mark| start.contains(mark))
}

/// A report of a run, which says so at its beginning or, sorted by name, behind its documents.
fn is_report(start: &str, end: impl FnOnce() -> String) -> bool {
    const MARK: &str = "\"semantik_report\":";
    start.contains(MARK) || start.contains("\"documents\":") && end().contains(MARK)
}

/// What `chunk --format text` writes.
fn is_listing(start: &str) -> bool {
    let Some(line) = start.lines().next().and_then(|line| line.strip_prefix("── ")) else { return false };
    // A name may have a colon, and so may what a chunk stands under: the numbers follow one of them.
    line.match_indices(':').any(|(at, colon)| {
        let mut numbers = Expect(&line[at + colon.len()..]);
        numbers.number() && numbers.is("-") && numbers.number() && numbers.is("  #") && numbers.number()
    })
}

/// A saved standard error: nothing but notes and errors, with what was done at its end or what was skipped among them.
fn is_log(start: &str, end: impl FnOnce() -> String) -> bool {
    let is_said = |line: &str| SAID.iter().any(|word| line.starts_with(word)) || is_done(line);
    let lines = || start.lines().filter(|line| !line.is_empty());
    // The last may be cut.
    let whole = lines().count().saturating_sub(1);
    is_said(start.trim_start())
        && lines().take(whole).all(is_said)
        && (lines().any(|line| is_done(line) || is_skipped(line)) || end().lines().any(is_done))
}

/// How lines on standard error begin.
const SAID: [&str; 4] = ["note: ", "error: ", "hint: ", "stopping; "];

fn is_skipped(line: &str) -> bool {
    line.strip_prefix("note: skipped: ").is_some_and(|rest| Expect(rest).number())
}

/// Whether it is what `chunk` and `embed` say at their end.
fn is_done(line: &str) -> bool {
    let mut line = Expect(line);
    let is_counted = line.things(" chunk");
    // `embed` says the tokens too.
    let _ = is_counted && line.is(", ") && line.things(" token");
    is_counted && line.is(" of ") && line.things(" document") && line.is(" in ")
}

/// What is left of a text, with questions that take off it what they find.
struct Expect<'a>(&'a str);

impl Expect<'_> {
    fn is(&mut self, text: &str) -> bool {
        self.0.strip_prefix(text).map(|rest| self.0 = rest).is_some()
    }

    fn count(&mut self, is: impl Fn(char) -> bool) -> usize {
        let rest = self.0.trim_start_matches(is);
        let bytes = self.0.len() - rest.len();
        self.0 = rest;
        bytes
    }

    fn number(&mut self) -> bool {
        self.count(|c| c.is_ascii_digit()) > 0
    }

    /// How many there are of what is called so, one or several.
    fn things(&mut self, name: &str) -> bool {
        let found = self.number() && self.is(name);
        let _ = found && self.is("s");
        found
    }

    /// The rest of a string in JSON, with its quote.
    fn string(&mut self) -> bool {
        let mut is_escaped = false;
        let end = self.0.find(|c| {
            let ends = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            ends
        });
        end.map(|end| self.0 = &self.0[end + 1..]).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = r#"{"document":"a \"b\".md","index":0,"id":"0123456789abcdef0123456789abcdef","strategy":"recursive","text":"x"#;

    fn ours(name: &str, start: &str) -> bool {
        is_ours(Path::new(name), start.as_bytes(), || start.to_owned())
    }

    #[test]
    fn what_we_write_is_told_by_how_it_begins() {
        for start in [
            RECORD,
            r#"{"byte_end":9,"document":"a.md","features":{"bytes":9,"paragraph_bytes":9.0,"topic_diversity":null}"#,
            "{\n  \"model\": {\n    \"weights_sha256\": \"0\",\n    \"tokenizer_sha256\": \"1\"\n  },\n  \"truncated_chunks\": 0",
            "{\n  \"semantik_report\": 1,",
            "{\n  \"documents\": [],\n  \"semantik_report\": 1\n}",
            r#"{"score":0.7,"byte_end":9,"byte_start":0,"char_end":9"#,
            r#"{"score":-1e-3,"boundary_score":0.5,"byte_end":9,"byte_start":0,"char_end":9"#,
            r#"{"unix_ms":1000,"device":"cpu","used_bytes":1}"#,
            "── a.md:1-3  #0  45 chars\ntext",
            "── C:\\docs\\a: b.md:1-3  #0  45 chars  level 1\ntext",
            "note: something\n12 chunks, 400 tokens of 3 documents in 1.2 s on cpu: 3 chunks/s\n",
            "12 chunks of 3 documents in 0.01 s → a.jsonl\n",
            "1 chunk of 1 document in 0.01 s → a.jsonl\n",
            "1 chunk, 1 token of 1 document in 1.2 s on cpu: 3 chunks/s\n",
            "note: skipped: 2 hidden files\nnote:   docs/.a (hidden)\n",
            "stopping; what is finished is kept\n12 chunks of 3 documents in 0.01 s → a.jsonl\n",
        ] {
            assert!(ours("whatever", start), "{start}");
        }
    }

    #[test]
    fn what_others_write_is_a_document() {
        for start in [
            "",
            "{}",
            r#"{"document":"a.md","text":"x"}"#,
            r#"{"text":"a","document":"a.md","index":0,"id":"0123456789abcdef0123456789abcdef"}"#,
            r#"{"document":"a.md","index":0,"id":"17","strategy":"recursive","text":"x"}"#,
            r#"{"document":"a.md","index":0,"id":"0123456789abcdef0123456789abcdef","strategy":"mine","text":"x"}"#,
            r#"{"document":"a.md","index":"#,
            "{\"weights_sha256\": \"a hash\"}",
            r#"{"score":0.7,"byte_end":9}"#,
            r#"{"documents": [{"semantik": 1}]}"#,
            "note: skipped: breakfast\n",
            "── a heading of a diary\n",
            "note: buy milk\n",
            "error: nothing works\nhint: sleep\n",
            "12 chunks of bread\n",
            "The log said:\n12 chunks of 3 documents in 0.01 s\n",
        ] {
            assert!(!ours("notes.jsonl", start), "{start}");
        }
    }

    #[test]
    fn what_a_run_left_behind_is_told_by_its_name() {
        for name in
            [".semantik-x1.tmp", "out.jsonl.partial", "a.b.parquet.partial.3", "out.jsonl.partial.journal"]
        {
            assert!(ours(name, ""), "{name}");
        }
        for name in ["partial", "essay.partial", "impartial.jsonl", "out.jsonl.partially", "semantik-x.tmp"] {
            assert!(!ours(name, "text"), "{name}");
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("out.partial.meta.json"), "{}").unwrap();
        assert!(is_ours(&folder.path().join("out.partial.lock"), b"", String::new));
        assert!(!is_ours(&folder.path().join("other.partial.lock"), b"", String::new));
    }
}
