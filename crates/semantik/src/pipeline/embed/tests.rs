//! The stages of a run beside each other: what is written is what one after the other would have written, and nothing is lost.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use chunk_strategies::Fallback;
use device_suite::{SeededModel, Sizes};
use embed_burn::{Backend, ModelFolder};
use tempfile::TempDir;

use super::*;
use crate::limits::DeviceLimits;
use crate::pipeline::OnFailure;
use crate::record::Record;
use crate::settings::{ChunkSettings, Unit};
use crate::sink::{JsonLines, output_error};

/// A folder of documents and a small model. Each test loads its own: how large windows are depends on how fast the last were.
struct Case {
    root: TempDir,
    _model: SeededModel,
    embedder: Arc<AdaptiveEmbedder>,
    chunker: Chunker,
}

/// Chunks of a size that the model reads whole.
const CHUNK: usize = 40;
/// Tokens of two lines of [`text`], of which chunks have two or three.
const LINES: usize = 24;

impl Case {
    fn of(model: SeededModel, limits: DeviceLimits) -> Self {
        let folder = ModelFolder::open(model.path()).unwrap();
        let embedder = AdaptiveEmbedder::load(&folder, Backend::Cpu.into(), &limits).unwrap();
        let embedder = Arc::new(embedder);
        let settings = ChunkSettings {
            size: Some(CHUNK),
            overlap: Some(0),
            unit: Some(Unit::Tokens),
            ..ChunkSettings::default()
        };
        let chunker = Chunker::for_embedding(&settings, &folder, &embedder, Fallback::Recursive).unwrap();
        Case { root: tempfile::tempdir().unwrap(), _model: model, embedder, chunker }
    }

    fn new() -> Self {
        Case::of(SeededModel::new(Sizes::TINY).unwrap(), DeviceLimits::default())
    }

