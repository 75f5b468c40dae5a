//! What does a model read of a text?
//!
//! `cargo run -p word-piece --example show -- tokenizer.json "Embedding is fun!"`

// An example writes to the terminal.
#![allow(clippy::print_stdout)]

use std::error::Error;

use word_piece::WordPiece;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let words = WordPiece::from_tokenizer_json(&std::fs::read_to_string(
        args.next().ok_or("which tokenizer.json?")?,
    )?)?;
    for text in args {
        println!("{} tokens, {} of them special", words.count(&text), words.special_tokens());
        for token in words.tokens(&text) {
            println!("{:6}  {:?}", token.id, &text[token.byte_range()]);
        }
    }
    Ok(())
}
