//! Sizes in a model's tokens: `cargo run --features tokenizers --example tokens -- tokenizer.json FILE`.

// An example prints.
#![allow(clippy::print_stdout)]

use std::error::Error;

use chunk_strategies::{ChunkConfig, Recursive, Tokens};
use tokenizers::Tokenizer;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(tokenizer), Some(file)) = (args.next(), args.next()) else {
        return Err("usage: tokens TOKENIZER.json FILE".into());
    };
    let tokenizer = Tokenizer::from_file(tokenizer).map_err(|error| error.to_string())?;
    let tokens = Tokens::new(tokenizer)?;
    let strategy = Recursive::new(ChunkConfig::new(256).sizer(&tokens).overlap(32))?;
    let document = std::fs::read_to_string(file)?;
    for chunk in strategy.chunks(&document) {
        let chunk = chunk?;
        println!("{} tokens in {:?}", chunk.size(), chunk.byte_range());
    }
    Ok(())
}
