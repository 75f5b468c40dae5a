//! The chunks of every strategy.

use std::ops::Range;

use super::super::super::Tokens;
use crate::{
    Character, Chunk, ChunkConfig, ChunkError, EmbedFailure, Embedder, Hierarchical, Hybrid, Markdown,
    Recursive, Semantic, Vectors,
};

/// Of every strategy, the chunks.
pub(super) fn chunks(tokens: &Tokens, text: &str, size: usize) -> Vec<Vec<(Range<usize>, Option<usize>)>> {
    let config = || ChunkConfig::new(size).sizer(tokens).overlap(size / 5);
    let ranges = |chunks: Result<Vec<Chunk<'_>>, ChunkError>| {
        // A grapheme that is too large is an error, with both.
        chunks.map_or_else(
            |_| Vec::new(),
            |chunks| chunks.iter().map(|chunk| (chunk.byte_range(), chunk.level())).collect(),
        )
    };
    let levels = Hierarchical::new(config(), [size * 9, size * 3]).unwrap();
    vec![
        ranges(Character::new(config()).unwrap().chunks(text).collect()),
        ranges(Character::new(config()).unwrap().anchored().chunks(text).collect()),
        ranges(Recursive::new(config()).unwrap().chunks(text).collect()),
        ranges(Recursive::new(config()).unwrap().anchored().chunks(text).collect()),
        ranges(Markdown::new(config()).unwrap().chunks(text).collect()),
        ranges(Markdown::new(config()).unwrap().with_context_counted().chunks(text).collect()),
        ranges(Hybrid::new(config()).unwrap().chunks(text).collect()),
        ranges(Semantic::new(config(), Lengths).unwrap().chunks(text).collect()),
        ranges(levels.chunks(text).collect()),
    ]
}

/// Vectors that differ where texts differ.
struct Lengths;

impl Embedder for Lengths {
    fn dim(&self) -> usize {
        2
    }

    fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure> {
        let values = texts.iter().flat_map(|text| [text.len() as f32, (text.len() % 7) as f32]);
        Ok(Vectors::new(2, values.collect())?)
    }
}
