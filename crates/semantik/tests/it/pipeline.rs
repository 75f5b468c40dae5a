//! Runs over folders of real files.

use std::fs;
use std::path::Path;

use semantik::chunk_strategies::{Fallback, Strategy};
use semantik::embed_burn::Backend;
use semantik::pipeline::{self, Control, EmbedJob, EmbedOptions, Event, OnFailure, Summary, Truncation};
use semantik::sink::{JsonLines, Sink};
use semantik::{
    AdaptiveEmbedder, ChunkSettings, Chunker, DeviceLimits, Document, Error, ErrorKind, Inputs, Record,
};
use serde_json::Value;

use crate::model::{embedder, folder};

fn docs() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let page =
        "# Foxes\n\nThe quick brown fox jumps over the lazy dog.\n\n## Memory\n\nA card has memory.\n\n"
            .repeat(20);
    fs::write(root.path().join("a.md"), page).unwrap();
    fs::write(root.path().join("b.txt"), "Paris is the capital of France.").unwrap();
    fs::write(root.path().join("bad.md"), b"good \xff").unwrap();
    fs::write(root.path().join("c.md"), "").unwrap();
    fs::write(root.path().join("d.md"), "日本語の文章。".repeat(300)).unwrap();
    root
}

fn chunker(size: usize) -> Chunker {
    let settings = ChunkSettings { size: Some(size), ..ChunkSettings::default() };
    Chunker::new(&settings, None, None, Fallback::Recursive).unwrap()
}

fn chunk(root: &Path, chunker: &Chunker, control: &Control) -> (Result<Summary, Error>, Vec<Value>, usize) {
    let mut sink = JsonLines::new(Vec::new(), "test");
    let mut failures = 0;
    let result = pipeline::chunk(&Inputs::new([root]), chunker, &mut sink, control, &mut |event| {
        failures += usize::from(matches!(event, Event::Failed { .. }));
    });
    (result, records(sink), failures)
}

fn records(sink: JsonLines<Vec<u8>>) -> Vec<Value> {
    let lines = String::from_utf8(sink.into_inner()).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// C1 and C2 of each document, and the order of documents.
fn check(root: &Path, records: &[Value]) {
    let mut last = (String::new(), 0);
    for record in records {
        let document = record["document"].as_str().unwrap();
        let number = |name: &str| usize::try_from(record[name].as_u64().unwrap()).unwrap();
        let text = fs::read_to_string(document).unwrap();
        let (start, end) = (number("byte_start"), number("byte_end"));
        assert_eq!(&text[start..end], record["text"].as_str().unwrap());
        if last.0 != document {
            assert!(last.0.as_str() < document, "{document} after {}", last.0);
            last = (document.to_owned(), 0);
        }
        assert_eq!(start + number("overlap_bytes"), last.1, "{document} tiles");
        last.1 = end;
    }
    let names: Vec<&str> = records.iter().map(|record| record["document"].as_str().unwrap()).collect();
    for present in ["a.md", "b.txt", "d.md"] {
        assert!(names.contains(&root.join(present).to_str().unwrap()), "{present} has no record");
    }
}

/// Over the size from which files are read piece by piece.
fn large_text() -> String {
    "A sentence, and another one. A third in this line.\nA line of its own.\n\n".repeat((17 << 20) / 72)
}

#[test]
fn a_large_file_is_read_piece_by_piece_and_cut_as_in_memory() {
    let root = tempfile::tempdir().unwrap();
    let text = large_text();
    fs::write(root.path().join("large.txt"), &text).unwrap();
    let chunker = chunker(4000);
    let (summary, found, failures) = chunk(root.path(), &chunker, &Control::default());
    let summary = summary.unwrap();
    assert_eq!((summary.documents, summary.bytes, failures), (1, text.len() as u64, 0));
    let mut count = 0;
    let document = Document { name: "large.txt".into(), text, ..Document::default() };
    for (record, expected) in found.iter().zip(chunker.chunks(&document)) {
        let expected = expected.unwrap();
        assert_eq!(record["text"].as_str(), Some(expected.text()));
        assert_eq!(record["line_start"].as_u64(), Some(*expected.line_range().start() as u64));
        count += 1;
    }
    assert_eq!((count, found.len()), (summary.chunks, summary.chunks));
}

#[test]
fn a_large_file_that_is_no_utf_8_leaves_no_record() {
    let root = tempfile::tempdir().unwrap();
    let mut bytes = large_text().into_bytes();
    let offset = bytes.len();
    bytes.extend(b"\xff tail");
    fs::write(root.path().join("large.txt"), &bytes).unwrap();
    let mut told = String::new();
    let mut sink = JsonLines::new(Vec::new(), "test");
    let control = Control::default();
    let inputs = Inputs::new([root.path()]);
    let summary = pipeline::chunk(&inputs, &chunker(4000), &mut sink, &control, &mut |event| {
        if let Event::Failed { error, .. } = event {
            told = error.to_string();
        }
    });
    assert_eq!(summary.unwrap().failed, 1);
    assert!(told.ends_with(&format!("invalid UTF-8 at byte {offset}")), "{told}");
    assert!(records(sink).is_empty());
}

#[test]
fn one_bad_document_is_told_and_the_rest_is_done() {
    let root = docs();
    let (result, records, failures) = chunk(root.path(), &chunker(200), &Control::default());
    let summary = result.unwrap();
    assert_eq!((summary.documents, summary.failed, failures), (4, 1, 1));
    assert_eq!(summary.chunks, records.len());
    check(root.path(), &records);
}

#[test]
fn a_run_that_is_to_fail_fast_ends_with_the_documents_error() {
    let root = docs();
    let control = Control { on_failure: OnFailure::Stop, ..Control::default() };
    let (result, _, _) = chunk(root.path(), &chunker(200), &control);
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Utf8);
}

