//! The suite that every strategy passes: C1 lossless, C2 exact, C3 bounded, C4 whole, C6 deterministic.

use std::collections::HashSet;

use chunk_strategies::{
    Breakpoints, Character, Chunk, ChunkConfig, ChunkError, ChunkIds, ChunkReader, ChunkSizer, ChunkStrategy,
    DocumentKind, Hierarchical, Hybrid, Markdown, Recursive, Semantic,
};
use unicode_segmentation::UnicodeSegmentation;

use crate::pieces::Pieces;
use crate::texts::LetterCounts;

/// How a case is configured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub desired: usize,
    pub max: usize,
    pub overlap: usize,
}

/// Runs every strategy over a document and checks what it gives.
// A list: each strategy has its lines.
#[allow(clippy::too_many_lines)]
pub(crate) fn every_strategy<S: ChunkSizer>(document: &str, sizer: &S, case: Case) {
    let config = || ChunkConfig::new(case.desired..=case.max).sizer(sizer).overlap(case.overlap);
    let character = Character::new(config()).unwrap();
    check("character", document, sizer, case, || character.chunks(document).collect());
    check_stream("character", document, case, &mut character.chunks(document), |reader| {
        character.chunk_reader(reader).with_segment(case.max)
    });
    let recursive = Recursive::new(config()).unwrap();
    check("recursive", document, sizer, case, || recursive.chunks(document).collect());
    check_stream("recursive", document, case, &mut recursive.chunks(document), |reader| {
        recursive.chunk_reader(reader).with_segment(case.max)
    });
    let character = Character::new(config()).unwrap().anchored();
    check("anchored character", document, sizer, case, || character.chunks(document).collect());
    check_stream("anchored character", document, case, &mut character.chunks(document), |reader| {
        character.chunk_reader(reader).with_segment(case.max)
    });
    let recursive = Recursive::new(config()).unwrap().anchored();
    check("anchored recursive", document, sizer, case, || recursive.chunks(document).collect());
    check_stream("anchored recursive", document, case, &mut recursive.chunks(document), |reader| {
        recursive.chunk_reader(reader).with_segment(case.max)
    });
    let rows = Recursive::new(config()).unwrap().of_rows();
    check("rows", document, sizer, case, || rows.chunks(document).collect());
    check_stream("rows", document, case, &mut rows.chunks(document), |reader| {
        rows.chunk_reader(reader).with_segment(case.max)
    });
    let rows = Recursive::new(config()).unwrap().of_rows().with_context_counted();
    check("rows with their header", document, sizer, case, || rows.chunks(document).collect());
    for chunk in rows.chunks(document).filter_map(Result::ok) {
        let size = sizer.size(&chunk.text_with_context());
        assert!(
            size <= case.max,
            "C3 with a header, {case:?}: {:?} has size {size}",
            chunk.text_with_context()
        );
    }
    #[cfg(feature = "code")]
    {
        // Another language for each document; `code.rs` has all of them.
        let language =
            chunk_strategies::Language::ALL[document.len() % chunk_strategies::Language::ALL.len()];
        let code = chunk_strategies::Code::new(config(), language).unwrap();
        check(language.as_str(), document, sizer, case, || code.chunks(document).collect());
        check_stream(language.as_str(), document, case, &mut code.chunks(document), |reader| {
            code.chunk_reader(reader).with_segment(case.max)
        });
    }
    let records = Recursive::new(config()).unwrap();
    let as_records = || records.chunks_as(DocumentKind::Records, document);
    check("records", document, sizer, case, || as_records().collect());
    check_stream("records", document, case, &mut as_records(), |reader| {
        records.chunk_reader_as(DocumentKind::Records, reader).with_segment(case.max)
    });
    let markdown = Markdown::new(config()).unwrap();
    check("markdown", document, sizer, case, || markdown.chunks(document).collect());
    check_stream("markdown", document, case, &mut markdown.chunks(document), |reader| {
        markdown.chunk_reader(reader).with_segment(case.max)
    });
    let counting = Markdown::new(config()).unwrap().with_context_counted();
    check("markdown with its context", document, sizer, case, || counting.chunks(document).collect());
    for chunk in counting.chunks(document).filter_map(Result::ok) {
        let size = sizer.size(&chunk.text_with_context());
        assert!(
            size <= case.max,
            "C3 with context, {case:?}: {:?} has size {size}",
            chunk.text_with_context()
        );
    }
    let hybrid = Hybrid::new(config()).unwrap().with_embedder(LetterCounts);
    check("hybrid", document, sizer, case, || hybrid.chunks(document).collect());
    let markdown_first = Hybrid::new(config()).unwrap().with_embedder(LetterCounts);
    check("hybrid, as Markdown", document, sizer, case, || {
        markdown_first.chunks_as(DocumentKind::Markdown, document).collect()
    });
    let separated =
        Recursive::new(config()).unwrap().separators(["\n\n", ". ", "\r", "\u{301}", "a"]).unwrap();
    check("recursive by separators", document, sizer, case, || separated.chunks(document).collect());
    check_stream("recursive by separators", document, case, &mut separated.chunks(document), |reader| {
        separated.chunk_reader(reader).with_segment(case.max)
    });
    let recursive = Recursive::new(config()).unwrap();
    let trimming = Recursive::new(config().trimmed()).unwrap();
    check_trimmed("recursive, trimmed", document, sizer, case, &recursive, &trimming);
    check_stream("recursive, trimmed", document, case, &mut trimming.chunks(document), |reader| {
        trimming.chunk_reader(reader).with_segment(case.max)
    });
    let counting_trimmed = Markdown::new(config().trimmed()).unwrap().with_context_counted();
    check_trimmed("markdown, trimmed", document, sizer, case, &counting, &counting_trimmed);
    check_stream("markdown, trimmed", document, case, &mut counting_trimmed.chunks(document), |reader| {
        counting_trimmed.chunk_reader(reader).with_segment(case.max)
    });
    // Another method for each document.
    let method = Breakpoints::NAMES[document.len() % Breakpoints::NAMES.len()];
    let breakpoints = match method {
        "percentile" => Breakpoints::named(method, Some(70.0)),
        "deviation" => Breakpoints::named(method, Some(1.0)),
        _ => method.parse(),
    };
    let semantic = breakpoints
        .and_then(|breakpoints| Semantic::new(config(), LetterCounts).unwrap().with_breakpoints(breakpoints))
        .expect("breakpoints");
    check(&format!("semantic by {method}"), document, sizer, case, || semantic.chunks(document).collect());
    // Levels of its own, the finest as in the case.
    let levels = [case.max * 9, case.max * 3, case.max];
    let finest = ChunkConfig::new(case.max).sizer(sizer).overlap(case.overlap.min(case.max - 2));
    let hierarchical = Hierarchical::new(finest, levels[..2].iter().copied());
    // A unit of which an empty text has almost as much as the case allows.
    let Ok(hierarchical) = hierarchical else { return };
    check_levels(document, sizer, case, &levels, || hierarchical.chunks(document).collect());
    let as_markdown = || hierarchical.chunks_as(DocumentKind::Markdown, document);
    check_levels(document, sizer, case, &levels, || as_markdown().collect());
}

