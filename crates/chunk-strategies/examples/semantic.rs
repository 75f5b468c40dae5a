//! Cuts where meaning turns, with a stub in place of a model: `embed-burn`'s `BurnEmbedder` is a real one.

// An example prints.
#![allow(clippy::print_stdout)]

use chunk_strategies::{Breakpoints, ChunkConfig, ChunkError, EmbedFailure, Embedder, Semantic, Vectors};

/// Counts letters, which is enough to tell foxes from banks.
struct Letters;

impl Embedder for Letters {
    fn dim(&self) -> usize {
        26
    }

    fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure> {
        let mut values = Vec::new();
        for text in texts {
            let mut counts = [0.0; 26];
            for byte in text.bytes().filter(u8::is_ascii_alphabetic) {
                counts[usize::from((byte | 0x20) - b'a')] += 1.0;
            }
            values.extend(counts);
        }
        Ok(Vectors::new(26, values)?)
    }
}

fn main() -> Result<(), ChunkError> {
    let document =
        "A fox box. A fox fixes a box. Six foxes mix. Debt needs deeds. Deeds end debt. He lent ten cents.";
    let strategy = Semantic::new(ChunkConfig::new(1000), Letters)?.with_breakpoints(Breakpoints::Optimal)?;
    for chunk in strategy.chunks(document) {
        let chunk = chunk?;
        println!("{:?} {:?}", chunk.boundary_score(), chunk.text());
    }
    Ok(())
}
