//! The picture in the crate's documentation is what the strategies do.

use chunk_strategies::{
    Breakpoints, Character, Chunk, ChunkConfig, ChunkError, EmbedFailure, Embedder, Hierarchical, Hybrid,
    Markdown, Recursive, Semantic, Vectors,
};

const PAGE: &str = "\
# Foxes

Foxes are quick and hunt mice at night. Cubs stay
in the den until May.

## Dens

- dug in spring
- left in autumn

A card has memory. Its pages are few, and a pool
keeps what it once had. Fragments remain.
";

/// Knows animals from computers.
struct Topics;

impl Embedder for Topics {
    fn dim(&self) -> usize {
        2
    }

    fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure> {
        let of =
            |text: &str, words: &[&str]| words.iter().filter(|word| text.contains(**word)).count() as f32;
        let vector = |text: &&str| {
            [
                0.1 + of(text, &["Fox", "mice", "Cubs", "den", "Dens", "dug", "left"]),
                0.1 + of(text, &["card", "memory", "pages", "pool", "keeps", "Fragments"]),
            ]
        };
        Ok(Vectors::new(2, texts.iter().flat_map(vector).collect())?)
    }
}

/// The chunks of each line, as letters.
fn column<'d>(chunks: impl Iterator<Item = Result<Chunk<'d>, ChunkError>>) -> Vec<String> {
    let chunks: Vec<Chunk<'_>> = chunks.collect::<Result<_, _>>().unwrap();
    let mut at = 0;
    PAGE.split_inclusive('\n')
        .map(|line| {
            let bytes = at..at + line.len();
            at = bytes.end;
            // One letter a chunk; the levels of a hierarchy have small letters below large ones.
            let mut counts = [0_u8; 2];
            let mut shown: [String; 2] = Default::default();
            for chunk in &chunks {
                let level = chunk.level().unwrap_or(0);
                let first = if level == 0 { b'A' } else { b'a' };
                let letter = char::from(first + counts[level]);
                counts[level] += 1;
                let range = chunk.byte_range();
                if range.start < bytes.end && bytes.start < range.end {
                    if !shown[level].is_empty() {
                        shown[level].push('|');
                    }
                    shown[level].push(letter);
                }
            }
            shown.join(" ").trim_end().to_owned()
        })
        .collect()
}

fn picture() -> String {
    let config = || ChunkConfig::new(90);
    let large = ChunkConfig::new(400);
    let semantic = Semantic::new(large, Topics)
        .unwrap()
        .with_buffer(0)
        .with_breakpoints(Breakpoints::Percentile { percentile: 95.0 })
        .unwrap();
    let character = Character::new(config()).unwrap();
    let recursive = Recursive::new(config()).unwrap();
    let markdown = Markdown::new(config()).unwrap();
    let hierarchical = Hierarchical::new(config(), [180]).unwrap();
    let hybrid = Hybrid::new(config()).unwrap();
    let columns = [
        ("character", column(character.chunks(PAGE))),
        ("recursive", column(recursive.chunks(PAGE))),
        ("markdown", column(markdown.chunks(PAGE))),
        ("semantic", column(semantic.chunks(PAGE))),
        ("hierarchical", column(hierarchical.chunks(PAGE))),
        ("hybrid", column(hybrid.chunks(PAGE))),
    ];
    let mut picture = format!("{:51}", "");
    for (name, _) in &columns {
        picture += &format!("{name:13}");
    }
    for (number, line) in PAGE.lines().enumerate() {
        picture = format!("{}\n{line:51}", picture.trim_end());
        for (_, column) in &columns {
            picture += &format!("{:13}", column[number]);
        }
    }
    picture.trim_end().to_owned() + "\n"
}

#[test]
fn the_picture_is_what_happens() {
    let documented = include_str!("../../docs/picture.txt");
    let found = picture();
    assert!(documented == found, "docs/picture.txt should be:\n{found}");
}