/// Each level is checked as the chunks of one strategy, then how they nest.
pub(crate) fn check_levels<'d, S: ChunkSizer>(
    document: &'d str,
    sizer: &S,
    case: Case,
    levels: &[usize],
    run: impl Fn() -> Result<Vec<Chunk<'d>>, ChunkError>,
) {
    let told = format!("hierarchical, {case:?}, {} bytes {:?}", document.len(), excerpt(document));
    let all = match run() {
        Ok(all) => all,
        Err(error) => {
            assert!(too_large_grapheme(document, sizer, case.max).is_some(), "{told}: {error}");
            return;
        }
    };
    for (level, &max) in levels.iter().enumerate() {
        let case = Case { desired: max, max, ..case };
        let of_level =
            || all.iter().filter(|chunk| chunk.level() == Some(level)).cloned().collect::<Vec<_>>();
        check_tiles(&format!("{told}, level {level}"), document, sizer, case, &of_level());
    }
    for (index, chunk) in all.iter().enumerate() {
        assert_eq!(chunk.index(), index, "{told}: index");
        let Some(parent) = chunk.parent() else {
            assert_eq!(chunk.level(), Some(0), "{told}: chunk {index} has no parent");
            continue;
        };
        let parent = &all[parent];
        assert!(parent.index() < index, "{told}: a chunk comes before those inside it");
        assert_eq!(
            parent.level().map(|level| level + 1),
            chunk.level(),
            "{told}: chunk {index} skips a level"
        );
        let owned =
            |chunk: &Chunk<'_>| chunk.byte_range().start + chunk.overlap_bytes()..chunk.byte_range().end;
        let (inside, around) = (owned(chunk), owned(parent));
        assert!(
            around.start <= inside.start && inside.end <= around.end,
            "{told}: chunk {index} leaves its parent"
        );
    }
    check_repeats(&told, &all, &run().expect("the second run"));
}

