//! The suite that every strategy passes: C1 lossless, C2 exact, C3 bounded, C4 whole, C6 deterministic.

use std::collections::HashSet;

use chunk_strategies::{
    Capacity, Character, Chunk, ChunkConfig, ChunkError, ChunkIds, ChunkSizer, Recursive, Semantic,
};
use unicode_segmentation::UnicodeSegmentation;

use crate::texts::LetterCounts;

/// How a case is configured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub desired: usize,
    pub max: usize,
    pub overlap: usize,
}

/// Runs every strategy over a document and checks what it gives.
pub(crate) fn every_strategy<S: ChunkSizer>(document: &str, sizer: &S, case: Case) {
    let config = || {
        let capacity = Capacity::new(case.desired, case.max).expect("capacity");
        ChunkConfig::new(capacity, sizer)
            .and_then(|config| config.with_overlap(case.overlap))
            .expect("configuration")
    };
    let character = Character::new(config());
    check("character", document, sizer, case, || character.chunks(document).collect());
    let recursive = Recursive::new(config());
    check("recursive", document, sizer, case, || recursive.chunks(document).collect());
    let semantic = Semantic::new(config(), LetterCounts).with_percentile(70.0).expect("percentile");
    check("semantic", document, sizer, case, || semantic.chunk(document));
}

fn check<'d, S: ChunkSizer>(
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

    let graphemes: HashSet<usize> =
        document.grapheme_indices(true).map(|(at, _)| at).chain([document.len()]).collect();
    let mut covered = 0;
    let mut place = Place::default();
    for (i, chunk) in chunks.iter().enumerate() {
        let bytes = chunk.byte_range();
        assert_eq!(chunk.index(), i, "{told}: index");
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

    let again = run().expect("the second run");
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
    document.grapheme_indices(true).find(|(_, grapheme)| sizer.size(grapheme) > max).map(|(at, _)| at)
}

fn excerpt(document: &str) -> String {
    document.chars().take(60).collect()
}