    /// With words that the model cannot take.
    fn with_bad_words() -> Self {
        Case::of(SeededModel::with_bad_words().unwrap(), DeviceLimits::default())
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.root.path().join(name), text).unwrap();
    }

    fn run(
        &self,
        path: &Path,
        sink: &mut dyn Sink,
        control: &Control,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Summary, Error> {
        let job =
            EmbedJob { chunker: &self.chunker, embedder: &self.embedder, options: EmbedOptions::default() };
        embed(&Inputs::new([path]), &job, sink, control, on_event)
    }

    fn all(&self, sink: &mut dyn Sink) -> Summary {
        self.run(self.root.path(), sink, &Control::default(), &mut |_| {}).unwrap()
    }

    /// Every document in a run of its own.
    fn one_by_one(&self) -> String {
        let mut names: Vec<_> =
            fs::read_dir(self.root.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        let one = |path: &std::path::PathBuf| {
            let mut sink = JsonLines::new(Vec::new(), "test");
            self.run(path, &mut sink, &Control::default(), &mut |_| {}).unwrap();
            String::from_utf8(sink.into_inner()).unwrap()
        };
        names.iter().map(one).collect()
    }
}

/// Words that the model knows, in a document of so many: two or three lines of eleven make a chunk, and no two such are the same.
fn text(seed: u64, words: usize) -> String {
    let known = ["the", "fox", "quick", "dog", "dogs", "foxes", "a", "b", "漢", "1", "2"];
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut text = String::new();
    for at in 0..words {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text += known[(state >> 40) as usize % known.len()];
        text += if at % 11 == 10 { ".\n" } else { " " };
    }
    text
}

/// Records by document, which can be taken back, and a disk that may be full.
#[derive(Default)]
struct Memory {
    /// Each with its document, its place in it, and whether it has a vector.
    records: Vec<(String, usize, bool)>,
    room: Option<usize>,
}

impl Sink for Memory {
    fn write(&mut self, record: &Record<'_>) -> Result<(), Error> {
        if self.room == Some(self.records.len()) {
            return Err(output_error("full".as_ref(), std::io::ErrorKind::StorageFull.into()));
        }
        let name = record.document.rsplit('/').next().unwrap_or_default().to_owned();
        self.records.push((name, record.index, record.embedding.is_some()));
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn position(&self) -> Option<u64> {
        Some(self.records.len() as u64)
    }

    fn rewind(&mut self, position: u64) -> Result<(), Error> {
        self.records.truncate(usize::try_from(position).unwrap());
        Ok(())
    }
}

impl Memory {
    fn of(&self, document: &str) -> usize {
        self.records.iter().filter(|(name, ..)| name == document).count()
    }
}

#[test]
fn c6_the_records_are_those_of_one_document_after_the_other_byte_for_byte() {
    let case = Case::new();
    for number in 0..120 {
        case.put(&format!("{number:03}.txt"), &text(number, 30 + 40 * (number as usize % 9)));
    }
    case.put("050.txt", "");
    case.put("051.txt", "---\n\n---\n");
    // Several windows.
    case.put("060.txt", &text(1 << 32, 60_000));
    let want = case.one_by_one();
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut sink = JsonLines::new(Vec::new(), "test");
        let summary = pool.install(|| {
            let mut on_event = |_: Event<'_>| {};
            let job = EmbedJob {
                chunker: &case.chunker,
                embedder: &case.embedder,
                options: EmbedOptions::default(),
            };
            embed(&Inputs::new([case.root.path()]), &job, &mut sink, &Control::default(), &mut on_event)
        });
        assert_eq!(summary.unwrap().finished, 120, "on {threads} threads");
        let got = String::from_utf8(sink.into_inner()).unwrap();
        assert!(got == want, "on {threads} threads it is something else");
    }
}

#[test]
fn one_window_is_ahead_and_never_more() {
    // Small batches, and so small windows.
    let limits = DeviceLimits { max_batch: Some(8), ..DeviceLimits::default() };
    let case = Case::of(SeededModel::new(Sizes::TINY).unwrap(), limits);
    for number in 0..1500 {
        case.put(&format!("{number:04}.txt"), &text(number, 297));
    }
    let (mut chunked, mut embedded, mut tokens, mut written) = (0, 0, 0, 0);
    let (mut largest, mut most, mut was_written, mut times_ahead) = (0, 0, false, 0);
    let mut sink = JsonLines::new(std::io::sink(), "test");
    case.run(case.root.path(), &mut sink, &Control::default(), &mut |event| {
        let window = case.embedder.window_tokens();
        largest = largest.max(window);
        match event {
            Event::Chunked { chunks, .. } => {
                // The first that is cut after some were written: about a window full of others is neither.
                times_ahead += usize::from(was_written && (chunked - written) * LINES * 4 >= window * 3);
                was_written = false;
                chunked += chunks;
            }
            Event::Embedded { chunks, tokens: more } => {
                embedded += chunks;
                tokens += more;
            }
            Event::Written { chunks, .. } => {
                written += chunks;
                was_written = true;
            }
            _ => {}
        }
        most = most.max(chunked - written);
    })
    .unwrap();
    // All documents are of one kind.
    let most = most * tokens / embedded;
    assert_eq!((chunked, written), (embedded, embedded));
    assert!(times_ahead >= 5, "cut ahead {times_ahead} times");
    // One that is embedded, and one that is filled, by documents whose tokens are guessed from their bytes.
    let bound = 2 * (largest + largest / 2 + 1000);
    assert!(tokens > 2 * bound, "{tokens} tokens are too few to tell, with windows of {largest}");
    assert!(most <= bound, "{most} tokens at once, in windows of {largest}");
}

#[test]
fn a_document_that_fails_in_one_window_takes_its_chunks_in_the_next_with_it() {
    let case = Case::with_bad_words();
    let bad = format!("{} {} {}", text(1, 200), SeededModel::NOT_FINITE, text(2, 90_000));
    case.put("a.txt", &text(1 << 20, 495));
    case.put("b.txt", &bad);
    case.put("c.txt", &text(4, 495));
    let mut sink = Memory::default();
    let mut finished = Vec::new();
    let mut failed = Vec::new();
    let summary = case.run(case.root.path(), &mut sink, &Control::default(), &mut |event| match event {
        Event::Finished { document } => finished.push((document.name.to_owned(), document.chunks)),
        Event::Failed { document, error } => failed.push(format!("{document}: {error}")),
        _ => {}
    });
    let summary = summary.unwrap();
    assert_eq!((summary.finished, summary.failed, summary.chunks), (2, 1, sink.records.len()));
    assert!(failed.len() == 1 && failed[0].contains("b.txt"), "{failed:?}");
    assert_eq!(sink.of("b.txt"), 0, "its records are taken back");
    for (name, (told, chunks)) in ["a.txt", "c.txt"].iter().zip(&finished) {
        assert!(told.ends_with(name) && sink.of(name) == *chunks && *chunks > 0, "{finished:?}");
    }
}

#[test]
fn a_run_that_is_to_end_with_a_failure_keeps_what_is_embedded_meanwhile() {
    let case = Case::with_bad_words();
    case.put("a.txt", &text(1 << 20, 495));
    case.put("b.txt", SeededModel::NOT_FINITE);
    for number in 0..200 {
        case.put(&format!("c{number:03}.txt"), &text(number, 396));
    }
    let control = Control { on_failure: OnFailure::Stop, ..Control::default() };
    let mut sink = Memory::default();
    let mut embedded = 0;
    let error = case.run(case.root.path(), &mut sink, &control, &mut |event| {
        if let Event::Embedded { chunks, .. } = event {
            embedded += chunks;
        }
    });
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFinite, "{error}");
    assert_eq!((sink.of("a.txt") > 0, sink.of("b.txt")), (true, 0));
    // All but the one that failed.
    assert_eq!(sink.records.len(), embedded - 1);
}

