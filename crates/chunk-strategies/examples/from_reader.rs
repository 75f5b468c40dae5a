//! A file of any length in bounded memory: `cargo run --example from_reader -- FILE`.

// An example prints.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fs::File;
use std::io::BufReader;

use chunk_strategies::{ChunkConfig, Recursive};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "README.md".to_owned());
    let strategy = Recursive::new(ChunkConfig::new(1000).overlap(100))?;
    let mut chunks = strategy.chunk_reader(BufReader::new(File::open(path)?));
    // A chunk lives until the next is asked for, so this is no `for`.
    while let Some(chunk) = chunks.next_chunk() {
        let chunk = chunk?;
        println!("{:?}, lines {:?}: {} characters", chunk.byte_range(), chunk.line_range(), chunk.size());
    }
    Ok(())
}