pub(crate) fn check<'d, S: ChunkSizer>(
    strategy: &str,
    document: &'d str,
    sizer: &S,
    case: Case,
    run: impl Fn() -> Result<Vec<Chunk<'d>>, ChunkError>,
) {
    let told = format!("{strategy}, {case:?}, {} bytes {:?}", document.len(), excerpt(document));
    let chunks = run();
    if let Some(offset) = too_large_grapheme(document, sizer, case.max) {
        // C3's one exception. A tokenizer may fit a grapheme into a larger chunk and not on its own, so no error is no
        // fault as long as the rest holds.
        if let Err(error) = chunks {
            assert!(
                error.offset().is_some(),
                "{told}: {error}, but the grapheme at byte {offset} is too large"
            );
            return;
        }
    }
    let chunks = chunks.unwrap_or_else(|error| panic!("{told}: {error}"));
    assert!(chunks.iter().enumerate().all(|(i, chunk)| chunk.index() == i), "{told}: index");
    check_tiles(&told, document, sizer, case, &chunks);
    check_repeats(&told, &chunks, &run().expect("the second run"));
}

/// What trimming gives up of C1 is blanks, and it gives up nothing else.
pub(crate) fn check_trimmed<S: ChunkSizer>(
    strategy: &str,
    document: &str,
    sizer: &S,
    case: Case,
    whole: &dyn ChunkStrategy,
    trimmed: &dyn ChunkStrategy,
) {
    let told = format!("{strategy}, {case:?}, {} bytes {:?}", document.len(), excerpt(document));
    let (Ok(whole), Ok(trimmed)) = (
        whole.chunks(document).collect::<Result<Vec<_>, _>>(),
        trimmed.chunks(document).collect::<Result<Vec<_>, _>>(),
    ) else {
        return;
    };
    let is_blank =
        |text: &str| text.chars().all(|c| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'));
    let mut whole = whole.iter();
    let (mut covered, mut place) = (0, Place::default());
    for (i, chunk) in trimmed.iter().enumerate() {
        let bytes = chunk.byte_range();
        assert_eq!(chunk.index(), i, "{told}: index");
        assert_eq!(document.get(bytes.clone()), Some(chunk.text()), "{told}: C2, bytes {bytes:?}");
        let around = whole
            .find(|around| !is_blank(&around.text()[around.overlap_bytes()..]))
            .expect("a chunk around it");
        let (start, end) = (bytes.start - around.byte_range().start, bytes.end - around.byte_range().start);
        assert!(
            is_blank(&around.text()[..start]) && is_blank(&around.text()[end..]),
            "{told}: chunk {i} lost text"
        );
        let owned = bytes.start + chunk.overlap_bytes();
        assert!(
            is_blank(document.get(covered..owned).expect("chunks in order")),
            "{told}: C1, before chunk {i}"
        );
        covered = bytes.end;
        place.advance(document, bytes);
        assert_eq!(chunk.char_range(), place.chars, "{told}: C2, chars of chunk {i}");
        assert_eq!(chunk.line_range(), place.first_line..=place.last_line, "{told}: C2, lines of chunk {i}");
        assert_eq!(chunk.size(), sizer.size(chunk.text()), "{told}: size of chunk {i}");
        assert!(chunk.size() <= case.max, "{told}: C3, chunk {i}");
        assert_eq!(chunk.context(), around.context(), "{told}: context of chunk {i}");
    }
    assert!(is_blank(&document[covered..]), "{told}: C1, the end is missing");
    assert!(whole.all(|rest| is_blank(&rest.text()[rest.overlap_bytes()..])), "{told}: chunks are missing");
}

/// C5: what is read piece by piece is cut as what is in memory, errors included.
pub(crate) fn check_stream<'d, 'c, S: ChunkSizer + 'c>(
    strategy: &str,
    document: &'d str,
    case: Case,
    in_memory: &mut dyn Iterator<Item = Result<Chunk<'d>, ChunkError>>,
    reader: impl Fn(Pieces<'d>) -> ChunkReader<'c, Pieces<'d>, S>,
) {
    let told = format!("{strategy} streamed, {case:?}, {} bytes {:?}", document.len(), excerpt(document));
    let mut reader = reader(Pieces::of(document, 9));
    for expected in in_memory {
        match (reader.next_chunk(), expected) {
            (Some(Ok(found)), Ok(expected)) => assert_eq!(found, expected, "{told}"),
            (Some(Err(found)), Err(expected)) => assert_eq!(found.offset(), expected.offset(), "{told}"),
            (found, expected) => panic!("{told}: {found:?}, and in memory {expected:?}"),
        }
    }
    assert!(reader.next_chunk().is_none(), "{told}: more chunks than in memory");
}

/// C1 to C4 of chunks that tile a document.
fn check_tiles<S: ChunkSizer>(told: &str, document: &str, sizer: &S, case: Case, chunks: &[Chunk<'_>]) {
    let graphemes: HashSet<usize> =
        document.grapheme_indices(true).map(|(at, _)| at).chain([document.len()]).collect();
    let mut covered = 0;
    let mut place = Place::default();
    for (i, chunk) in chunks.iter().enumerate() {
        let bytes = chunk.byte_range();
        assert_eq!(document.get(bytes.clone()), Some(chunk.text()), "{told}: C2, bytes {bytes:?}");
        assert_eq!(
            bytes.start + chunk.overlap_bytes(),
            covered,
            "{told}: C1, chunk {i} owns from another place"
        );
        assert!(bytes.end > covered, "{told}: C1, chunk {i} adds nothing");
        place.advance(document, bytes.clone());
        assert_eq!(chunk.char_range(), place.chars, "{told}: C2, chars of chunk {i}");
        assert_eq!(chunk.line_range(), place.first_line..=place.last_line, "{told}: C2, lines of chunk {i}");
        let size = sizer.size(chunk.text());
        assert_eq!(chunk.size(), size, "{told}: size of chunk {i}");
        assert!(size <= case.max, "{told}: C3, chunk {i} has size {size}");
        assert!(
            graphemes.contains(&bytes.start),
            "{told}: C4, chunk {i} starts inside a grapheme at {bytes:?}"
        );
        assert!(graphemes.contains(&bytes.end), "{told}: C4, chunk {i} ends inside a grapheme at {bytes:?}");
        let overlap = &chunk.text()[..chunk.overlap_bytes()];
        let overlap_size = sizer.size(overlap).saturating_sub(sizer.size(""));
        assert!(overlap_size <= case.overlap, "{told}: chunk {i} repeats {overlap_size}");
        covered = bytes.end;
    }
    assert_eq!(covered, document.len(), "{told}: C1, not all is covered");
}

/// C6 of two runs.
fn check_repeats(told: &str, chunks: &[Chunk<'_>], again: &[Chunk<'_>]) {
    assert_eq!(chunks, again, "{told}: C6, another run differs");
    let (mut ids, mut again) = (ChunkIds::new(), ChunkIds::new());
    let first: Vec<String> = chunks.iter().map(|chunk| ids.assign(chunk)).collect();
    let second: Vec<String> = chunks.iter().map(|chunk| again.assign(chunk)).collect();
    assert_eq!(first, second, "{told}: C6, ids differ");
    assert_eq!(first.iter().collect::<HashSet<_>>().len(), chunks.len(), "{told}: two chunks share an id");
}

/// Where a chunk lies, found the slow way: by counting again from what is known of the chunk before.
#[derive(Default)]
struct Place {
    bytes: std::ops::Range<usize>,
    chars: std::ops::Range<usize>,
    first_line: usize,
    last_line: usize,
}

impl Place {
    fn advance(&mut self, document: &str, bytes: std::ops::Range<usize>) {
        let chars = |span: &str| span.chars().count();
        let lines = |end: usize| document[..end].bytes().filter(|&byte| byte == b'\n').count() + 1;
        let start = if bytes.start >= self.bytes.start {
            self.chars.start + chars(&document[self.bytes.start..bytes.start])
        } else {
            chars(&document[..bytes.start])
        };
        self.chars = start..start + chars(&document[bytes.clone()]);
        self.first_line = lines(bytes.start);
        let last_char = document[..bytes.end].char_indices().next_back().map_or(0, |(at, _)| at);
        self.last_line = lines(last_char);
        self.bytes = bytes;
    }
}

fn too_large_grapheme<S: ChunkSizer>(document: &str, sizer: &S, max: usize) -> Option<usize> {
    let too_large = |grapheme: &str| sizer.size(grapheme) > max || grapheme.len() > sizer.byte_ceiling(max);
    document.grapheme_indices(true).find(|(_, grapheme)| too_large(grapheme)).map(|(at, _)| at)
}

fn excerpt(document: &str) -> String {
    document.chars().take(60).collect()
}
