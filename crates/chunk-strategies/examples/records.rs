//! Chunks as JSON lines: `cargo run --features serde --example records`.

// An example prints.
#![allow(clippy::print_stdout)]

use std::error::Error;

use chunk_strategies::{ChunkConfig, ChunkIds, Hierarchical, OwnedChunk};

fn main() -> Result<(), Box<dyn Error>> {
    let document = "One line.\nAnother.\n\nA paragraph.";
    let strategy = Hierarchical::new(ChunkConfig::new(12), [24])?;
    let mut ids = ChunkIds::new();
    for chunk in strategy.chunks(document) {
        let line = serde_json::to_string(&ids.own(&chunk?))?;
        let read: OwnedChunk = serde_json::from_str(&line)?;
        println!("{line}\n{:?} in {:?}", read.text, read.parent);
    }
    Ok(())
}
