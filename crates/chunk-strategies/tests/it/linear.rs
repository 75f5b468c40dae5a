//! C5: what is looked at grows with the document and not faster. Counted in bytes measured, not in time.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use chunk_strategies::{
    Breakpoints, Character, Chars, ChunkConfig, ChunkSizer, EmbedFailure, Embedder, Markdown, Recursive,
    Semantic, SizeIndex, Vectors,
};

/// Chars, counting the bytes it is asked to look at.
#[derive(Default)]
struct Counting(AtomicUsize);

impl Counting {
    fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl ChunkSizer for Counting {
    fn size(&self, text: &str) -> usize {
        self.add(text.len());
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
        self.counting.add(reach - start);
        reach
    }

    fn reach_back(&self, end: usize, size: usize) -> usize {
        let reach = Chars.index(self.text).reach_back(end, size);
        self.counting.add(end - reach);
        reach
    }

    /// Says no, so that the path with verification is the one counted.
    fn is_exact(&self) -> bool {
        false
    }
}

/// Finds everything alike, so that a document is one part and the maximum decides.
struct Alike;

impl Embedder for Alike {
    fn dim(&self) -> usize {
        1
    }

    fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure> {
        Ok(Vectors::new(1, vec![1.0; texts.len()])?)
    }
}

/// Bytes looked at for each byte of the document, and how many may be.
fn looked_at(document: &str) -> [(&'static str, f64, f64); 7] {
    let config = || ChunkConfig::new(1000).sizer(Counting::default()).overlap(100);
    let (character, recursive) = (Character::new(config()).unwrap(), Recursive::new(config()).unwrap());
    assert!(character.chunks(document).all(|chunk| chunk.is_ok()));
    assert!(recursive.chunks(document).all(|chunk| chunk.is_ok()));
    let markdown = Markdown::new(config()).unwrap();
    assert!(markdown.chunks(document).all(|chunk| chunk.is_ok()));
    let semantic =
        |breakpoints| Semantic::new(config(), Alike).unwrap().with_breakpoints(breakpoints).unwrap();
    let (deviation, optimal) = (semantic(Breakpoints::Deviation { factor: 3.0 }), semantic(Breakpoints::default()));
    assert!(deviation.chunks(document).all(|chunk| chunk.is_ok()));
    assert!(optimal.chunks(document).all(|chunk| chunk.is_ok()));
    let anchored =
        (Character::new(config()).unwrap().anchored(), Recursive::new(config()).unwrap().anchored());
    assert!(anchored.0.chunks(document).all(|chunk| chunk.is_ok()));
    assert!(anchored.1.chunks(document).all(|chunk| chunk.is_ok()));
    [
        ("character", character.config(), 8.0),
        ("recursive", recursive.config(), 8.0),
        ("markdown", markdown.config(), 8.0),
        ("anchored character", anchored.0.config(), 8.0),
        ("anchored recursive", anchored.1.config(), 8.0),
        // Each sentence is measured, and what is left of a part at each chunk, up to twice the maximum.
        ("semantic by deviation", deviation.config(), 16.0),
        ("semantic by optimum", optimal.config(), 16.0),
    ]
    .map(|(strategy, config, most)| (strategy, config.sizer.get() as f64 / document.len() as f64, most))
}

#[test]
fn c5_linear() {
    type Text = (&'static str, fn(usize) -> String);
    let texts: [Text; 13] = [
        ("one line", |n| "word ".repeat(n / 5)),
        ("no blanks", |n| "a".repeat(n)),
        ("blank lines", |n| "\n".repeat(n)),
        ("brackets", |n| "[".repeat(n)),
        ("flags", |n| "🇩🇪".repeat(n / 8)),
        ("CJK", |n| "漢字。".repeat(n / 9)),
        ("prose", |n| "One sentence here, with a clause; and more. Another one.\n\n".repeat(n / 58)),
        ("headings", |n| "# a\n".repeat(n / 4)),
        ("sections", |n| "# Heading\n\n## Another\n\nOne paragraph.\n\n- item\n- item\n\n".repeat(n / 58)),
        ("one quote", |n| "> # a\n> b\n".repeat(n / 10)),
        ("one list", |n| "- item\n  - inner\n    - innermost\n".repeat(n / 33)),
        ("one table", |n| format!("| a | b |\n|---|---|\n{}", "| some | more |\n".repeat(n / 16))),
        ("one fence", |n| format!("```\n{}", "let it = be;\n\n".repeat(n / 14))),
    ];
    for (name, text) in texts {
        let [small, large] = [50_000, 1_600_000].map(|bytes| looked_at(&text(bytes)));
        for ((strategy, small, _), (_, large, most)) in small.into_iter().zip(large) {
            assert!(
                large <= small * 1.2 && large < most,
                "{strategy}, {name}: {small:.2} bytes looked at a byte in 50 kB, {large:.2} in 1.6 MB"
            );
        }
    }
}

/// What is judged inside one block must not cost the maximum each time.
#[test]
fn c5_linear_in_the_maximum() {
    let document = "> # a\n> b\n".repeat(50_000);
    let looked_at = |size| {
        let markdown = Markdown::new(ChunkConfig::new(size).sizer(Counting::default())).unwrap();
        assert!(markdown.chunks(&document).all(|chunk| chunk.is_ok()));
        markdown.config().sizer.get() as f64 / document.len() as f64
    };
    let (small, large) = (looked_at(1000), looked_at(100_000));
    assert!(large < 8.0, "{small:.2} bytes looked at a byte at size 1,000, {large:.2} at 100,000");
}

/// One line of 100 MB: run whole under `cargo xtask test --full`, at 4 MB otherwise.
#[test]
fn c5_one_long_line() {
    let bytes = if std::env::var_os("SEMANTIK_TEST_FULL").is_some() { 100_000_000 } else { 4_000_000 };
    let document = "word ".repeat(bytes / 5);
    let config = || ChunkConfig::new(1000);
    let owned = |bytes: Vec<Range<usize>>| bytes.iter().map(Range::len).sum::<usize>();
    let (character, recursive) = (Character::new(config()).unwrap(), Recursive::new(config()).unwrap());
    let markdown = Markdown::new(config()).unwrap();
    assert_eq!(owned(markdown.chunks(&document).map(|c| c.unwrap().byte_range()).collect()), document.len());
    assert_eq!(owned(character.chunks(&document).map(|c| c.unwrap().byte_range()).collect()), document.len());
    assert_eq!(owned(recursive.chunks(&document).map(|c| c.unwrap().byte_range()).collect()), document.len());
}

/// Of source code, parsed (up to 1 MiB) and not.
#[cfg(feature = "code")]
#[test]
fn c5_linear_in_source_code() {
    use chunk_strategies::{Code, Language};
    type Text = (&'static str, Language, fn(usize) -> String);
    let texts: [Text; 6] = [
        ("functions", Language::Rust, |n| {
            "/// Adds.\nfn add(a: u8) -> u8 {\n    a + 1\n}\n\n".repeat(n / 47)
        }),
        ("one function", Language::C, |n| format!("int f(void) {{\n{}}}\n", "    g(1, 2);\n".repeat(n / 13))),
        ("one list", Language::Python, |n| format!("x = [\n{}]\n", "    'an element',\n".repeat(n / 18))),
        ("one line", Language::JavaScript, |n| "if(!a)b(c,{d:1});".repeat(n / 17)),
        ("comments", Language::Go, |n| format!("package a\n{}", "// A comment.\n".repeat(n / 14))),
        ("nothing", Language::Java, |n| "?!( ".repeat(n / 4)),
    ];
    for (name, language, text) in texts {
        let looked_at = |bytes: usize| {
            let document = text(bytes);
            let config = ChunkConfig::new(1000).sizer(Counting::default()).overlap(100);
            let code = Code::new(config, language).unwrap();
            assert!(code.chunks(&document).all(|chunk| chunk.is_ok()));
            code.config().sizer.0.load(Ordering::Relaxed) as f64 / document.len() as f64
        };
        for (small, large) in [(50_000, 800_000), (50_000, 1_600_000)] {
            let (few, many) = (looked_at(small), looked_at(large));
            assert!(
                many <= few.max(4.0) * 1.2 && many < 8.0,
                "{name}: {few:.2} bytes looked at a byte in {small}, {many:.2} in {large}"
            );
        }
    }
}
