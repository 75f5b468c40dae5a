//! C5: what is looked at grows with the document and not faster. Counted in bytes measured, not in time.

use std::cell::Cell;
use std::ops::Range;

use chunk_strategies::{Capacity, Character, Chars, ChunkConfig, ChunkSizer, Recursive, SizeIndex};

/// Chars, counting the bytes it is asked to look at.
#[derive(Default)]
struct Counting(Cell<usize>);

impl ChunkSizer for Counting {
    fn size(&self, text: &str) -> usize {
        self.0.set(self.0.get() + text.len());
        Chars.size(text)
    }

    fn index<'a>(&'a self, text: &'a str) -> Box<dyn SizeIndex + 'a> {
        Box::new(CountingIndex { counting: self, text })
    }
}

struct CountingIndex<'a> {
    counting: &'a Counting,
    text: &'a str,
}

impl SizeIndex for CountingIndex<'_> {
    fn size(&self, span: Range<usize>) -> usize {
        self.counting.size(&self.text[span])
    }

    fn reach(&self, start: usize, size: usize) -> usize {
        let reach = Chars.index(self.text).reach(start, size);
        self.counting.0.set(self.counting.0.get() + reach - start);
        reach
    }

    fn reach_back(&self, end: usize, size: usize) -> usize {
        let reach = Chars.index(self.text).reach_back(end, size);
        self.counting.0.set(self.counting.0.get() + end - reach);
        reach
    }

    /// Says no, so that the path with verification is the one counted.
    fn is_exact(&self) -> bool {
        false
    }
}

fn looked_at(document: &str) -> [f64; 2] {
    let config = || {
        let config = ChunkConfig::new(Capacity::new(1000, 1000).unwrap(), Counting::default()).unwrap();
        config.with_overlap(100).unwrap()
    };
    let (character, recursive) = (Character::new(config()), Recursive::new(config()));
    assert!(character.chunks(document).all(|chunk| chunk.is_ok()));
    assert!(recursive.chunks(document).all(|chunk| chunk.is_ok()));
    [character.config().sizer().0.get(), recursive.config().sizer().0.get()]
        .map(|bytes| bytes as f64 / document.len() as f64)
}

#[test]
fn c5_linear() {
    type Text = (&'static str, fn(usize) -> String);
    let texts: [Text; 7] = [
        ("one line", |n| "word ".repeat(n / 5)),
        ("no blanks", |n| "a".repeat(n)),
        ("blank lines", |n| "\n".repeat(n)),
        ("brackets", |n| "[".repeat(n)),
        ("flags", |n| "🇩🇪".repeat(n / 8)),
        ("CJK", |n| "漢字。".repeat(n / 9)),
        ("prose", |n| "One sentence here, with a clause; and more. Another one.\n\n".repeat(n / 58)),
    ];
    for (name, text) in texts {
        let [small, large] = [50_000, 1_600_000].map(|bytes| looked_at(&text(bytes)));
        for (strategy, small, large) in [("character", small[0], large[0]), ("recursive", small[1], large[1])]
        {
            assert!(
                large <= small * 1.2 && large < 8.0,
                "{strategy}, {name}: {small:.2} bytes looked at a byte in 50 kB, {large:.2} in 1.6 MB"
            );
        }
    }
}

/// One line of 100 MB: run whole under `cargo xtask test --full`, at 4 MB otherwise.
#[test]
fn c5_one_long_line() {
    let bytes = if std::env::var_os("SEMANTIK_TEST_FULL").is_some() { 100_000_000 } else { 4_000_000 };
    let document = "word ".repeat(bytes / 5);
    let config = || ChunkConfig::new(Capacity::new(1000, 1000).unwrap(), Chars).unwrap();
    let owned = |bytes: Vec<Range<usize>>| bytes.iter().map(Range::len).sum::<usize>();
    let (character, recursive) = (Character::new(config()), Recursive::new(config()));
    assert_eq!(owned(character.chunks(&document).map(|c| c.unwrap().byte_range()).collect()), document.len());
    assert_eq!(owned(recursive.chunks(&document).map(|c| c.unwrap().byte_range()).collect()), document.len());
}