#[test]
fn an_output_that_fails_ends_the_run_while_a_window_is_embedded() {
    let case = Case::new();
    for number in 0..400 {
        case.put(&format!("{number:03}.txt"), &text(number, 297));
    }
    for room in [0, 1, 700] {
        let mut sink = Memory { room: Some(room), ..Memory::default() };
        let error = case.run(case.root.path(), &mut sink, &Control::default(), &mut |_| {}).unwrap_err();
        assert_eq!((error.kind(), sink.records.len()), (ErrorKind::Output, room));
    }
}

#[test]
fn a_stop_keeps_every_vector_that_was_computed_and_tells_no_document_that_lacks_one() {
    // Many batches: some run before a stop is heard of.
    let limits = DeviceLimits { max_batch: Some(8), ..DeviceLimits::default() };
    let case = Case::of(SeededModel::new(Sizes::TINY).unwrap(), limits);
    for number in 0..300 {
        case.put(&format!("{number:03}.txt"), &text(number, 297));
    }
    case.put("300.txt", &text(301, 39_996));
    let chunks = {
        let mut sink = Memory::default();
        case.all(&mut sink).chunks
    };
    for stop_at in [1, 2, 9, 40] {
        let control = Control::default();
        let mut sink = Memory::default();
        let (mut batches, mut embedded, mut finished) = (0, 0, Vec::new());
        let summary = case.run(case.root.path(), &mut sink, &control, &mut |event| match event {
            Event::Embedded { chunks, .. } => {
                embedded += chunks;
                batches += 1;
                if batches == stop_at {
                    // The embedder was given none: the run's own is enough.
                    control.cancel.set();
                }
            }
            Event::Finished { document } => finished.push((document.name.to_owned(), document.chunks)),
            _ => {}
        });
        let summary = summary.unwrap();
        assert!(
            summary.interrupted && embedded < chunks,
            "stopped at batch {stop_at}: {embedded} of {chunks}"
        );
        assert!(sink.records.iter().all(|(.., has_vector)| *has_vector));
        assert_eq!((sink.records.len(), summary.chunks), (embedded, embedded), "stopped at batch {stop_at}");
        assert!(sink.records.windows(2).all(|two| two[0] < two[1]), "in order");
        for (name, chunks) in finished {
            let name = name.rsplit('/').next().unwrap();
            assert_eq!(sink.of(name), chunks, "{name}");
        }
    }
}