#[test]
fn c6_the_same_on_one_thread_and_on_several() {
    let root = docs();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| chunk(root.path(), &chunker(64), &Control::default()).1)
    };
    assert_eq!(on(1), on(4));
}

#[test]
fn a_stop_ends_a_run_between_documents() {
    let root = docs();
    let control = Control::default();
    control.cancel.set();
    let (result, records, _) = chunk(root.path(), &chunker(200), &control);
    assert!(result.unwrap().interrupted && records.is_empty());
}

/// Fails after a few records, as a disk that is full.
struct Full(usize);

impl Sink for Full {
    fn write(&mut self, _: &Record<'_>) -> Result<(), Error> {
        self.0 = self.0.checked_sub(1).ok_or_else(|| {
            semantik::sink::output_error("full".as_ref(), std::io::ErrorKind::StorageFull.into())
        })?;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

#[test]
fn an_output_that_fails_ends_the_run() {
    let root = docs();
    let inputs = Inputs::new([root.path()]);
    let result = pipeline::chunk(&inputs, &chunker(50), &mut Full(3), &Control::default(), &mut |_| {});
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Output);
}

fn embed(
    root: &Path,
    model: &AdaptiveEmbedder,
    settings: &ChunkSettings,
    options: EmbedOptions,
) -> (Summary, Vec<Value>) {
    let chunker = Chunker::for_embedding(settings, &folder(), &embedder(), Fallback::Recursive).unwrap();
    let mut sink = JsonLines::new(Vec::new(), "test");
    let inputs = Inputs::new([root]);
    let job = EmbedJob { chunker: &chunker, embedder: model, options };
    let summary = pipeline::embed(&inputs, &job, &mut sink, &Control::default(), &mut |_| {}).unwrap();
    (summary, records(sink))
}

fn vector(record: &Value) -> Vec<f64> {
    record["embedding"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

#[test]
fn e3_every_chunk_has_its_own_vector_in_order() {
    let root = docs();
    let settings = ChunkSettings { size: Some(40), ..ChunkSettings::default() };
    let (summary, records) = embed(root.path(), &embedder(), &settings, EmbedOptions::default());
    check(root.path(), &records);
    assert_eq!((summary.chunks, summary.failed), (records.len(), 1));
    assert_eq!(summary.truncated_chunks, 0);
    let limits = DeviceLimits { max_batch: Some(1), ..DeviceLimits::default() };
    let one_by_one = AdaptiveEmbedder::load(&folder(), Backend::Cpu.into(), &limits).unwrap();
    for record in &records {
        let text = one_by_one.tokenize(record["text"].as_str().unwrap()).unwrap();
        let alone = one_by_one.embed_tokenized(&[text], &mut |_| {}).unwrap().into_inner();
        let off = vector(record).iter().zip(alone).map(|(a, b)| (a - f64::from(b)).abs()).fold(0.0, f64::max);
        assert!(off <= 1e-6, "{} {} is off by {off}", record["document"], record["index"]);
    }
}

#[test]
fn c6_batch_sizes_change_no_record_but_in_the_last_digits() {
    let root = docs();
    let settings = ChunkSettings { size: Some(64), ..ChunkSettings::default() };
    let limits = DeviceLimits { max_batch: Some(2), ..DeviceLimits::default() };
    let small = AdaptiveEmbedder::load(&folder(), Backend::Cpu.into(), &limits).unwrap();
    let (_, a) = embed(root.path(), &embedder(), &settings, EmbedOptions::default());
    let (_, b) = embed(root.path(), &small, &settings, EmbedOptions::default());
    let ids = |records: &[Value]| records.iter().map(|record| record["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&a), ids(&b));
}

#[test]
fn what_is_truncated_is_counted_or_refused() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("long.md"), "word ".repeat(900)).unwrap();
    fs::write(root.path().join("short.md"), "word").unwrap();
    let settings = ChunkSettings { size: Some(800), overlap: Some(0), ..ChunkSettings::default() };
    let (summary, records) = embed(root.path(), &embedder(), &settings, EmbedOptions::default());
    assert!(summary.truncated_chunks > 0);
    let truncated: u64 = records.iter().map(|record| record["truncated"].as_u64().unwrap()).sum();
    assert_eq!(truncated, summary.truncated_tokens as u64);
    assert_eq!(truncated, 800 - 256, "the first chunk has 800 tokens, and the model reads 256");

    let options = EmbedOptions { truncation: Truncation::Refuse, ..EmbedOptions::default() };
    let (summary, records) = embed(root.path(), &embedder(), &settings, options);
    assert_eq!((summary.failed, records.len()), (1, 1));
}

#[test]
fn semantic_cuts_where_the_subject_changes() {
    let root = tempfile::tempdir().unwrap();
    let foxes = "Foxes live in the forest. A fox hunts mice at night. The fox has a red coat. ";
    let cards =
        "Graphics cards have memory. A batch that is too large does not fit. Memory is measured in bytes. ";
    let path = root.path().join("two.txt");
    fs::write(&path, format!("{foxes}{cards}")).unwrap();
    let settings = ChunkSettings { strategy: Strategy::Semantic, ..ChunkSettings::default() };
    let (_, records) = embed(root.path(), &embedder(), &settings, EmbedOptions::default());
    assert_eq!(records.len(), 2, "{records:#?}");
    assert!(records[1]["text"].as_str().unwrap().starts_with("Graphics"));
    assert!(records[1]["boundary_score"].as_f64().unwrap() > 0.1);
}

#[test]
fn settings_that_cannot_be_are_named() {
    let refused =
        |settings: ChunkSettings| Chunker::new(&settings, None, None, Fallback::Recursive).unwrap_err();
    let default = ChunkSettings::default;
    let error = refused(ChunkSettings { size: Some(0), ..default() });
    assert!(error.kind() == ErrorKind::Usage && error.to_string().contains("size is 0"), "{error}");
    let error = refused(ChunkSettings { size: Some(10), overlap: Some(10), ..default() });
    assert!(error.to_string().contains("overlap is 10"), "{error}");
    let error = refused(ChunkSettings { strategy: Strategy::Semantic, ..default() });
    assert_eq!((error.kind(), error.strategy()), (ErrorKind::Usage, Some(Strategy::Semantic)));
    let error = refused(ChunkSettings { strategy: Strategy::Markdown, anchored: true, ..default() });
    assert!(error.kind() == ErrorKind::Usage && error.to_string().contains("anchored"), "{error}");
    assert_eq!(
        refused(ChunkSettings { unit: Some(semantik::Unit::Tokens), ..default() }).kind(),
        ErrorKind::Usage
    );
}
