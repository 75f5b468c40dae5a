//! How fast is this, beside the `tokenizers` crate, on texts of your own?
//!
//! `cargo run --release -p word-piece --example beside -- tokenizer.json TEXT…`
//!
//! Each text is cut into pieces of 1,200 bytes, about what a model reads at once, and all of them are encoded for a second
//! and more, a round of the one after a round of the other; of each the best round counts.

// An example writes to the terminal.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use tokenizers::Tokenizer;
use word_piece::WordPiece;

const PIECE: usize = 1_200;
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut args = std::env::args().skip(1);
    let json = fs::read_to_string(args.next().ok_or("which tokenizer.json?")?)?;
    let words = WordPiece::from_tokenizer_json(&json)?;
    let mut tokenizer: Tokenizer = json.parse()?;
    tokenizer.with_padding(None).with_truncation(None)?;
    println!("{:24} {:>14} {:>14} {:>14} {:>14}", "tokens/s", "counted", "ids", "with offsets", "tokenizers");
    for path in args {
        let text = fs::read_to_string(&path)?;
        let pieces: Vec<&str> = pieces(&text).collect();
        let mut ids = Vec::new();
        let mut best = [Duration::MAX; 4];
        let mut tokens = [0; 4];
        for _ in 0..ROUNDS {
            let mut round = |at: usize, work: &mut dyn FnMut(&str) -> usize| {
                let start = Instant::now();
                tokens[at] = pieces.iter().map(|piece| work(black_box(piece))).sum::<usize>();
                best[at] = best[at].min(start.elapsed());
            };
            round(0, &mut |piece| words.count(piece));
            round(1, &mut |piece| {
                ids.clear();
                words.encode_into(piece, &mut ids);
                ids.len()
            });
            round(2, &mut |piece| words.encode(piece).len());
            round(3, &mut |piece| tokenizer.encode_fast(piece, true).map_or(0, |encoding| encoding.len()));
        }
        assert!(tokens.iter().all(|&count| count == tokens[0]), "the two disagree about {path}: {tokens:?}");
        let speed = |at: usize| tokens[at] as f64 / best[at].as_secs_f64();
        let name = path.rsplit('/').next().unwrap_or(&path);
        println!("{name:24} {:14.0} {:14.0} {:14.0} {:14.0}", speed(0), speed(1), speed(2), speed(3));
        println!(
            "{:24} {:13.1}× {:13.1}× {:13.1}×  {:.0} MB/s of ids",
            "",
            speed(0) / speed(3),
            speed(1) / speed(3),
            speed(2) / speed(3),
            text.len() as f64 / best[1].as_secs_f64() / 1e6
        );
    }
    Ok(())
}

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, behind) = rest.split_at(rest.floor_char_boundary(PIECE));
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}
