//! Cuts a file where its meaning turns, with a model on the processor:
//! `cargo run --release -p embed-burn --example semantic_chunks MODEL-FOLDER FILE`.

// An example prints.
#![allow(clippy::print_stdout)]

use std::error::Error;

use chunk_strategies::{Breakpoints, ChunkConfig, Semantic};
use embed_burn::{BurnDevice, BurnEmbedder, DeviceSpec, ModelFolder};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, file] = &arguments[..] else {
        return Err("needs the folder of a model, and a file".into());
    };
    let document = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let model = BurnEmbedder::load(&ModelFolder::open(model)?, &BurnDevice::open(DeviceSpec::Auto)?)?;
    // At most 1,000 characters a chunk, and as few cuts within one subject as that allows.
    let strategy = Semantic::new(ChunkConfig::new(1000), &model)?.with_breakpoints(Breakpoints::Optimal)?;
    for chunk in strategy.chunks(&document) {
        let chunk = chunk?;
        let turn =
            chunk.boundary_score().map_or_else(String::new, |score| format!("  (turns by {score:.2})"));
        println!("--- lines {:?}, {} characters{turn}\n{}", chunk.line_range(), chunk.size(), chunk.text());
    }
    Ok(())
}
